"""Names for things: ids that sort by age, secrets, token texts and slugs."""

import hashlib
import re
import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime

from lib import clock

# Crockford's base 32, lower case: no i, l, o, u, so that an id survives being read aloud.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
ID_LENGTH = 20
ID_PATTERN = re.compile(f"[{ALPHABET}]{{{ID_LENGTH}}}")
RANDOM_BITS = 52

SLUG_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
# Words that stand where a slug may stand in a URL, or that people take for something else.
RESERVED_SLUGS = frozenset(
    "admin all any api archive bulk default delete edit gantry hooks me members new none null "
    "runs self settings static system variables".split()
)

TOKEN_PREFIX = "gty"  # noqa: S105 - the public beginning that secret scanners look for.
TOKEN_PATTERN = re.compile(rf"gty_([a-z]+)_([{ALPHABET}]{{{ID_LENGTH}}})_([A-Za-z0-9_-]{{22,}})")


class _Sequence:
    """The last id given out, so that the next one is greater.

    It begins anew with another clock: a test that looked into the future leaves no trace.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0
        self._clock: clock.Source | None = None

    def next(self, candidate: int) -> int:
        """`candidate`, or the successor of the last number when that is not smaller."""
        with self._lock:
            if clock.source() is not self._clock:
                self._clock, self._last = clock.source(), 0
            self._last = max(candidate, self._last + 1)
            return self._last


_sequence = _Sequence()


def new_id() -> str:
    """A new id: 20 characters, of which the time in milliseconds comes first, then 52 random bits.

    Ids of one process are strictly increasing, also within a millisecond and when the machine's
    clock is set back.
    """
    milliseconds = int(clock.now().timestamp() * 1000)
    return _encode(_sequence.next(milliseconds << RANDOM_BITS | secrets.randbits(RANDOM_BITS)))


def floor(at: datetime) -> str:
    """The smallest id that could be given out at this instant: for “all since then”."""
    milliseconds = max(0, int(at.timestamp() * 1000))
    return _encode(milliseconds << RANDOM_BITS)


def is_id(text: str) -> bool:
    """Whether `text` has the form of an id."""
    return ID_PATTERN.fullmatch(text) is not None


def new_secret(nbytes: int = 32) -> str:
    """Unguessable text of `nbytes` random bytes, in the URL-safe base 64 without padding."""
    return secrets.token_urlsafe(nbytes)


@dataclass(frozen=True)
class Token:
    """The parts of a token's text `gty_<type>_<id>_<secret>`."""

    type: str
    id: str
    secret: str = field(repr=False)

    @property
    def text(self) -> str:
        """The whole token, as its owner is shown it once."""
        return f"{TOKEN_PREFIX}_{self.type}_{self.id}_{self.secret}"


def make_token(token_type: str) -> Token:
    """A new token; `token_type` is a lower-case word that says who holds it.

    Raises:
        ValueError: when `token_type` is anything but lower-case letters.
    """
    if not re.fullmatch("[a-z]+", token_type):
        raise ValueError("The type of a token is a lower-case word.")
    return Token(type=token_type, id=new_id(), secret=new_secret())


def parse_token(text: str) -> Token | None:
    """The parts of `text`, or None when it has not the form of a token."""
    match = TOKEN_PATTERN.fullmatch(text)
    return Token(*match.groups()) if match else None


def token_hash(text: str) -> str:
    """What is kept of a token: SHA-256 of its whole text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def slug_problem(text: str) -> str | None:
    """Why `text` cannot be a slug, as a sentence, or None when it can."""
    if not SLUG_PATTERN.fullmatch(text):
        return (
            "A name has 1 to 63 lower-case letters, digits and hyphens, "
            "and begins with a letter or a digit."
        )
    if text in RESERVED_SLUGS:
        return f"The name “{text}” is reserved; choose another."
    return None


def _encode(number: int) -> str:
    """`number` in ID_LENGTH digits of ALPHABET, the most significant first."""
    return "".join(ALPHABET[number >> shift & 31] for shift in range(5 * ID_LENGTH - 5, -1, -5))

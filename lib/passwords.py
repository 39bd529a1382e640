"""Passwords: Argon2id, with a bound on how many are hashed at once.

Each hash takes `memory_kib` of memory for a moment, so a burst of sign-ins must queue, not add up.
"""

import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
LONGEST = 256
_WORDS = "abcdefghjkmnpqrstuvwxyz23456789"


class Hasher:
    """Hashes and checks passwords; tests make a cheap one."""

    def __init__(self, *, time_cost: int = 3, memory_kib: int = 65_536, at_once: int = 2) -> None:
        self._argon2 = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self._slots = threading.BoundedSemaphore(at_once)
        self._decoy: str | None = None

    def hash(self, password: str) -> str:
        """What is kept of a password."""
        with self._slots:
            return self._argon2.hash(password)

    def verify(self, kept: str | None, password: str) -> bool:
        """Whether `password` is the one that was kept.

        Without a kept hash the same work is done and the answer is no, so that the time taken
        does not tell whether there is such an account.
        """
        if self._decoy is None:
            self._decoy = self.hash(secrets.token_hex(16))
        with self._slots:
            try:
                self._argon2.verify(kept or self._decoy, password)
            except (VerificationError, InvalidHashError):
                return False
        return kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._argon2.check_needs_rehash(kept)


def problem(password: str) -> str | None:
    """Why this cannot be a password, as a sentence, or None when it can."""
    if len(password) < SHORTEST:
        return f"A password has {SHORTEST} characters or more."
    if len(password) > LONGEST:
        return f"A password has at most {LONGEST} characters."
    return None


def generate() -> str:
    """A new password that can be typed: four groups of five, without look-alikes (98 bits)."""
    groups = ("".join(secrets.choice(_WORDS) for _ in range(5)) for _ in range(4))
    return "-".join(groups)

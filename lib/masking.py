"""Known secrets taken out of bytes as they stream by.

What a masker gives out does not depend on how its input was cut: it is what one pass over all the
bytes would give, where at each place the longest form of any secret wins.
"""

import base64
import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

MASK = b"[secret]"
MIN_SECRET_LENGTH = 6

# Widths at which `base64` and `openssl base64` break their lines.
_BASE64_LINE_WIDTHS = (64, 76)


def can_mask(secret: str | bytes) -> bool:
    """Whether `secret` is long enough to be masked; shorter ones would mask ordinary words."""
    text = secret.decode("utf-8", "replace") if isinstance(secret, bytes) else secret
    return len(text.strip()) >= MIN_SECRET_LENGTH


class Masker:
    """Replaces every known secret in a stream of bytes by MASK."""

    def __init__(self, secrets: Iterable[str | bytes]) -> None:
        forms = {form for secret in secrets for form in _forms(secret)}
        self._forms = sorted(forms)
        self._longest = max(map(len, forms), default=0)
        starts = b"".join(re.escape(bytes([byte])) for byte in sorted({f[0] for f in forms}))
        self._starts = re.compile(b"[" + starts + b"]" if starts else b"(?!)")
        self._held = b""

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; return those that are settled.

        Only an end that could be the beginning of a secret is held back.
        """
        if not self._forms:
            return chunk
        masked, self._held = self._mask(self._held + chunk, is_last=False)
        return masked

    def finish(self) -> bytes:
        """Return what was held back, now that nothing more will come; the masker is fresh again."""
        masked, self._held = self._mask(self._held, is_last=True)
        return masked

    def mask(self, data: bytes) -> bytes:
        """`data` masked by itself, without touching the stream."""
        return self._mask(data, is_last=True)[0]

    def mask_text(self, text: str) -> str:
        """`text` masked by itself, without touching the stream."""
        return self.mask(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")

    def mask_value(self, value: Any) -> Any:
        """A JSON value with each text and number in it masked, keys included."""
        if not self._forms:
            return value
        if isinstance(value, str):
            return self.mask_text(value)
        if isinstance(value, dict):
            return {self.mask_text(str(key)): self.mask_value(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.mask_value(item) for item in value]
        text = json.dumps(value)
        masked = self.mask_text(text)
        return value if masked == text else masked

    def _mask(self, data: bytes, *, is_last: bool) -> tuple[bytes, bytes]:
        """The masked beginning of `data`, and the end that must wait for more."""
        pattern = self._pattern_in(data)
        pieces: list[bytes] = []
        position, open_from = 0, len(data) if is_last else self._open_from(data, 0)
        while match := pattern and pattern.search(data, position):
            if match.start() >= open_from:
                break
            pieces += (data[position : match.start()], MASK)
            position = match.end()
            if position > open_from:
                open_from = len(data) if is_last else self._open_from(data, position)
        pieces.append(data[position:open_from])
        return b"".join(pieces), data[open_from:]

    def _pattern_in(self, data: bytes) -> re.Pattern[bytes] | None:
        """An expression for the forms that `data` has: looking for each is faster than for all."""
        present = [form for form in self._forms if form in data]
        present.sort(key=len, reverse=True)
        return re.compile(b"|".join(map(re.escape, present))) if present else None

    def _open_from(self, data: bytes, position: int) -> int:
        """Where the longest end of `data` after `position` starts that may yet become a secret."""
        earliest = max(position, len(data) - self._longest + 1)
        for match in self._starts.finditer(data, earliest):
            if self._is_beginning(data[match.start() :]):
                return match.start()
        return len(data)

    def _is_beginning(self, piece: bytes) -> bool:
        """Whether some form is longer than `piece` and begins with it."""
        at = bisect_left(self._forms, piece)
        if at < len(self._forms) and self._forms[at] == piece:
            at += 1
        return at < len(self._forms) and self._forms[at].startswith(piece)


def _forms(secret: str | bytes) -> Iterator[bytes]:
    """Every way of writing `secret` that is looked for."""
    whole = secret.encode("utf-8", "surrogateescape") if isinstance(secret, str) else secret
    parts = {whole, whole.strip(), *(line.strip() for line in whole.splitlines())}
    for part in parts:
        if can_mask(part):
            yield part
            yield from _escaped(part)
    for part in {whole, whole.strip()}:
        if can_mask(part):
            yield from _base64(part)


def _escaped(part: bytes) -> Iterator[bytes]:
    """`part` inside JSON (as Python and as Go write it), inside HCL, and inside a URL."""
    text = part.decode("utf-8", "surrogateescape")
    for ensure_ascii in (False, True):
        escaped = json.dumps(text, ensure_ascii=ensure_ascii)[1:-1]
        yield escaped.encode("utf-8", "surrogateescape")
        go = escaped
        for character in "<>&":
            go = go.replace(character, f"\\u{ord(character):04x}")
        yield go.encode("utf-8", "surrogateescape")
        hcl = escaped.replace("${", "$${").replace("%{", "%%{")
        yield hcl.encode("utf-8", "surrogateescape")
    yield quote(part, safe="").encode()
    yield quote(part).encode()


def _base64(part: bytes) -> Iterator[bytes]:
    """`part` in base 64, alone or in the middle of something longer, standard and URL-safe."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        alone = encode(part)
        yield alone
        yield alone.rstrip(b"=")
        for width in _BASE64_LINE_WIDTHS:
            lines = [alone[at : at + width] for at in range(0, len(alone), width)]
            yield from (line for line in lines[:-1] if len(lines) > 1)
            if len(lines) > 1 and len(lines[-1]) >= MIN_SECRET_LENGTH:
                yield lines[-1]
        for before in range(3):
            # Characters that also hold bits of a neighbouring byte vary with it, and stay.
            first = (before * 8 + 5) // 6
            last = (before + len(part)) * 8 // 6
            core = encode(bytes(before) + part)[first:last]
            if len(core) >= MIN_SECRET_LENGTH:
                yield core

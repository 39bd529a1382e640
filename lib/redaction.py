"""Texts without what opens doors: tokens, passwords in addresses, authorization headers.

For the log, where nothing of this may stand by accident. What a run writes is masked elsewhere, by
the values it was given (`lib.masking`); here the form of a text is all there is to go by.
"""

import re
from typing import Any

HIDDEN = "(secret)"
SECRET_NAMES = ("password", "secret", "token", "authorization", "cookie")
HARMLESS_NAMES = frozenset({"token_id"})
DEEPEST = 6

_PATTERNS = (
    # Our own tokens: type and id stay, so that the token can be found and revoked.
    (re.compile(r"\b(gty_[a-z]+_[0-9a-z]{20})_[\w-]{22,}"), rf"\1_{HIDDEN}"),
    (re.compile(r"\bgty_(?![a-z]+_[0-9a-z]{20}_\()[\w-]{28,}"), f"gty_{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic) +(?=\S*[\d_=])[\w.~+/=-]{12,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"), HIDDEN),
    (re.compile(r"\b(gh[pousr]_|github_pat_|glpat-|xox[abprs]-)[\w-]{10,}"), rf"\1{HIDDEN}"),
    (re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"), rf"\1{HIDDEN}"),
    (re.compile(r"-----BEGIN [A-Z ]*KEY-----.*?(-----END [A-Z ]*-----|\Z)", re.DOTALL), HIDDEN),
)


def text(said: str) -> str:
    """The same without what looks like a secret."""
    for pattern, instead in _PATTERNS:
        said = pattern.sub(instead, said)
    return said


def value(name: str, given: Any, *, depth: int = 0) -> Any:
    """A value of a log line without secrets: hidden by its name, cleaned by its form."""
    if is_secret_name(name):
        return HIDDEN
    if given is None or isinstance(given, bool | int | float):
        return given
    if isinstance(given, dict) and depth < DEEPEST:
        return {key: value(str(key), part, depth=depth + 1) for key, part in given.items()}
    if isinstance(given, list | tuple) and depth < DEEPEST:
        return [value("", part, depth=depth + 1) for part in given]
    return text(given.decode(errors="replace") if isinstance(given, bytes) else str(given))


def is_secret_name(name: str) -> bool:
    """Whether what is called so is not to be shown."""
    lower = name.lower()
    return lower not in HARMLESS_NAMES and any(word in lower for word in SECRET_NAMES)

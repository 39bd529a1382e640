"""How much a plan changes, in signs or in words."""

from collections.abc import Mapping
from typing import Any

WORDS = (
    ("add", "to add"),
    ("change", "to change"),
    ("destroy", "to destroy"),
    ("replace", "to replace"),
    ("import", "to import"),
    ("move", "to move"),
    ("forget", "to forget"),
    ("outputs", "outputs to change"),
)
ALWAYS = frozenset({"add", "change", "destroy"})


def counts(changes: Mapping[str, Any] | None, *, whole: bool = False) -> str:
    """How much a plan changes: `+2 ~1 -0`, or in words when the `whole` is wanted."""
    if changes is None:
        return ""
    if whole:
        said = [
            f"{changes.get(name) or 0:,} {words}"
            for name, words in WORDS
            if name in ALWAYS or changes.get(name)
        ]
        return ", ".join(said) + "."
    signs = (("add", "+"), ("change", "~"), ("destroy", "-"), ("replace", "±"))
    return " ".join(f"{sign}{changes[name]}" for name, sign in signs if changes.get(name)) or "none"

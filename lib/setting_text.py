"""How the text of a setting is read: one function per kind of value, and one row of a table."""

from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from typing import Any


def setting(
    default: Any,
    parse: Callable[[str], Any],
    help_text: str,
    *,
    secret: bool = False,
    shown: str | None = None,
) -> Any:
    """One row of a table of settings: its default, how its text is read, one line of help."""
    note = {"parse": parse, "help": help_text, "secret": secret, "shown": shown}
    return field(default=default, metadata=note)


def switch(text: str) -> bool:
    """Yes or no.

    Raises:
        ValueError: when it is neither.
    """
    words = {"1": True, "true": True, "yes": True, "on": True}
    words |= {"0": False, "false": False, "no": False, "off": False, "": False}
    if text.strip().lower() not in words:
        raise ValueError("say true or false")
    return words[text.strip().lower()]


def whole(low: int, high: int) -> Callable[[str], int]:
    """A whole number from `low` to `high`."""

    def parse(text: str) -> int:
        number = int(text) if text.strip().lstrip("-").isdigit() else None
        if number is None or not low <= number <= high:
            raise ValueError(f"say a whole number from {low} to {high}")
        return number

    return parse


def one_of(*choices: str) -> Callable[[str], str]:
    """One of a few words."""

    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"say one of {', '.join(choices)}")
        return text

    return parse


def word_list(text: str) -> tuple[str, ...]:
    """Words parted by spaces or commas."""
    return tuple(word for word in text.replace(",", " ").split() if word)


def optional(text: str) -> str | None:
    """Text, or None when it is empty."""
    return text.strip() or None


def file_path(text: str) -> Path:
    """A path, made absolute."""
    return Path(text).expanduser().resolve()


def file_paths(text: str) -> tuple[Path, ...]:
    """Paths parted by spaces or commas."""
    return tuple(Path(word) for word in word_list(text))

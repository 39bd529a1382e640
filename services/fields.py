"""Input, looked at field by field: every problem is found before the first is told."""

from collections.abc import Iterable
from typing import Any

from lib.ids import slug_problem
from services.errors import Invalid

TITLE_LIMIT = 120
TEXT_LIMIT = 10_000


class Fields:
    """Collects what is wrong with the fields of one request; `done` refuses if anything is."""

    def __init__(self) -> None:
        self.problems: dict[str, str] = {}

    def slug(self, name: str, value: Any) -> str:
        """A name that is to stand in URLs."""
        problem = slug_problem(value) if isinstance(value, str) else "A name is text."
        if problem:
            self.problems[name] = problem
        return str(value)

    def text(self, name: str, value: Any, limit: int = TEXT_LIMIT) -> str:
        """Free text, trimmed, of at most `limit` characters that both databases can keep."""
        if not isinstance(value, str):
            self.problems[name] = "Give text here."
            return ""
        if len(value) > limit:
            self.problems[name] = f"At most {limit:,} characters, please; this has {len(value):,}."
        elif not storable(value):
            self.problems[name] = "The text holds a character that cannot be kept."
        return value.strip().replace("\r\n", "\n")

    def flag(self, name: str, value: Any) -> bool:
        """Yes or no."""
        if not isinstance(value, bool):
            self.problems[name] = "Say true or false."
        return bool(value)

    def whole(self, name: str, value: Any, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.problems[name] = f"Say a whole number from {low:,} to {high:,}."
            return low
        return value

    def choice(self, name: str, value: Any, choices: Iterable[str]) -> str:
        """One of a few words."""
        words = sorted(choices)
        if value not in words:
            self.problems[name] = f"Say one of: {', '.join(words)}."
        return str(value)

    def add(self, name: str, problem: str | None) -> None:
        """Note a problem found elsewhere, if there is one."""
        if problem:
            self.problems[name] = problem

    def done(self) -> None:
        """Refuse if anything was wrong.

        Raises:
            Invalid: with a sentence per field.
        """
        if self.problems:
            raise Invalid(self.problems)


def storable(text: str) -> bool:
    """Whether both databases can keep the text: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)

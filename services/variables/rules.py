"""What a variable may be called and hold."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from models.variable import Category
from services.errors import Invalid
from services.fields import storable
from services.house import house

NAME_LIMIT = 255
ENVIRONMENT_LIMIT_BYTES = 120_000  # The kernel takes 128 KiB for name and value together.
TERRAFORM_LIMIT_BYTES = 1 << 20
DEPTH_LIMIT = 64
SHORT_SECRET = 6

_NAMES: Mapping[Category, tuple[re.Pattern[str], str]] = {
    Category.TERRAFORM: (
        re.compile(r"[A-Za-z_][A-Za-z0-9_-]*"),
        "A variable's name has letters, digits, _ and -, and does not begin with a digit.",
    ),
    Category.ENVIRONMENT: (
        re.compile(r"[A-Za-z_][A-Za-z0-9_]*"),
        "The name has letters, digits and _, and does not begin with a digit.",
    ),
}


class Unset:
    """No value was given: not the same as the value null."""


UNSET: Final = Unset()


@dataclass(frozen=True)
class Content:
    """What a variable is to hold, checked."""

    name: str
    category: Category
    secret: bool
    value: Any | Unset


def check(
    name: Any, value: Any, category: Any, secret: Any, engines: Iterable[str] | None = None
) -> Content:
    """The content of a variable, checked. `engines` are those that will see it (None: any).

    Raises:
        Invalid: with a sentence per field.
    """
    problems: dict[str, str] = {}
    kind = next((kind for kind in Category if kind.value == category), None)
    if kind is None:
        problems["category"] = f"Say one of: {', '.join(Category)}."
    if not isinstance(secret, bool):
        problems |= {"secret": "Say true or false."}
    if kind is not None:
        problems |= _name_problem(name, kind, engines)
        if not isinstance(value, Unset):
            problems |= _value_problem(value, kind)
    if problems or kind is None:
        raise Invalid(problems)
    return Content(name, kind, secret, value)


def warnings(content: Content) -> list[str]:
    """What the author of a variable should know although it is allowed."""
    value = content.value
    if content.secret and isinstance(value, str) and len(value) < SHORT_SECRET:
        text = (
            f"The secret is shorter than {SHORT_SECRET} characters: so short a text cannot be "
            "hidden in logs reliably, and is easily guessed."
        )
        return [text]
    return []


def _name_problem(name: Any, category: Category, engines: Iterable[str] | None) -> dict[str, str]:
    pattern, rule = _NAMES[category]
    if not isinstance(name, str) or len(name) > NAME_LIMIT or not pattern.fullmatch(name):
        return {"name": rule}
    known = house().engines
    for engine in known if engines is None else engines:
        refusal = known[engine].refused_variable(name, category.value) if engine in known else None
        if refusal:
            return {"name": refusal}
    return {}


def _value_problem(value: Any, category: Category) -> dict[str, str]:
    if category is Category.ENVIRONMENT:
        if not isinstance(value, str):
            return {"value": "The value of an environment variable is text."}
        limit_bytes = ENVIRONMENT_LIMIT_BYTES
    else:
        limit_bytes = TERRAFORM_LIMIT_BYTES
    problem = _depth_problem(value)
    if problem is None and len(json.dumps(value).encode()) > limit_bytes:
        problem = f"The value is larger than {limit_bytes:,} bytes."
    return {"value": problem} if problem else {}


def _depth_problem(value: Any) -> str | None:
    """Why the value cannot be kept, looked at level by level so that no depth overflows a stack."""
    level = [value]
    for _ in range(DEPTH_LIMIT):
        if not all(_is_storable(item) for item in level):
            return "The value holds a character or number that cannot be kept."
        level = [child for item in level for child in _children(item)]
        if not level:
            return None
    return f"The value is nested deeper than {DEPTH_LIMIT} levels."


def _is_storable(item: Any) -> bool:
    match item:
        case str():
            return storable(item)
        case float():
            return math.isfinite(item)
        case dict():
            return all(isinstance(key, str) and storable(key) for key in item)
        case _:
            return True


def _children(item: Any) -> Iterable[Any]:
    match item:
        case dict():
            return item.values()
        case list():
            return item
        case _:
            return ()

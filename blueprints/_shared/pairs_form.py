"""Variables as a form sends them: rows of name, value, category and whether it is secret."""

import json
import re
from collections.abc import Sequence
from typing import Any

from flask import request

from models.variable import Category
from services import variables
from services.drafts import DraftVariable, typed_value
from services.errors import Invalid
from services.variables import RunVariableInput

_PAIR = re.compile(r"variables-(\d{1,4})-name")


def posted_variables() -> list[DraftVariable]:
    """The rows that were filled in, in order."""
    matches = filter(None, map(_PAIR.fullmatch, request.form))
    numbers = sorted({int(match[1]) for match in matches})
    given = [_variable(number) for number in numbers]
    return [each for each in given if each.name or each.value]


def field_text(name: str) -> str:
    """A field's text, as both databases can keep it."""
    return request.form.get(name, "").replace("\x00", "").replace("\r\n", "\n")


def inputs_of(
    given: Sequence[DraftVariable], before: Sequence[RunVariableInput]
) -> list[RunVariableInput]:
    """The variables of a run; a secret that was left empty keeps the value it had.

    Raises:
        Invalid: with a sentence per variable, named `variables.<name>`.
    """
    kept = {item.name: item for item in before if item.secret}
    found: list[RunVariableInput] = []
    problems: dict[str, str] = {}
    for item in given:
        if item.name in {each.name for each in found}:
            problems[f"variables.{item.name}"] = f"{item.name} is given twice."
        elif item.secret and not item.value and item.name in kept:
            found.append(kept[item.name])
        else:
            value = typed_value(item.value, item.category, is_secret=item.secret)
            entry = {"value": value, "category": item.category, "secret": item.secret}
            try:
                found += variables.run_inputs({item.name: entry})
            except Invalid as refusal:
                problems |= refusal.fields
    if problems:
        raise Invalid(problems)
    return found


def written(value: Any) -> str:
    """A value as it would be typed, so that sending it unchanged changes nothing."""
    if isinstance(value, str) and typed_value(value, Category.TERRAFORM, is_secret=False) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def _variable(number: int) -> DraftVariable:
    part = f"variables-{number}-"
    category = request.form.get(f"{part}category", "terraform")
    return DraftVariable(
        name=field_text(f"{part}name").strip(),
        value=field_text(f"{part}value"),
        category=category if category in {"terraform", "environment"} else "terraform",
        secret=f"{part}secret" in request.form,
    )

"""Input into frozen pydantic models; what does not fit becomes a sentence beside its field."""

from collections.abc import Mapping
from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, ConfigDict, ValidationError

from services.errors import Invalid

M = TypeVar("M", bound=BaseModel)


class Form(BaseModel):
    """The parent of what pages send: unknown fields, such as the CSRF token, are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)


class Body(BaseModel):
    """The parent of what the API is sent: unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def parse_form(model: type[M]) -> M:
    """The posted form as `model`. A field that the model says is a list keeps all its values.

    Raises:
        Invalid: with a sentence for each field that does not hold.
    """
    return parse(model, form_values(model))


def form_values(model: type[BaseModel]) -> dict[str, Any]:
    """The posted form's fields by name; an unticked box or an empty choice is left out."""
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        key = field.alias or name
        if _is_list(field.annotation):
            values[key] = request.form.getlist(key)
        elif key in request.form:
            values[key] = request.form[key]
    return values


def _is_list(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) in {list, tuple}


def parse(model: type[M], values: Mapping[str, Any]) -> M:
    """`values` as `model`.

    Raises:
        Invalid: with a sentence for each field that does not hold.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise Invalid(problems(error)) from None


def problems(error: ValidationError) -> dict[str, str]:
    """A sentence per field. What was sent is never repeated: it may be a secret."""
    said: dict[str, str] = {}
    for one in error.errors(include_url=False, include_context=True, include_input=False):
        name = ".".join(str(part) for part in one["loc"]) or "body"
        said.setdefault(name, _sentence(one["type"], one["msg"], one.get("ctx", {})))
    return said


_SENTENCES = {
    "missing": "This is needed.",
    "extra_forbidden": "There is no such field here.",
    "string_type": "Give text here.",
    "int_type": "Give a whole number here.",
    "int_parsing": "Give a whole number here.",
    "int_from_float": "Give a whole number here.",
    "bool_type": "Say true or false.",
    "bool_parsing": "Say true or false.",
    "list_type": "Give a list here.",
    "dict_type": "Give an object here.",
    "model_type": "Give an object here.",
    "model_attributes_type": "Give an object here.",
    "string_too_short": "This needs at least {min_length} characters.",
    "string_too_long": "This has at most {max_length} characters.",
    "greater_than_equal": "Say {ge} or more.",
    "less_than_equal": "Say {le} or less.",
    "literal_error": "Say one of {expected}.",
    "enum": "Say one of {expected}.",
    "too_long": "At most {max_length} fit here.",
    "datetime_from_date_parsing": "Give an instant, such as 2026-11-21T14:00:00Z.",
    "datetime_parsing": "Give an instant, such as 2026-11-21T14:00:00Z.",
    "timezone_aware": "Give the instant with its zone, such as 2026-11-21T14:00:00Z.",
}


def _sentence(kind: str, message: str, context: Mapping[str, Any]) -> str:
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    template = _SENTENCES.get(kind)
    return template.format(**context) if template else f"{message.rstrip('.')}."

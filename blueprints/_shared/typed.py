"""What was typed into a form, so that a refusal loses none of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import request

from services.errors import GantryError, Invalid


@dataclass(frozen=True)
class Typed:
    """The fields of a form as they stand in it, and the sentences beside them."""

    values: Mapping[str, str]
    errors: Mapping[str, str] = field(default_factory=dict)
    said: str = ""

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    def error(self, name: str) -> str:
        """The sentence beside a field, or nothing."""
        return self.errors.get(name, "")

    @property
    def version(self) -> int | None:
        """The version an edit began from, as the form carries it."""
        text = self.values.get("version", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None

    def refused(self, refusal: GantryError, *, beside: str = "") -> "Typed":
        """The same, with what was refused: beside its fields, or above the form."""
        if isinstance(refusal, Invalid):
            return Typed(self.values, refusal.fields)
        if beside:
            return Typed(self.values, {beside: refusal.text})
        return Typed(self.values, said=refusal.text)


def posted() -> Typed:
    """The form that was sent."""
    return Typed({name: request.form[name] for name in request.form if name != "csrf_token"})

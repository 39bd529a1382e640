"""The form of an e-mail trigger: a row per variable, senders in one of three ways."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blueprints._shared.typed import Typed
from models.email import EmailTrigger

SPARE_ROWS = 3
KINDS = (
    ("subject", "the subject"),
    ("sender", "the sender's address"),
    ("body", "the whole text"),
    ("body-key", "a line of the text:"),
    ("attachment", "an attachment named:"),
)
_ROW = re.compile(r"mapping-(\d{1,3})-name")


@dataclass(frozen=True)
class MappingRow:
    """A row of the editor. `detail` is a key or a pattern, where the kind takes one."""

    name: str = ""
    kind: str = "subject"
    detail: str = ""

    @property
    def source(self) -> str:
        """The source as the trigger keeps it."""
        match self.kind:
            case "body-key":
                return f"body:{self.detail.removesuffix(':').strip()}"
            case "attachment":
                return f"attachment:{self.detail}"
            case _:
                return self.kind


def rows_of(mapping: Mapping[str, str]) -> list[MappingRow]:
    """The rows of a mapping."""
    return [_row(name, source) for name, source in mapping.items()]


def typed_rows(form: Typed) -> list[MappingRow]:
    """The rows as they were typed; those without a name are left out."""
    numbers = sorted(
        int(match.group(1)) for name in form.values if (match := _ROW.fullmatch(name)) is not None
    )
    rows = [
        MappingRow(
            form[f"mapping-{number}-name"].strip(),
            form[f"mapping-{number}-kind"],
            form[f"mapping-{number}-detail"].strip(),
        )
        for number in numbers
    ]
    return [row for row in rows if row.name]


def values_of(form: Typed) -> dict[str, Any]:
    """What the form says, as the service takes it."""
    rows = typed_rows(form)
    listed = [word for word in form["listed"].replace(",", "\n").split() if word]
    return {
        "name": form["name"],
        "type": form["type"],
        "senders": listed if form["senders"] == "list" else form["senders"],
        "mapping": {row.name: row.source for row in rows},
        "attachments": form["attachments"] or "files",
        "auto_apply": bool(form["auto_apply"]),
    }


def typed_of(trigger: EmailTrigger) -> Typed:
    """The form of a trigger as it stands."""
    is_list = isinstance(trigger.senders, list)
    return Typed(
        {
            "name": trigger.name,
            "type": trigger.type.value,
            "senders": "list" if is_list else trigger.senders,
            "listed": "\n".join(trigger.senders) if is_list else "",
            "attachments": trigger.attachments,
            "auto_apply": "1" if trigger.auto_apply else "",
            "version": str(trigger.version),
        }
    )


def twice(rows: Sequence[MappingRow]) -> str:
    """The variable that stands in two rows, or ''."""
    names = [row.name for row in rows]
    return next((name for name in names if names.count(name) > 1), "")


def _row(name: str, source: str) -> MappingRow:
    kind, colon, detail = source.partition(":")
    if not colon:
        return MappingRow(name, kind)
    return MappingRow(name, "body-key" if kind == "body" else kind, detail)

"""Edits that lose nobody's work: a row changes only if it is still the version one looked at."""

from collections.abc import Mapping
from typing import Any, TypeVar

from models.project import Project, Stack, Workspace
from models.vcs import VcsIntegration
from models.worker import WorkerPool
from services import audit
from services.access import Actor
from services.errors import Conflict, NotFound
from services.transaction import session

Editable = TypeVar("Editable", bound=Project | Workspace | Stack | VcsIntegration | WorkerPool)
SHOWN_AT_MOST = 60


class ChangedMeanwhile(Conflict):
    """Somebody saved another version. `now` maps the fields that differ to their present values."""

    kind = "edited-meanwhile"
    title = "Changed meanwhile"

    def __init__(self, now: Mapping[str, Any]) -> None:
        shown = ", ".join(f"{name} is now {_words(value)}" for name, value in now.items())
        text = "Somebody changed this while you were editing it, so nothing was saved"
        super().__init__(f"{text}: {shown}." if shown else f"{text}. Look again.")
        self.now = dict(now)


def locked(thing: Editable) -> Editable:
    """The row as it is now, held until the transaction ends.

    Raises:
        NotFound: when it is gone.
    """
    row = session().get(type(thing), thing.id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    return row


def apply(
    actor: Actor, noun: str, thing: Editable, changes: Mapping[str, Any], version: int | None
) -> Editable:
    """Write changes to a row inside the open transaction, raise its version, and audit it.

    Raises:
        ChangedMeanwhile: when `version` is given and the row has another by now.
    """
    row = locked(thing)
    before = {name: getattr(row, name) for name in changes}
    if version is not None and row.version != version:
        raise ChangedMeanwhile({n: v for n, v in before.items() if v != changes[n]})
    if before == dict(changes):
        return row
    for name, value in changes.items():
        setattr(row, name, value)
    row.version += 1
    audit.record(actor, f"{noun}.edit", row, before=before, after=changes)
    return row


def _words(value: Any) -> str:
    match value:
        case bool():
            return "on" if value else "off"
        case None | "":
            return "empty"
        case dict():
            return f"{value.get('kind', 'another')}".replace("_", " ")
        case str():
            return f"“{value}”" if len(value) <= SHOWN_AT_MOST else f"“{value[:SHOWN_AT_MOST]}…”"
        case _:
            return str(value)

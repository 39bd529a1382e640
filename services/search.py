"""Finding things by a part of their name: for the palette, so few of each kind and quick."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models import search
from models.project import Project, Stack, Workspace
from services.access import Actor, visible, visible_places
from services.runs import listing
from services.runs.filters import RunFilter
from services.transaction import session

EACH = 5


@dataclass(frozen=True)
class Hit:
    """Something found: `names` are what its page's address is made of."""

    kind: str
    label: str
    names: Mapping[str, Any]
    note: str = ""


def find(actor: Actor, q: str) -> list[Hit]:
    """What the actor sees and whose name, number or message has `q` in it; four queries at most."""
    hits = [*_projects(actor, q), *_stacks(actor, q), *_workspaces(actor, q)]
    return hits + (_runs(actor, q) if q else [])


def _projects(actor: Actor, q: str) -> list[Hit]:
    query = search.named(Project, q, EACH).where(visible_places(actor, Project))
    return [
        Hit("project", row.name, {"project": row.name}, row.title)
        for row in session().scalars(query)
    ]


def _workspaces(actor: Actor, q: str) -> list[Hit]:
    query = search.named(Workspace, q, EACH).where(visible_places(actor, Workspace))
    return [
        Hit("workspace", row.name, {"workspace": row.name}, row.title)
        for row in session().scalars(query)
    ]


def _stacks(actor: Actor, q: str) -> list[Hit]:
    query = search.named(Stack, q, EACH).where(visible(actor, Stack))
    return [
        Hit("stack", row.name, {"project": row.project_name, "stack": row.name}, row.project_name)
        for row in session().scalars(query)
    ]


def _runs(actor: Actor, q: str) -> list[Hit]:
    found = listing.page(actor, RunFilter(q=q), limit=EACH)
    return [
        Hit("run", f"#{row.number} {row.message}".strip(), {"run_id": row.id}, row.stack_name)
        for row in found.lines
    ]

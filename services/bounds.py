"""What a token takes away from its owner's rights: a role at most, and places it is bound to.

Without a place a token goes wherever its owner goes. Bound to a project it sees that project, its
stacks and their runs; bound to a stack only that stack and its runs; bound to a workspace the
workspace and the runs in it; bound to a stack and a workspace, their deployment alone. The places
above a deployment are then passed through on the way to it, and nothing more.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, false, true

from models.member import Role
from models.project import Deployment, Project, Stack, Workspace
from models.run import Run
from models.schedule import Schedule

Thing = Project | Workspace | Stack | Deployment | Run | Schedule


@dataclass(frozen=True)
class Bounds:
    """The places a token is bound to; None leaves a side open."""

    project_id: str | None = None
    stack_id: str | None = None
    workspace_id: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether there are none."""
        return self == UNBOUND

    def holds(self, thing: Thing) -> bool:
        """Whether the thing itself lies within."""
        match thing:
            case Project():
                return self.holds_ids(thing.id, None, None)
            case Workspace():
                return self.holds_ids(None, None, thing.id)
            case Stack():
                return self.holds_ids(thing.project_id, thing.id, None)
            case Deployment() | Run() | Schedule():
                return self.holds_ids(thing.project_id, thing.stack_id, thing.workspace_id)

    def holds_ids(self, *place: str | None) -> bool:
        """The same, by the ids of (project, stack, workspace); None where a thing has none."""
        return all(
            own is None or own == of_thing
            for own, of_thing in zip(
                (self.project_id, self.stack_id, self.workspace_id), place, strict=True
            )
        )

    def leads_to(self, place: Project | Workspace | Stack) -> bool:
        """Whether deployments within lie in this place."""
        match place:
            case Project():
                return self.project_id in {None, place.id}
            case Workspace():
                return self.workspace_id in {None, place.id}
            case Stack():
                return self.stack_id in {None, place.id} and self.project_id in {
                    None,
                    place.project_id,
                }

    def condition(self, columns: Any) -> ColumnElement[bool]:
        """The rows within, of a table that has ids of places; see `access.visible`."""
        found: ColumnElement[bool] = true()
        for name, own in vars(self).items():
            if own is None:
                continue
            column = getattr(columns, name, None)
            if column is None and name == "stack_id" and columns is Stack:
                column = Stack.id
            found &= false() if column is None else column == own
        return found

    def condition_of_places(self, table: type[Project | Workspace]) -> ColumnElement[bool]:
        """The projects (or workspaces) within."""
        own, others = (
            (self.project_id, (self.stack_id, self.workspace_id))
            if table is Project
            else (self.workspace_id, (self.project_id, self.stack_id))
        )
        if any(each is not None for each in others):
            return false()
        return true() if own is None else table.id == own


UNBOUND = Bounds()


@dataclass(frozen=True)
class Limits:
    """What an actor through a token lacks of its owner.

    `ceiling` is the most it is anywhere (None: what its owner is), `scope` the word for a refusal.
    """

    ceiling: Role | None = None
    bounds: Bounds = UNBOUND

    @property
    def is_open(self) -> bool:
        """Whether the token may do all that its owner may."""
        return self.ceiling is None and self.bounds.is_open


NO_LIMITS = Limits()

"""Tokens with whose they are and what they are bound to: the rows that lists read."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from models.project import Project, Stack, Workspace
from models.user import ApiToken, User


def rows() -> Select[*tuple[Any, ...]]:
    """(token, owner, name of project, stack, workspace it is bound to) of all in use, newest first.

    Tokens that have expired are among them, revoked ones are not.
    """
    return (
        select(ApiToken, User, Project.name, Stack.name, Workspace.name)
        .join(User, User.id == ApiToken.user_id)
        .outerjoin(Project, Project.id == ApiToken.project_id)
        .outerjoin(Stack, Stack.id == ApiToken.stack_id)
        .outerjoin(Workspace, Workspace.id == ApiToken.workspace_id)
        .where(ApiToken.revoked_at.is_(None))
        .order_by(ApiToken.id.desc())
    )

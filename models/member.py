"""Who holds which role where."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Select,
    UniqueConstraint,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from lib import clock
from models.base import Base, EnumValue, Identified
from models.project import Project, Workspace
from models.role import Role
from models.team import Team, TeamMember, ids_of_user
from models.user import User, UserKind

__all__ = ["Member", "Role", "of_user", "places_of", "service_names", "ways_to", "with_teams"]


class Member(Identified, Base):
    """The role of a user (a person or a service account) or of a team, on one place."""

    __tablename__ = "member"
    __table_args__ = (
        UniqueConstraint("user_id", "project_id"),
        UniqueConstraint("user_id", "workspace_id"),
        UniqueConstraint("team_id", "project_id"),
        UniqueConstraint("team_id", "workspace_id"),
        CheckConstraint("(user_id IS NULL) <> (team_id IS NULL)", name="one_holder"),
        CheckConstraint("(project_id IS NULL) <> (workspace_id IS NULL)", name="one_place"),
    )

    user_id: Mapped[str | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    team_id: Mapped[str | None] = mapped_column(ForeignKey("team.id", ondelete="CASCADE"))
    project_id: Mapped[str | None] = mapped_column(
        ForeignKey("project.id", ondelete="CASCADE"), index=True
    )
    workspace_id: Mapped[str | None] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), index=True
    )
    role: Mapped[Role] = mapped_column(EnumValue(Role))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


def of_user(user_id: str) -> Select[Member]:
    """Every role a user holds, directly and through teams."""
    through_teams = Member.team_id.in_(ids_of_user(user_id))
    return select(Member).where(or_(Member.user_id == user_id, through_teams))


def with_teams() -> Select[Member, Team, int]:
    """(role, the team that holds it, how many are in the team)."""
    size = select(func.count()).where(TeamMember.team_id == Team.id).correlate(Team)
    return select(Member, Team, size.scalar_subquery()).join(Team, Team.id == Member.team_id)


def ways_to(condition: ColumnElement[bool]) -> Select[User, Role, str | None]:
    """(user, role, name of the team it comes from) under a condition on roles."""
    return (
        select(User, Member.role, Team.name)
        .select_from(Member)
        .outerjoin(Team, Team.id == Member.team_id)
        .outerjoin(TeamMember, TeamMember.team_id == Member.team_id)
        .join(User, User.id == func.coalesce(Member.user_id, TeamMember.user_id))
        .where(condition)
    )


def places_of(condition: ColumnElement[bool]) -> Select[str | None, str | None, Role, str | None]:
    """(project, workspace, role, team that holds it) of the roles under a condition."""
    return (
        select(Project.name, Workspace.name, Member.role, Team.name)
        .select_from(Member)
        .outerjoin(Project, Project.id == Member.project_id)
        .outerjoin(Workspace, Workspace.id == Member.workspace_id)
        .outerjoin(Team, Team.id == Member.team_id)
        .where(condition)
    )


def service_names() -> Select[str]:
    """The names of the service accounts in use, in order."""
    is_one = (User.kind == UserKind.SERVICE) & User.is_active
    return select(User.name).where(is_one).order_by(User.name)

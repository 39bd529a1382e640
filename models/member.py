"""Who holds which role where."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Select, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from lib import clock
from models.base import Base, EnumValue, Identified


class Role(StrEnum):
    """What someone is to a project or a workspace, weakest first."""

    VIEWER = "viewer"
    DEPLOYER = "deployer"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        """0 for the weakest role."""
        return list(Role).index(self)


class Member(Identified, Base):
    """A user's role on one project or on one workspace."""

    __tablename__ = "member"
    __table_args__ = (
        UniqueConstraint("user_id", "project_id"),
        UniqueConstraint("user_id", "workspace_id"),
        CheckConstraint("(project_id IS NULL) <> (workspace_id IS NULL)", name="one_place"),
    )

    user_id: Mapped[str] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    project_id: Mapped[str | None] = mapped_column(
        ForeignKey("project.id", ondelete="CASCADE"), index=True
    )
    workspace_id: Mapped[str | None] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), index=True
    )
    role: Mapped[Role] = mapped_column(EnumValue(Role))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


def of_user(user_id: str) -> Select[Member]:
    """Every role a user holds."""
    return select(Member).where(Member.user_id == user_id)

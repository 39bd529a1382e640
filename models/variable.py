"""Variables: plain or secret, for the code or for the environment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    LargeBinary,
    Select,
    String,
    UniqueConstraint,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from lib import clock
from models.base import Base, EnumValue, Identified, Json


class Category(StrEnum):
    """Where a variable goes: into the code, or into the environment."""

    TERRAFORM = "terraform"
    ENVIRONMENT = "environment"


class Variable(Identified, Base):
    """A variable in one place. A secret one keeps only ciphertext and a fingerprint."""

    __tablename__ = "variable"
    __table_args__ = (
        UniqueConstraint("project_id", "name"),
        UniqueConstraint("workspace_id", "name"),
        UniqueConstraint("stack_id", "name"),
        UniqueConstraint("deployment_id", "name"),
        CheckConstraint(
            "(CASE WHEN project_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN workspace_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN stack_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN deployment_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="one_place",
        ),
    )

    project_id: Mapped[str | None] = mapped_column(ForeignKey("project.id", ondelete="CASCADE"))
    workspace_id: Mapped[str | None] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    stack_id: Mapped[str | None] = mapped_column(ForeignKey("stack.id", ondelete="CASCADE"))
    deployment_id: Mapped[str | None] = mapped_column(
        ForeignKey("deployment.id", ondelete="CASCADE")
    )
    name: Mapped[str] = mapped_column(String(255))
    category: Mapped[Category] = mapped_column(EnumValue(Category))
    secret: Mapped[bool] = mapped_column(default=False)
    value: Mapped[Json | None]
    ciphertext: Mapped[bytes | None] = mapped_column(LargeBinary)
    fingerprint: Mapped[str | None] = mapped_column(String(32))
    value_id: Mapped[str] = mapped_column(String(24))
    updated_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    updated_by_name: Mapped[str] = mapped_column(String(120), default="")
    version: Mapped[int] = mapped_column(default=1)

    @property
    def layer(self) -> str:
        """The kind of place it is set in."""
        places = ("project", "workspace", "stack", "deployment")
        return next(place for place in places if getattr(self, f"{place}_id") is not None)


def of_place(column: str, place_id: str) -> Select[Variable]:
    """The variables of a place, by name; `column` is the one that names the place."""
    return select(Variable).where(getattr(Variable, column) == place_id).order_by(Variable.name)


def named(column: str, place_id: str, name: str) -> Select[Variable]:
    """The variable of a place with this name."""
    return of_place(column, place_id).where(Variable.name == name)


def of_places(**places: Collection[str]) -> Select[Variable]:
    """The variables of many places at once: `project_id=[…], stack_id=[…]` and so on."""
    here = (getattr(Variable, column).in_(ids) for column, ids in places.items())
    return select(Variable).where(or_(*here))

"""Teams: people and service accounts that hold roles together."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Select, String, Text, func, select
from sqlalchemy.orm import Mapped, mapped_column

from lib import clock
from models.base import Base, Identified


class Team(Identified, Base):
    """Some people and service accounts under one name; a role of the team is a role of each."""

    __tablename__ = "team"

    name: Mapped[str] = mapped_column(String(63), unique=True)
    title: Mapped[str] = mapped_column(String(120), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    created_by_name: Mapped[str] = mapped_column(String(160), default="")
    version: Mapped[int] = mapped_column(default=1)


class TeamMember(Base):
    """One of a team."""

    __tablename__ = "team_member"

    team_id: Mapped[str] = mapped_column(
        ForeignKey("team.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(
        ForeignKey("user.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    since: Mapped[dt.datetime] = mapped_column(default=clock.now)


def named(name: str) -> Select[Team]:
    """The team with this name."""
    return select(Team).where(Team.name == name.strip().lower())


def by_name(words: str, *, after: str | None) -> Select[Team, int]:
    """(team, how many are in it), by name; `words` filters by a part of name or title."""
    size = (
        select(func.count()).where(TeamMember.team_id == Team.id).correlate(Team).scalar_subquery()
    )
    query = select(Team, size).order_by(Team.name)
    if words:
        in_title = Team.title.icontains(words, autoescape=True)
        query = query.where(Team.name.icontains(words, autoescape=True) | in_title)
    return query if after is None else query.where(Team.name > after)


def ids_of_user(user_id: str) -> Select[str]:
    """The teams somebody is in, by id."""
    return select(TeamMember.team_id).where(TeamMember.user_id == user_id)


def of_user(user_id: str) -> Select[Team]:
    """The teams somebody is in, by name."""
    return select(Team).where(Team.id.in_(ids_of_user(user_id))).order_by(Team.name)

"""Selects for finding things by a part of their name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, or_, select

from models.project import Project, Stack, Workspace


def named(table: type[Project | Workspace | Stack], words: str, most: int) -> Select[Any]:
    """A few rows with the words in their name or title, by name."""
    in_name = table.name.icontains(words, autoescape=True)
    in_title = table.title.icontains(words, autoescape=True)
    return select(table).where(or_(in_name, in_title)).order_by(table.name).limit(most)

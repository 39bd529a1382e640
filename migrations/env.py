"""Run by Alembic: migrate over the connection that `services.schema` hands in."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Literal

from alembic import context
from sqlalchemy import JSON

import models
from models.base import Base, EnumValue, UtcDateTime

for module in iter_modules([str(Path(models.__file__).parent)]):
    import_module(f"models.{module.name}")


def plain_type(kind: str, thing: Any, _context: Any) -> str | Literal[False]:
    """Our own column types as what they are on the database: migrations outlive classes."""
    if kind == "type" and isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, EnumValue):
        return "sa.String(length=32)"
    if kind == "type" and isinstance(thing, JSON):
        return "JSON"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=plain_type,
)
with context.begin_transaction():
    context.run_migrations()

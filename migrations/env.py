"""Run by Alembic: migrate over the connection that `services.schema` hands in."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from alembic import context

import models
from models.base import Base

for module in iter_modules([str(Path(models.__file__).parent)]):
    import_module(f"models.{module.name}")

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()

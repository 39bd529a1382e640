"""Whether this Gantry can do its work."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from services import capacity, schema
from services.transaction import session


@dataclass(frozen=True)
class Check:
    """One thing that must hold, and what is the matter when it does not."""

    name: str
    is_well: bool
    text: str


def checks() -> list[Check]:
    """Database, migrations, disk: each with a sentence. Never raises."""
    database = _database()
    return [database, _migrations() if database.is_well else _unknown(), _disk()]


def _database() -> Check:
    try:
        session().execute(text("SELECT 1"))
    except SQLAlchemyError:
        session().rollback()
        return Check("database", is_well=False, text="The database does not answer.")
    return Check("database", is_well=True, text="The database answers.")


def _migrations() -> Check:
    found, wanted = schema.current(), schema.head()
    if found == wanted:
        return Check("migrations", is_well=True, text=f"The database is at {wanted}, the head.")
    said = f"The database is at {found or 'nothing'}, this Gantry needs {wanted}."
    return Check("migrations", is_well=False, text=f"{said} Run “gantry db upgrade”.")


def _unknown() -> Check:
    return Check("migrations", is_well=False, text="Not known while the database does not answer.")


def _disk() -> Check:
    return Check("disk", is_well=not capacity.is_too_little(), text=capacity.words())

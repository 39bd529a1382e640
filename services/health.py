"""Whether this Gantry can do its work."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from services import capacity, schema
from services.transaction import session

NO_ANSWER = (
    "The database does not answer. See whether it runs, and whether GANTRY_DATABASE_URL is right; "
    "Gantry goes on by itself once it answers."
)


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
        return Check("database", is_well=False, text=NO_ANSWER)
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
    is_full = capacity.is_too_little()
    remedy = (
        " Make room, or lower GANTRY_DISK_FLOOR_MB; until then no run starts." if is_full else ""
    )
    return Check("disk", is_well=not is_full, text=capacity.words() + remedy)

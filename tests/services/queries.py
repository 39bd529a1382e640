"""Counting what the database is asked."""

from contextlib import contextmanager
from types import SimpleNamespace

from sqlalchemy import event

from models.base import db


@contextmanager
def counted():
    """Counts the SELECTs sent inside the block (`count`), and all statements (`every`)."""
    seen = SimpleNamespace(count=0, every=0)

    def count(_connection, _cursor, statement, *_rest):
        seen.count += statement.lstrip()[:6].upper() == "SELECT"
        seen.every += 1

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", count)

"""Counting what the database is asked."""

from contextlib import contextmanager
from types import SimpleNamespace

from sqlalchemy import event

from models.base import db


@contextmanager
def counted():
    """Counts the statements sent inside the block, but those that begin and end transactions."""
    seen = SimpleNamespace(count=0)

    def count(_connection, _cursor, statement, *_rest):
        seen.count += statement.lstrip()[:6].upper() == "SELECT"

    event.listen(db.engine, "before_cursor_execute", count)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", count)

"""Counting what is asked of the database: import `queries` where a test asks for it."""

from contextlib import contextmanager

import pytest
from sqlalchemy import event

from models.base import db


@pytest.fixture
def queries(app):
    """`with queries() as seen:` collects the SELECTs that are sent meanwhile."""

    @contextmanager
    def watch():
        seen = []

        def note(_connection, _cursor, statement, *_rest):
            if statement.lstrip().upper().startswith("SELECT"):
                seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(db.engine, "before_cursor_execute", note)

    return watch

"""A verb whose connection is ended under it: refused in words, and the next one works."""

import pytest
from sqlalchemy import text

from models.base import db
from services import projects
from services.access import SYSTEM
from services.errors import Unavailable
from services.transaction import session, transaction


@pytest.fixture
def cut(world):
    """`cut()` ends the connection of this thread's session, as a database that goes away does."""
    if db.engine.dialect.name == "sqlite":
        pytest.skip("a file has no connection to be ended")

    def end():
        ours = session().scalar(text("SELECT pg_backend_pid()"))
        with db.engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:it)"), {"it": ours})

    return end


def test_a_connection_that_ends_under_a_read_is_told_in_words(cut):
    cut()

    with pytest.raises(Unavailable):
        projects.create(SYSTEM, name="one")

    assert projects.create(SYSTEM, name="two").name == "two"


def test_a_connection_that_ends_under_a_verb_undoes_it_whole(cut):
    with pytest.raises(Unavailable), transaction():
        projects.create(SYSTEM, name="one")
        cut()
        projects.create(SYSTEM, name="two")

    assert projects.create(SYSTEM, name="one").name == "one"

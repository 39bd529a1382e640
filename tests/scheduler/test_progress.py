"""Copies of a state while a step changes things: often enough, never in the way."""

import pytest
from sqlalchemy import event, select

from lib.masking import Masker
from models.base import db
from models.run_content import StateVersion
from scheduler.execution.progress import SHARE_OF_TIME, Progress
from services.runs import work
from services.transaction import session
from tests.services.states.shelf import applied, applying, content


@pytest.fixture
def at_work(world, tmp_path, frozen_clock):
    """(the progress of a run that applies, its state file)."""
    _, held = applying(world)
    path = tmp_path / "terraform.tfstate"
    return Progress(held, "terraform", path, Masker(()), root=tmp_path), path


def copies():
    session().rollback()
    rows = select(StateVersion).where(StateVersion.kind == "progress")
    return [row.serial for row in session().scalars(rows)]


def test_nothing_is_copied_where_there_is_no_state_yet(at_work):
    progress, path = at_work

    progress.look()
    path.write_bytes(b"")
    progress.look()

    assert copies() == []


def test_a_state_is_copied_when_it_has_changed(at_work):
    progress, path = at_work
    path.write_bytes(content(1))
    progress.look()
    assert copies() == [1]

    path.write_bytes(content(2, things=("one", "two")))
    progress.look()

    assert copies() == [2]


def test_a_state_that_is_as_it_was_is_not_read_again(at_work):
    progress, path = at_work
    path.write_bytes(content(1))
    progress.look()
    seen = session().scalars(select(StateVersion.id)).all()

    progress.look()

    assert session().scalars(select(StateVersion.id)).all() == seen


def test_a_state_that_is_being_written_is_read_when_it_is_whole(at_work):
    progress, path = at_work
    path.write_bytes(content(1)[:100])
    progress.look()
    assert copies() == []

    path.write_bytes(content(1))
    progress.look()

    assert copies() == [1]


def test_a_state_that_takes_long_to_copy_is_copied_seldom(at_work, frozen_clock):
    progress, path = at_work

    def take_long(*_):
        frozen_clock.advance(2.0)

    event.listen(db.engine, "commit", take_long)
    try:
        path.write_bytes(content(1))
        progress.look()
    finally:
        event.remove(db.engine, "commit", take_long)
    path.write_bytes(content(2))
    progress.look()
    assert copies() == [1], "it took two seconds: not so soon"

    frozen_clock.advance(2.0 * SHARE_OF_TIME)
    progress.look()

    assert copies() == [2]


def test_the_state_the_run_began_with_is_no_copy(world, tmp_path):
    applied(world, 4)
    _, held = applying(world)
    path = tmp_path / "terraform.tfstate"
    path.write_bytes(content(4))

    Progress(held, "terraform", path, Masker(()), root=tmp_path).look()

    assert copies() == []


def test_a_worker_that_lost_its_run_copies_nothing_and_goes_on(world, at_work):
    progress, path = at_work
    path.write_bytes(content(1))
    run_id = progress._claim.run_id  # noqa: SLF001 - the claim to take away
    work.lose(run_id)

    progress.look()
    path.write_bytes(content(2))
    progress.look()

    assert copies() == []

"""A key makes a request count once, also when two come at the same time."""

import threading

import pytest

from models.base import db
from models.project import Project
from services import idempotency
from services.errors import Conflict, Invalid
from services.idempotency import Request
from services.transaction import session
from tests import factories

ASKED = Request("key-1", "digest", "project")


def once(actor, request, name="made"):
    return idempotency.once(
        actor,
        request,
        lambda: factories.project(name),
        name=lambda row: row.id,
        find=lambda made_id: session().get_one(Project, made_id),
    )


def test_the_second_request_gets_what_the_first_made(world):
    first, is_new = once(world.alice, ASKED)
    again, is_new_again = once(world.alice, ASKED, "never made")

    assert (first.id, is_new, is_new_again) == (again.id, True, False)


def test_another_request_with_the_same_key_is_refused(world):
    once(world.alice, ASKED)

    with pytest.raises(Conflict):
        once(world.alice, Request("key-1", "another digest", "project"))


def test_keys_are_kept_per_actor(world):
    first, _ = once(world.alice, ASKED)
    other, is_new = once(world.dave, ASKED, "another")

    assert is_new
    assert first.id != other.id


def test_a_request_that_fails_leaves_its_key_free(world):
    def fail():
        raise Invalid({"name": "No."})

    with pytest.raises(Invalid):
        idempotency.once(world.alice, ASKED, fail, name=str, find=str)

    assert once(world.alice, ASKED)[1]


def test_what_a_request_made_before_it_failed_is_gone_with_its_key(world):
    def half():
        factories.project("half")
        session().flush()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        idempotency.once(world.alice, ASKED, half, name=str, find=str)

    assert session().query(Project).filter_by(name="half").count() == 0
    assert once(world.alice, ASKED, "half")[1]


def test_parts_of_a_request_have_keys_of_their_own(world):
    parts = [ASKED.part("one"), ASKED.part("two"), Request(None, "", "project").part("one")]

    assert len({part.key for part in parts} | {ASKED.key}) == 4
    assert parts[2].key is None


def test_without_a_key_each_request_counts(world):
    without = Request(None, "digest", "project")

    assert once(world.alice, without, "a")[0].id != once(world.alice, without, "b")[0].id


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_key_has_a_length(world, key):
    with pytest.raises(Invalid):
        once(world.alice, Request(key, "digest", "project"))


def test_of_two_at_the_same_time_one_makes_and_both_get_it(app, world):
    alice, answers, gate = world.alice, [], threading.Barrier(2)
    db.session.commit()

    def ask(number):
        with app.app_context():
            gate.wait(5)
            made, is_new = once(alice, ASKED, f"p{number}")
            answers.append((made.id, is_new))
            db.session.remove()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert len({made for made, _ in answers}) == 1
    assert sorted(is_new for _, is_new in answers) == [False, True]

"""What each trigger may start: a draft only where somebody looks on."""

import dataclasses

import pytest
from sqlalchemy import select

from models.audit import AuditEvent
from models.base import db
from models.run import Run
from models.run_state import RunType
from services import publishing, runs
from services.errors import Conflict, Forbidden
from services.runs.create import create_pinned
from tests.services.runs.workshop import SOURCE

TYPES = (RunType.PREVIEW, RunType.APPLY, RunType.DESTROY, RunType.TASK)
QUIET = ("schedule", "email", "dependency", "drift", "ttl")


@pytest.mark.parametrize("run_type", TYPES)
@pytest.mark.parametrize("trigger", ["manual", "api", "vcs", *QUIET])
def test_everything_starts_a_published_stack(world, trigger, run_type):
    assert publishing.objection(world.stack, trigger, run_type) is None


@pytest.mark.parametrize("run_type", TYPES)
@pytest.mark.parametrize("trigger", ["manual", "api"])
def test_people_the_api_and_the_command_line_start_a_draft(world, trigger, run_type):
    assert publishing.objection(world.draft_stack, trigger, run_type) is None


@pytest.mark.parametrize("run_type", TYPES)
@pytest.mark.parametrize("trigger", QUIET)
def test_nothing_that_happens_by_itself_starts_a_draft(world, trigger, run_type):
    assert "draft" in publishing.objection(world.draft_stack, trigger, run_type)


def test_of_a_repository_a_draft_has_previews_only(world):
    sketch = world.draft_stack

    assert publishing.objection(sketch, "vcs", RunType.PREVIEW) is None
    assert "a push" in publishing.objection(sketch, "vcs", RunType.APPLY)


def test_a_run_that_its_trigger_may_not_start_is_not_made(world):
    actor = dataclasses.replace(world.dave, trigger="schedule")
    asked = runs.NewRun(
        project="shop", stack="sketch", workspace="staging", type=RunType.PREVIEW, source=SOURCE
    )

    with pytest.raises(Conflict, match="draft"):
        create_pinned(actor, asked)

    assert db.session.scalars(select(Run)).all() == []


def test_publishing_and_its_opposite_are_written_down_once_each(world):
    publishing.publish(world.alice, world.draft_stack)
    publishing.unpublish(world.alice, world.draft_stack)

    said = db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert said == ["stack.publish", "stack.unpublish"]


def test_publishing_twice_is_a_conflict(world):
    with pytest.raises(Conflict, match="published already"):
        publishing.publish(world.alice, world.stack)


def test_a_deployer_does_not_publish(world):
    with pytest.raises(Forbidden):
        publishing.publish(world.dave, world.draft_stack)

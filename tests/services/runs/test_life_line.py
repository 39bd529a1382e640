"""Who holds a deployment's lock, who waits for it, and who goes first; on both databases."""

import pytest

from models.base import db
from models.project import Deployment
from models.run_state import RunState
from services import locks, runs
from services.errors import Conflict
from services.runs import line
from tests.services.runs.workshop import ask, claim, hire, holder, now, planned

S = RunState


def test_the_first_apply_gets_the_lock_and_the_second_waits_for_it(world):
    first, second = ask(world.dave), ask(world.dave)

    assert now(first).state is S.READY
    assert now(second).state is S.QUEUED
    assert holder(first) == first.id
    reason = runs.waiting_on(now(second))
    assert (reason.kind, reason.run_id) == ("lock", first.id)


def test_an_end_gives_the_lock_to_the_next_in_line(world):
    first, second = ask(world.dave), ask(world.dave)

    runs.discard(world.dave, first.id)

    assert now(second).state is S.READY
    assert holder(second) == second.id


def test_a_task_passes_applies_of_its_deployment_that_wait_even_prioritised_ones(world):
    holding, waiting, task = ask(world.dave), ask(world.dave), ask(world.dave, "task")
    urgent = ask(world.dave, priority=1)

    runs.discard(world.dave, holding.id)
    first = holder(waiting)
    runs.discard(world.dave, task.id)

    assert first == task.id, "priority never reorders the classes of one deployment"
    assert holder(waiting) == urgent.id


def test_a_manual_lock_holds_back_others_runs_but_not_its_owners(world):
    deployment = world.deployment()
    db.session.commit()
    locks.lock(world.alice, deployment, "looking into it")

    others, own = ask(world.dave), ask(world.alice)

    assert now(others).state is S.QUEUED
    reason = runs.waiting_on(now(others))
    assert now(own).state is S.READY
    assert reason.kind in {"manual_lock", "lock"}


def test_a_ready_run_goes_back_to_the_queue_when_somebody_locks_the_deployment(world):
    run = ask(world.dave)
    deployment = db.session.get_one(Deployment, run.deployment_id)

    locks.lock(world.alice, deployment, "wait")

    assert now(run).state is S.QUEUED
    assert holder(run) is None
    assert runs.waiting_on(now(run)).kind == "manual_lock"


def test_unlocking_lets_the_queue_go_on(world):
    run = ask(world.dave)
    deployment = db.session.get_one(Deployment, run.deployment_id)
    locks.lock(world.alice, deployment, "wait")

    locks.unlock(world.alice, deployment)

    assert now(run).state is S.READY


def test_another_persons_lock_forbids_confirming_and_stops_auto_apply(world):
    waiting, worker = ask(world.dave), hire()
    planned(claim(worker))
    deployment = db.session.get_one(Deployment, waiting.deployment_id)
    locks.lock(world.alice, deployment, "hands off")

    with pytest.raises(Conflict, match="hands off"):
        runs.confirm(world.dave, waiting.id)

    assert now(waiting).state is S.UNCONFIRMED


def test_ahead_of_previews_workers_claim_what_changes_things_and_priority_before_all(world):
    preview = ask(world.dave, "preview")
    drift = ask(world.dave, "preview", drift=True)
    apply = ask(world.dave)
    urgent = ask(world.dave, "preview", workspace="prod", priority=5)
    worker = hire()

    order = [claim(worker).run_id for _ in range(4)]

    assert order == [urgent.id, apply.id, preview.id, drift.id]


def test_a_prioritised_preview_passes_other_deployments_never_its_own_apply(world):
    elsewhere, apply = ask(world.dave, workspace="prod"), ask(world.dave)
    urgent = ask(world.dave, "preview", priority=5)
    worker = hire()

    shown = line.ids(10)
    order = [claim(worker).run_id for _ in range(3)]

    assert order == [apply.id, urgent.id, elsewhere.id]
    assert shown == order


def test_setting_the_priority_a_run_has_is_a_conflict(world):
    run = ask(world.dave, priority=1)

    with pytest.raises(Conflict, match="already"):
        runs.prioritize(world.dave, run.id, priority=1)


def test_a_confirmed_run_waits_while_somebody_else_locks_the_deployment_before_it_is_claimed(world):
    run, worker = ask(world.dave), hire()
    planned(claim(worker))
    runs.confirm(world.dave, run.id)
    deployment = db.session.get_one(Deployment, run.deployment_id)

    locks.lock(world.alice, deployment, "surgery")
    while_locked = claim(worker, holds_directory=True)
    reason = runs.waiting_on(now(run))
    locks.unlock(world.alice, deployment)

    assert while_locked is None
    assert (reason.kind, "surgery" in reason.text) == ("manual_lock", True)
    assert claim(worker, holds_directory=True).run_id == run.id


def test_whoever_holds_the_lock_confirms_and_their_confirmation_is_carried_out(world):
    run, worker = ask(world.dave), hire()
    planned(claim(worker))
    locks.lock(world.alice, db.session.get_one(Deployment, run.deployment_id), "mine")

    runs.confirm(world.alice, run.id)

    assert claim(worker, holds_directory=True).run_id == run.id

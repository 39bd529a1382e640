"""Numbers for Prometheus: right, bounded, kept a moment, there without a database, too."""

import datetime as dt
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lib import clock
from models.base import db
from models.run_state import RunState, RunType
from models.worker import Lease, Worker
from services import runs, tokens
from services.metrics import Exposition
from services.runs import NewRun
from tests import factories
from tests.queries import queries

__all__ = ["queries"]

AT_ONCE = {"kept_s": 0, "settled": dt.timedelta(0)}
TASK = {"project": "shop", "stack": "web", "workspace": "staging", "type": RunType.TASK}


def numbers(exposition):
    """{name and labels: value} of what is scraped."""
    found = {}
    for family in text_string_to_metric_families(exposition.text().decode()):
        for sample in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


def test_runs_are_counted_by_state_and_type(world):
    for state in (RunState.QUEUED, RunState.READY, RunState.READY):
        factories.run(world.deployment(), state=state)
    factories.run(world.deployment(), type=RunType.APPLY, state=RunState.FINISHED)
    db.session.commit()

    found = numbers(Exposition(**AT_ONCE))

    assert found["gantry_runs{state=ready,type=preview}"] == 2
    assert found["gantry_runs{state=planning,type=apply}"] == 0
    assert found["gantry_queue_depth{pool=embedded,waits_for=worker}"] == 2
    assert found["gantry_queue_depth{pool=embedded,waits_for=other}"] == 1
    assert not [name for name in found if "state=finished" in name]


def test_moves_are_counted_from_the_first_scrape_on(world):
    exposition = Exposition(**AT_ONCE)
    runs.create(world.dave, NewRun(**TASK, command="true"))
    first = numbers(exposition)
    run = runs.create(world.dave, NewRun(**TASK, command="true"))
    runs.discard(world.dave, run.id)

    second = numbers(exposition)

    assert not [name for name in first if name.startswith("gantry_run_moves_total")]
    assert second["gantry_run_moves_total{state=discarded,type=task}"] == 1
    assert second["gantry_run_phase_seconds_count{state=queued,type=task}"] == 1
    assert numbers(exposition)["gantry_run_moves_total{state=discarded,type=task}"] == 1


def test_a_scrape_asks_as_much_with_a_thousand_runs_as_with_none(world, queries):
    exposition = Exposition(**AT_ONCE)
    exposition.text()
    with queries() as few:
        exposition.text()
    for _ in range(50):
        factories.run(world.deployment(), state=RunState.FINISHED)
    db.session.commit()

    with queries() as many:
        exposition.text()

    assert len(many) == len(few) <= 30


def test_what_was_read_is_kept_a_moment(world, queries, frozen_clock):
    exposition = Exposition()
    first = exposition.text()

    with queries() as seen:
        second = exposition.text()
    assert (second, seen) == (first, [])

    frozen_clock.advance(6)
    with queries() as seen:
        exposition.text()
    assert seen


def test_workers_scheduler_tokens_and_blocks_are_told(world):
    now = clock.now()
    factories.add(Worker(name="w", host="h", pid=1, slots=4))
    factories.add(Lease(name="timetable", owner="o", until=now + dt.timedelta(seconds=9)))
    deployment = world.deployment()
    deployment.blocked_at, deployment.blocked_reason = now, "Lost."
    tokens.create(world.dave, "soon", expires_at=now + dt.timedelta(days=3))
    db.session.commit()

    found = numbers(Exposition(**AT_ONCE))

    assert found["gantry_workers{pool=embedded}"] == 1
    assert found["gantry_worker_slots{pool=embedded}"] == 4
    assert found["gantry_health{part=scheduler}"] == 1
    assert found["gantry_health{part=workers}"] == 1
    assert found["gantry_deployments_blocked{}"] == 1
    assert found["gantry_tokens_expiring{}"] == 1
    assert found["gantry_database_up{}"] == 1


def test_without_its_tables_the_process_still_answers(app):
    exposition = Exposition(**AT_ONCE)
    db.session.execute(db.text('ALTER TABLE "run" RENAME TO "run_away"'))
    db.session.commit()
    try:
        found = numbers(exposition)
    finally:
        db.session.rollback()
        db.session.execute(db.text('ALTER TABLE "run_away" RENAME TO "run"'))
        db.session.commit()

    assert found["gantry_database_up{}"] == 0
    assert any(name.startswith("gantry_build_info") for name in found)


@pytest.mark.parametrize("name", ["gantry_runs", "gantry_run_waiting_seconds"])
def test_every_metric_says_what_it_is(world, name):
    said = Exposition(**AT_ONCE).text().decode()

    assert re.search(rf"# HELP {name} \w+", said)

"""What workers do and report, also late, and what time does."""

import datetime as dt

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    consumes,
    multiple,
    precondition,
    rule,
)

from models.run_state import CHANGING, WORKING, RunState, RunType
from services import states, workers
from services.runs import work
from services.transaction import transaction
from tests.services.runs.promises.people import People
from tests.services.runs.promises.stage import CLAIMS
from tests.services.runs.workshop import SUMMARY, claim
from tests.services.states.shelf import state

S, T = RunState, RunType


WORKERS = st.integers(0, 2)
STEPS = st.sampled_from([4, 4, 3, 2, 1, 0])
PLANS = st.sampled_from([True, True, True, False])
TROUBLES = ["fail", "stop", "stop", "lose", "lose", "take_over"]


class Crew(People):
    """Verbs of workers."""

    @rule(target=CLAIMS, worker=WORKERS, holds_directory=st.booleans(), steps=STEPS, plan=PLANS)
    def begin_work(self, worker, holds_directory, steps, plan):
        return self._claim(worker, holds_directory, steps, plan)

    @rule(target=CLAIMS, worker=WORKERS, steps=STEPS, plan=PLANS)
    def begin_more_work(self, worker, steps, plan):
        return self._claim(worker, True, steps, plan)

    @rule(target=CLAIMS, held=consumes(CLAIMS), steps=STEPS, plan=PLANS)
    def go_on(self, held, steps, plan):
        return self._go_on(held, steps, plan)

    @rule(target=CLAIMS, held=consumes(CLAIMS), trouble=st.sampled_from(TROUBLES), worker=WORKERS)
    def meet_trouble(self, held, trouble, worker):
        job = self.model.jobs[held.run_id]
        if self._is_stale(held):
            return multiple()
        return getattr(self, f"_{trouble}")(held, job, worker) or multiple()

    @precondition(lambda self: self.late)
    @rule()
    def come_back_late(self):
        held = self.late[-1]
        with pytest.raises(work.Fenced):
            work.enter(held, S.INITIALIZING)
        with pytest.raises(work.Fenced):
            work.finish(held, "apply completed")

    @rule(minutes=st.sampled_from([1, 31]))
    def let_time_pass(self, minutes):
        self.clock.advance(minutes * 60)
        for worker in self.workers:
            workers.heartbeat(worker)
        for job in self.model.jobs.values():
            job.may_be_killed = job.may_be_killed or (job.is_stopping and minutes > 30)

    def _claim(self, worker, holds_directory, steps, plan):
        taken = claim(self.workers[worker], holds_directory=holds_directory)
        job = self.model.claim(holds_directory=holds_directory)
        assert (taken and taken.run_id) == (job and job.id)
        return self._go_on(taken, steps, plan) if taken else multiple()

    def _go_on(self, held, steps, plan):
        """As the stretch of a worker goes on, a few states at a time."""
        job = self.model.jobs[held.run_id]
        for _ in range(steps):
            if self._is_stale(held) or job.state not in WORKING:
                return multiple()
            self._step(held, job, plan)
        return held if job.state in WORKING else multiple()

    def _fail(self, held, job, worker):
        block = "It went wrong." if worker and job.state in CHANGING else None
        work.fail(held, "engine", "It went wrong.", block=block)
        job.place.blocked = job.place.blocked or block is not None
        self.model.move(job, S.FAILED)

    def _stop(self, held, job, _worker):
        """What was asked to stop stops, or is killed."""
        if not job.is_stopping:
            return held
        end = S.CANCELED if job.is_being_killed else S.STOPPED
        work.interrupted(held, end, "Stopped.", block="Killed." if end is S.CANCELED else None)
        job.place.blocked = job.place.blocked or end is S.CANCELED
        self.model.move(job, end)
        return None

    def _lose(self, held, job, _worker):
        work.lose(job.id)
        job.epoch += 1
        self.model.lose(job)
        self.late.append(held)

    def _take_over(self, held, job, worker):
        self.late.append(held)
        job.epoch += 1
        return work.take_over(job.id, self.workers[worker], dt.timedelta(seconds=30))

    def _step(self, held, job, has_changes):
        match job.state:
            case S.PREPARING:
                work.enter(held, S.INITIALIZING)
                self.model.move(job, S.INITIALIZING)
            case S.INITIALIZING if job.type is T.TASK:
                work.enter(held, S.PERFORMING)
                self.model.move(job, S.PERFORMING)
            case S.INITIALIZING if job.planned:
                work.burn(held)
                self.model.burn(job)
            case S.INITIALIZING:
                deployment = self._deployment(job.place.name)
                work.base_state(held, deployment.current_state_id)
                work.enter(held, S.PLANNING)
                job.base = job.place.state
                self.model.move(job, S.PLANNING)
            case S.PLANNING:
                self._plan(held, job, has_changes)
            case S.APPLYING | S.DESTROYING | S.PERFORMING:
                serial = job.place.state + 1
                with transaction():
                    states.keep(held, state(serial, things=[f"thing-{serial}"]))
                    work.finish(held, "apply completed")
                job.place.state = serial
                self.model.move(job, S.FINISHED)
            case _:
                raise AssertionError(job.state)

    def _plan(self, held, job, has_changes):
        planned = work.Planned(
            sha256=f"{len(self.model.jobs):064x}",
            has_changes=has_changes,
            summary=SUMMARY if has_changes else dict.fromkeys(SUMMARY, 0),
            bundle=b"bundle" if has_changes else None,
            engine_version="1.15.5",
            engine_path="bundled",
        )
        work.finish_plan(held, planned)
        self.model.finish_plan(job, has_changes=has_changes)

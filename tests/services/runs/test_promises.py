"""Any verbs, in any order, by anybody: queue, lock and states keep what the contract promises.

Two deployments, five people, three workers. After every step the database is held against the
model, against the invariants `gantry doctor` looks for, and against what pages and the API say.
"""

from itertools import pairwise

from hypothesis import Phase, settings
from hypothesis.stateful import (
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from models import invariants
from models.base import db
from models.project import Deployment, DeploymentLock
from models.run import Run
from models.run_content import PlanUse
from models.run_history import RunHistory
from models.run_state import MOVES, WORKING, RunState, RunType
from scheduler import dispatcher
from services.runs import line, offers
from services.runs.waiting import explain
from services.transaction import session
from tests.services.runs.promises.crew import Crew
from tests.services.runs.promises.people import PEOPLE
from tests.services.runs.promises.stage import JOBS, VERBS

S, T = RunState, RunType

# To explain a failure beside shrinking it takes minutes.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)


class Promises(Crew):
    """What holds after every step."""

    @invariant()
    def the_database_is_where_the_model_is(self):
        session().rollback()
        rows = db.session.execute(select(Run.id, Run.state, Run.worker_id, Run.claim_epoch)).all()
        found = {row.id: (row.state, row.worker_id is not None, row.claim_epoch) for row in rows}
        wanted = {
            job.id: (job.state, job.state in WORKING, job.epoch) for job in self.model.jobs.values()
        }
        assert found == wanted
        held = db.session.execute(
            select(Deployment.workspace_name, DeploymentLock.run_id).join(
                DeploymentLock, DeploymentLock.deployment_id == Deployment.id
            )
        )
        assert dict(held.all()) == self.model.locks

    @invariant()
    def nothing_is_that_must_never_be(self):
        for wrong in (
            invariants.ended_but_holding(),
            invariants.crowded(),
            invariants.locks_of_idle_runs(),
            invariants.active_without_lock(),
            invariants.used_more_than_once(),
        ):
            assert db.session.execute(wrong).all() == []
        uses = dict(
            db.session.execute(select(PlanUse.run_id, func.count()).group_by(PlanUse.run_id)).all()
        )
        burned = {job.id: job.burned for job in self.model.jobs.values() if job.burned}
        assert uses == burned
        assert set(burned.values()) <= {1}

    @invariant()
    def the_history_tells_every_state(self):
        told = {}
        rows = select(RunHistory.run_id, RunHistory.state).order_by(RunHistory.id)
        for run_id, state_told in db.session.execute(rows):
            told.setdefault(run_id, []).append(state_told)
        assert told == {job.id: job.history for job in self.model.jobs.values()}
        for states_told in told.values():
            for before, after in pairwise(states_told):
                assert after in MOVES[before]

    @invariant()
    def each_says_truly_why_it_waits_and_behind_whom(self):
        assert list(line.ids(1000)) == [job.id for job in self.model.line()]
        session().expire_all()
        said = explain(db.session.scalars(select(Run)).all())
        for job in self.model.jobs.values():
            reason = said.get(job.id)
            found = reason and (reason.kind, reason.run_id, reason.position)
            assert found == self.model.reason(job)

    @invariant()
    def no_lock_is_free_while_somebody_waits_who_may_have_it(self):
        assert dispatcher.look_again() == 0

    @rule(who=PEOPLE, run=JOBS)
    def the_buttons_are_what_the_server_accepts(self, who, run):
        job = self.model.jobs[run]
        actor = self.world.actor(who)
        row = db.session.get_one(Run, run, populate_existing=True)
        offered = set(offers.offered(actor, row, offers.around([row])[run]))
        accepted = {verb for verb in VERBS if self._would(who, verb, job)}
        assert offered == accepted


def test_any_verbs_in_any_order_by_anybody_keep_every_promise(app, database_kind):
    machine = type("Promises", (Promises,), {"app": app})
    # Quick by itself; HYPOTHESIS_PROFILE=thorough looks a hundred times as long.
    examples = settings().max_examples // (5 if database_kind == "sqlite" else 16)
    how = settings(max_examples=examples, stateful_step_count=40, phases=PHASES)

    run_state_machine_as_test(machine, settings=how)

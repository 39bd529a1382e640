"""The stage: a world, a model beside it, and how a verb is tried on both."""

import pytest
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
)

from lib import clock
from models.base import db
from models.run_state import RunState, RunType
from services import runs
from services.errors import Conflict, Forbidden, GantryError, NotFound
from services.runs import offers
from services.transaction import session, transaction
from tests import databases
from tests import world as worlds
from tests.conftest import NOON
from tests.services.runs.promises.model import LEVEL, Gantry
from tests.services.runs.workshop import hire

S, T = RunState, RunType
VERBS = (*runs.VERBS, offers.PLAN_AGAIN)
JOBS = Bundle("jobs")
CLAIMS = Bundle("claims")


class UndoError(Exception):
    """Raised to take back what a verb was only tried for."""


class Stage(RuleBasedStateMachine):
    """Services on the left, model on the right."""

    app = None

    def __init__(self):
        super().__init__()
        databases.empty(self.app)
        self.clock_frame = clock.frozen(NOON)
        self.clock = self.clock_frame.__enter__()
        self.world = worlds.build()
        self.model = Gantry(["staging", "prod"])
        self.world.prod.protected = False
        db.session.commit()
        self.workers = [hire(f"worker {number}") for number in range(3)]
        self.late = []

    def teardown(self):
        self.clock_frame.__exit__(None, None, None)
        session().rollback()

    def _try(self, who, call, *, refused=False, forbidden=False):
        """What the call returns, after it was seen to be refused where it must be."""
        if LEVEL[who] == 0:
            reasons = [NotFound]
        elif LEVEL[who] == 1:
            reasons = [Forbidden]
        else:  # Which of two reasons is told first is not promised.
            reasons = [Forbidden] * forbidden + [Conflict] * refused
        if not reasons:
            return call()
        with pytest.raises(tuple(reasons)):
            call()
        return None

    def _order(self):
        return len(self.model.jobs)

    def _verb(self, who, verb, job):
        actor = self.world.actor(who)
        calls = {
            "prioritize": lambda: runs.prioritize(
                actor, job.id, priority=self._other_priority(job)
            ),
            "comments": lambda: runs.comment(actor, job.id, "words"),
        }
        name = verb.replace("-", "_")
        return calls.get(verb, lambda: getattr(runs, name)(actor, job.id))()

    def _would(self, who, verb, job):
        try:
            with transaction():
                self._verb(who, verb, job)
                raise UndoError
        except UndoError:
            return True
        except GantryError:
            return False

    @staticmethod
    def _other_priority(job):
        return 3 if job.priority != 3 else 0

    def _deployment(self, name):
        session().rollback()
        made = self.world.deployment(getattr(self.world, name))
        db.session.commit()
        return made

    def _is_stale(self, held):
        return held.epoch != self.model.jobs[held.run_id].epoch

"""What people do, each verb by whoever comes: accepted where the model allows it, else refused."""

import json
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    multiple,
    rule,
)

from models.base import db
from models.run_state import WORKING, RunState, RunType
from services import hold, locks, pools, settling, state_clients, states
from services.access import SYSTEM
from services.transaction import session
from tests.services.runs.promises.model import LEVEL, Job
from tests.services.runs.promises.stage import JOBS, VERBS, Stage
from tests.services.runs.workshop import ask
from tests.services.states.shelf import content

S, T = RunState, RunType
PEOPLE = st.sampled_from(["ada", "alice", "dave", "dave", "dave", "vera", "sam"])
PLACES = st.sampled_from(["staging", "staging", "prod"])
ASIDE = (
    "settle settle bring_a_state bring_a_state client_locks client_unlocks protect limit_the_pool "
    "hold_or_release hold_or_release"
).split()
KINDS = st.sampled_from(["apply", "apply", "apply", "preview", "task", "destroy", "drift"])


class People(Stage):
    """Verbs of people."""

    @initialize(target=JOBS, wanted=st.lists(st.tuples(PLACES, KINDS, st.booleans()), min_size=2))
    def begin(self, wanted):
        """Most stories begin with a queue, or little would happen in them."""
        return multiple(
            *(
                self._make("dave", place, kind, auto=auto, priority=0, trigger="manual")
                for place, kind, auto in wanted[:6]
            )
        )

    @rule(
        target=JOBS,
        who=PEOPLE,
        place=PLACES,
        kind=KINDS,
        priority=st.sampled_from([0, 0, 0, 1, 2]),
        auto=st.booleans(),
        trigger=st.sampled_from(["manual", "manual", "schedule"]),
    )
    def create(self, who, place, kind, priority, auto, trigger):
        made = self._make(who, place, kind, auto=auto, priority=priority, trigger=trigger)
        return made or multiple()

    @rule(target=JOBS, who=PEOPLE, run=JOBS, verb=st.sampled_from(VERBS))
    def act(self, who, run, verb):
        job = self.model.jobs[run]
        allowed = self.model.allows(who, verb, job)
        made = self._try(who, lambda: self._verb(who, verb, job), refused=not allowed)
        if made is None:
            return multiple()
        self.model.act(who, verb, job, self._other_priority(job))
        if verb not in {"rerun", "plan-again", "promote"}:
            return multiple()
        promoted = verb == "promote"
        kind, auto = (T.APPLY, False) if promoted else (job.type, job.auto)
        self.model.create(Job(made.id, job.place, kind, who, "manual", self._order(), auto=auto))
        return made.id

    @rule(who=st.sampled_from(["alice", "dave"]), which=st.integers(0, 5), discards=st.booleans())
    def decide(self, who, which, discards):
        """Confirm what waits for it, or discard it."""
        waiting = [job for job in self.model.jobs.values() if job.state is S.UNCONFIRMED]
        if waiting:
            verb = "discard" if discards and which == 0 else "confirm"
            self.act(who, waiting[which % len(waiting)].id, verb)

    @rule(who=PEOPLE, place=PLACES, force=st.booleans(), locks_it=st.booleans())
    def lay_hands_on(self, who, place, force, locks_it):
        if locks_it:
            self._lock_by_hand(who, place)
        else:
            self._unlock_by_hand(who, place, force)

    @rule(what=st.sampled_from(ASIDE), who=PEOPLE, place=PLACES)
    def aside(self, what, who, place):
        """What happens around runs."""
        getattr(self, f"_{what}")(who, place)

    def _lock_by_hand(self, who, place):
        where = self.model.places[place]
        deployment = self._deployment(place)
        done = self._try(
            who,
            lambda: locks.lock(self.world.actor(who), deployment, "note"),
            refused=where.hand is not None,
        )
        if done:
            self.model.lock(who, where)

    def _unlock_by_hand(self, who, place, force):
        where = self.model.places[place]
        owner = LEVEL[who] == 3
        if where.hand is None and where.client:
            refused = not force
            forbidden = not owner
        else:
            refused = where.hand is None or (where.hand != who and not force)
            forbidden = where.hand not in {None, who} and not owner
        deployment = self._deployment(place)

        def unlock():
            locks.unlock(self.world.actor(who), deployment, force=force)
            return True

        if self._try(who, unlock, refused=refused, forbidden=forbidden):
            if where.hand is None:
                where.client = False
                del self.model.locks[place]
                self.model.admit(where)
            else:
                self.model.unlock(where)

    def _settle(self, who, place):
        where = self.model.places[place]
        done = self._try(
            who,
            lambda: settling.settle(self.world.actor(who), self._deployment(place), settling.KEEP),
            refused=not (where.blocked or where.candidates),
        )
        if done:
            self.model.settle(where)

    def _bring_a_state(self, who, place):
        """Import, the same road as a rollback: whatever was planned before is outdated then."""
        where = self.model.places[place]
        holder = self.model.jobs.get(self.model.locks.get(place) or "")
        refused = where.client or (
            holder is not None and (holder.state in WORKING or where.hand is None)
        )
        serial = where.state + 1
        given = content(serial, things=[f"thing-{serial}"])
        done = self._try(
            who,
            lambda: states.bring(self.world.actor(who), self._deployment(place), given),
            refused=refused,
            forbidden=LEVEL[who] < 3,
        )
        if done:
            where.state = serial

    def _client_locks(self, _who, place):
        where = self.model.places[place]
        info = json.dumps({"ID": "one"}).encode()
        others_hand = where.hand not in {None, "dave"}
        refused = not where.client and (place in self.model.locks or where.blocked or others_hand)
        if self._try(
            "dave",
            lambda: state_clients.lock(self.world.dave, self._deployment(place), info) or True,
            refused=refused,
        ):
            where.client = True
            self.model.locks[place] = None

    def _client_unlocks(self, _who, place):
        where = self.model.places[place]
        info = json.dumps({"ID": "one"}).encode()
        refused = not where.client and place in self.model.locks
        if (
            self._try(
                "dave",
                lambda: (
                    state_clients.unlock(self.world.dave, self._deployment(place), info) or True
                ),
                refused=refused,
            )
            and where.client
        ):
            where.client = False
            del self.model.locks[place]
            self.model.admit(where)

    def _protect(self, _who, place):
        workspace = getattr(self.world, place)
        self.model.places[place].protected = not self.model.places[place].protected
        session().rollback()
        db.session.get_one(type(workspace), workspace.id).protected = self.model.places[
            place
        ].protected
        db.session.commit()

    def _limit_the_pool(self, who, _place):
        limit = {"ada": 0, "alice": 1, "dave": 2}.get(who)
        pools.limit(self.world.ada, pools.EMBEDDED, limit)
        self.model.limit = limit

    def _hold_or_release(self, _who, _place):
        if self.model.on_hold:
            hold.release(SYSTEM)
        else:
            hold.begin(SYSTEM, "a look around")
        self.model.on_hold = not self.model.on_hold

    def _make(self, who, place, kind, *, auto, priority, trigger):
        where = self.model.places[place]
        kind, drift = ("preview", True) if kind == "drift" else (kind, False)
        auto = auto and kind in {"apply", "destroy"}
        options = {"priority": priority, "drift": drift, "auto_apply": auto or None}
        actor = replace(self.world.actor(who), trigger=trigger)
        refused = kind == "destroy" and where.protected
        made = self._try(who, lambda: ask(actor, kind, place, **options), refused=refused)
        if made is None:
            return None
        job = Job(made.id, where, T(kind), who, trigger, self._order(), drift, priority, auto)
        self.model.create(job)
        return made.id

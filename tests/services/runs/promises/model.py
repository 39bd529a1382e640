"""What the contract says of queue, lock and states, as a small model that knows no database.

The machine in `test_promises` does the same to this and to the services, and compares.
"""

from dataclasses import dataclass, field

from models.run_state import CHANGING, FINAL, LOCKING, REPEATABLE, WORKING, RunState, RunType

S, T = RunState, RunType
LEVEL = {"ada": 3, "alice": 3, "dave": 2, "vera": 1, "sam": 0}
BY_HAND = {"manual", "api"}
LOST_LIMIT = 3


@dataclass
class Place:
    """A deployment: whose hand is on it, whether it is blocked, which state is current."""

    name: str
    hand: str | None = None
    blocked: bool = False
    client: bool = False
    protected: bool = False
    state: int = 0
    candidates: int = 0


@dataclass
class Job:
    """A run."""

    id: str
    place: Place
    type: RunType
    by: str
    trigger: str
    order: int
    drift: bool = False
    priority: int = 0
    auto: bool = False
    state: RunState = S.QUEUED
    history: list[RunState] = field(default_factory=lambda: [S.QUEUED])
    base: int | None = None
    planned: bool = False
    burned: int = 0
    lost: int = 0
    epoch: int = 0
    confirmed_by: str | None = None
    is_stopping: bool = False
    may_be_killed: bool = False
    is_being_killed: bool = False
    archived: bool = False

    @property
    def changes_things(self):
        return self.type in LOCKING

    @property
    def is_over(self):
        return self.state in FINAL

    @property
    def at_home(self):
        kind = 0 if self.type is T.TASK else 1 if self.changes_things else 3 if self.drift else 2
        return (kind, -self.priority, self.order)

    @property
    def in_pool(self):
        kind = 0 if self.changes_things else 2 if self.drift else 1
        return (-self.priority, kind, self.order)

    @property
    def is_outdated(self):
        if self.is_over and self.type is not T.PREVIEW:
            return False
        return self.planned and self.base != self.place.state

    def passes(self):
        """Whether a person's lock lets it by."""
        hand = self.place.hand
        return hand is None or (self.trigger in BY_HAND and self.by == hand)

    def is_kept_back(self):
        """Whether a person's lock keeps a worker from claiming it."""
        return self.changes_things and not (self.passes() or self.confirmed_by == self.place.hand)


class Gantry:
    """All of it: every verb as the contract has it."""

    def __init__(self, places):
        self.places = {name: Place(name) for name in places}
        self.jobs: dict[str, Job] = {}
        self.locks: dict[str, str | None] = {}  # place: run id, None for a client
        self.limit: int | None = None
        self.on_hold = False

    # --- moves ------------------------------------------------------------------------------

    def move(self, job, state):
        job.state = state
        job.history.append(state)
        if state in FINAL and job.changes_things:
            if self.locks.get(job.place.name, "") == job.id:
                del self.locks[job.place.name]
            self.admit(job.place)

    def lock_line(self, place):
        """Those that are queued for the lock."""
        waiting = [
            job for job in self.jobs.values() if job.place is place and job.state is S.QUEUED
        ]
        return sorted(waiting, key=lambda job: job.at_home)

    def admit(self, place):
        if place.blocked or place.name in self.locks:
            return
        for job in self.lock_line(place):
            if job.passes():
                self.locks[place.name] = job.id
                self.move(job, S.READY)
                return

    def line(self):
        """Those that wait for a worker, in the order in which they are claimed."""
        left = [
            job
            for job in self.jobs.values()
            if job.state in {S.READY, S.CONFIRMED} and not job.is_kept_back()
        ]
        taken = []
        while left:
            job = min(left, key=lambda one: one.in_pool)
            if job.priority and not job.changes_things:
                same = [other for other in left if other.place is job.place]
                job = min(same, key=lambda one: one.at_home)
            left.remove(job)
            taken.append(job)
        return taken

    def busy(self):
        return sum(job.state in WORKING for job in self.jobs.values())

    # --- people -----------------------------------------------------------------------------

    def create(self, job):
        self.jobs[job.id] = job
        if job.changes_things:
            self.admit(job.place)
        else:
            self.move(job, S.READY)

    def allows(self, who, verb, job):
        """Whether the job's state and surroundings let somebody with the role do this now."""
        place = job.place
        is_protected = job.type is T.DESTROY and place.protected
        waits = job.state is S.UNCONFIRMED
        in_others_hand = place.hand not in {None, who}
        may_be_killed = job.is_stopping and job.may_be_killed and job.state in CHANGING
        return {
            "confirm": waits and not (job.is_outdated or place.blocked or in_others_hand),
            "plan-again": waits and job.is_outdated and not is_protected,
            "discard": job.state in {S.QUEUED, S.READY, S.UNCONFIRMED, S.CONFIRMED},
            "cancel": job.state in WORKING and not job.is_stopping,
            "force-cancel": may_be_killed and not job.is_being_killed,
            "rerun": job.is_over and not is_protected,
            "promote": job.type is T.PREVIEW and job.state is S.FINISHED,
            "prioritize": not job.is_over,
            "archive": not job.archived,
            "unarchive": job.archived,
            "comments": True,
        }[verb]

    def act(self, who, verb, job, priority):
        """Do to a job what was accepted."""
        match verb:
            case "confirm":
                job.confirmed_by = who
                self.move(job, S.CONFIRMED)
            case "discard" | "plan-again":
                self.move(job, S.DISCARDED)
            case "cancel":
                job.is_stopping = True
            case "force-cancel":
                job.is_being_killed = True
            case "archive" | "unarchive":
                job.archived = verb == "archive"
            case "prioritize":
                job.priority = priority
            case _:
                pass

    def lock(self, who, place):
        place.hand = who
        job = self.jobs.get(self.locks.get(place.name) or "")
        if job is not None and job.state is S.READY and not job.passes():
            self.move(job, S.QUEUED)
            del self.locks[place.name]
            self.admit(place)

    def unlock(self, place):
        place.hand = None
        self.admit(place)

    def settle(self, place):
        place.blocked = False
        place.candidates = 0
        self.admit(place)

    # --- workers ----------------------------------------------------------------------------

    def claim(self, *, holds_directory):
        """The job a worker gets, and those dropped on the way because their plan is no use."""
        if self.on_hold or (self.limit is not None and self.busy() >= self.limit):
            return None
        while line := self.line():
            job = line[0]
            if job.planned and (job.place.blocked or job.is_outdated):
                self.move(job, S.DISCARDED)
                continue
            job.epoch += 1
            if job.state is S.CONFIRMED and holds_directory:
                self.burn(job)
            else:
                self.move(job, S.PREPARING)
            return job
        return None

    def burn(self, job):
        job.burned += 1
        self.move(job, S.APPLYING if job.type is T.APPLY else S.DESTROYING)

    def finish_plan(self, job, *, has_changes):
        job.planned = True
        if job.is_stopping:
            self.move(job, S.STOPPED)
        elif job.type is T.PREVIEW or not has_changes:
            self.move(job, S.FINISHED)
        elif job.auto and job.passes() and not job.place.blocked:
            self.burn(job)
        else:
            self.move(job, S.UNCONFIRMED)

    def lose(self, job):
        if job.state in REPEATABLE and job.is_stopping:
            self.move(job, S.STOPPED)
        elif job.state in REPEATABLE and job.lost < LOST_LIMIT:
            job.lost += 1
            self.move(job, S.READY)
        else:
            if job.state in CHANGING:
                job.place.blocked = True
            self.move(job, S.FAILED)

    # --- what is said -----------------------------------------------------------------------

    def reason(self, job):
        """(kind, holding run, place in line) of a job that waits, or None."""
        if job.state is S.UNCONFIRMED:
            return ("human", None, None)
        if job.state not in {S.QUEUED, S.READY, S.CONFIRMED}:
            return None
        if self.on_hold:
            return ("hold", None, None)
        if job.state is S.QUEUED:
            return self._why_queued(job)
        if job.is_kept_back():
            return ("manual_lock", None, None)
        return ("capacity", None, self.line().index(job) + 1)

    def _why_queued(self, job):
        holder = self.locks.get(job.place.name)
        kind = "lock" if holder or job.passes() else "manual_lock"
        kind = "blocked" if job.place.blocked else kind
        place = self.lock_line(job.place).index(job) + 1
        return (kind, holder if kind == "lock" else None, place)

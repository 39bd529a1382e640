"""Why a run waits, in words, with a link and its place: the same on pages, in lists, in the API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models import run_queue
from models.project import Deployment, DeploymentLock, ManualLock
from models.run import Run
from models.run_state import LOCKING, RunState
from services import capacity, hold, pools
from services.hold import Hold
from services.runs import line
from services.runs.moves import passes
from services.runs.offers import is_outdated
from services.transaction import session


@dataclass(frozen=True)
class WaitingOn:
    """What a run waits for. `url` is a path; `position` counts from 1."""

    kind: str
    text: str
    run_id: str | None = None
    url: str | None = None
    position: int | None = None


def waiting_on(run: Run) -> WaitingOn | None:
    """Why this run waits, or None when it does not."""
    return explain([run]).get(run.id)


def explain(runs: Sequence[Run]) -> Mapping[str, WaitingOn]:
    """Why each of the runs that wait does so. The number of queries does not grow with `runs`."""
    waiting = [run for run in runs if run.state in _WAITING]
    if not waiting:
        return {}
    facts = _Facts.of(waiting)
    return {run.id: facts.reason(run) for run in waiting}


_WAITING = frozenset(
    {
        RunState.QUEUED,
        RunState.READY,
        RunState.CONFIRMED,
        RunState.UNCONFIRMED,
        RunState.PENDING_REVIEW,
    }
)
_IN_LINE = frozenset({RunState.READY, RunState.CONFIRMED})
_COUNTED = 1000


@dataclass(frozen=True)
class _Way:
    """What may stand in the way of a deployment's runs."""

    deployment: Deployment
    lock: DeploymentLock | None = None
    hand: ManualLock | None = None
    holder_id: str | None = None
    holder_number: int | None = None


@dataclass(frozen=True)
class _Facts:
    """What the reasons are made of, read once for all the runs in question."""

    ways: Mapping[str, _Way]
    lock_line: Mapping[str, int]
    line: Mapping[str, int]
    pool: pools.Room
    hold: Hold | None

    @classmethod
    def of(cls, runs: Sequence[Run]) -> "_Facts":
        here = session()
        places = sorted({run.deployment_id for run in runs if run.type in LOCKING})
        queued = sorted({run.deployment_id for run in runs if run.state is RunState.QUEUED})
        in_line = any(run.state in _IN_LINE for run in runs)
        ways = here.execute(run_queue.standing_in_the_way(places)) if places else ()
        lock_line = here.execute(run_queue.places_in_lock_lines(queued)) if queued else ()
        taken = line.ids(_COUNTED) if in_line else ()
        return cls(
            ways={row[0].id: _Way(*row) for row in ways},
            lock_line={row[0]: row[1] for row in lock_line},
            line={run_id: place for place, run_id in enumerate(taken, 1)},
            pool=pools.room() if in_line else pools.Room(),
            hold=hold.current(),
        )

    def reason(self, run: Run) -> WaitingOn:
        match run.state:
            case RunState.UNCONFIRMED:
                return self._of_person(run)
            case RunState.PENDING_REVIEW:
                return WaitingOn("approval", "Waits for a review.")
            case _ if self.hold is not None:
                return WaitingOn("hold", f"Gantry is on hold: {self.hold.reason}")
            case RunState.QUEUED if run.type in LOCKING:
                return self._of_lock(run)
            case _:
                return self._of_worker(run)

    def _of_person(self, run: Run) -> WaitingOn:
        way = self.ways.get(run.deployment_id)
        if way is not None and is_outdated(run, way.deployment):
            return WaitingOn("human", "Its plan is outdated: plan again, or discard it.")
        return WaitingOn("human", "Waits for somebody to confirm or discard its plan.")

    def _of_lock(self, run: Run) -> WaitingOn:
        way, position, home = self.ways[run.deployment_id], self.lock_line.get(run.id), _home(run)
        if way.deployment.blocked_at is not None:
            text = f"The deployment is blocked: {way.deployment.blocked_reason}"
            return WaitingOn("blocked", text, url=home, position=position)
        if way.holder_id is not None:
            holder = f"{run.project_name} #{way.holder_number}"
            text = f"Waits for the deployment’s lock, which {holder} holds{_behind(position)}"
            return WaitingOn("lock", text, way.holder_id, f"/runs/{way.holder_id}", position)
        if way.hand is not None and not passes(run, way.hand):
            return _of_hand(run, way.hand, position)
        who = _client_words(way.lock) if way.lock is not None else "Waits for its turn"
        return WaitingOn("lock", who + _behind(position), url=home, position=position)

    def _of_worker(self, run: Run) -> WaitingOn:
        hand = self.ways[run.deployment_id].hand if run.type in LOCKING else None
        if hand is not None and not (passes(run, hand) or run.confirmed_by_id == hand.user_id):
            return _of_hand(run, hand, None)
        if not self.pool.has_workers:
            return WaitingOn("worker", "Waits for a worker; none is connected now.")
        if run.type in LOCKING and capacity.is_too_little():
            return WaitingOn("capacity", f"Waits for room: too little disk. {capacity.words()}")
        place = self.line.get(run.id)
        if self.pool.concurrency == 0:
            text = "Waits for the pool, which an administrator has paused"
            return WaitingOn("capacity", text + _behind(place), url="/queue", position=place)
        at_once = self.pool.words
        if place is None:
            text = f"Waits for a free worker{at_once}, behind more than {_COUNTED:,} runs."
            return WaitingOn("capacity", text, url="/queue")
        others = "no run" if place == 1 else "1 run" if place == 2 else f"{place - 1} runs"
        text = f"Waits for a free worker{at_once}, with {others} ahead."
        return WaitingOn("capacity", text, url="/queue", position=place)


def _home(run: Run) -> str:
    names = (run.project_name, run.stack_name, run.workspace_name)
    return "/projects/{}/stacks/{}/workspaces/{}".format(*names)


def _of_hand(run: Run, hand: ManualLock, position: int | None) -> WaitingOn:
    note = f": “{hand.note}”" if hand.note else "."
    text = f"{hand.user_name} locked the deployment{note}"
    return WaitingOn("manual_lock", text, url=_home(run), position=position)


def _behind(position: int | None) -> str:
    """The end of a sentence: how many others come before."""
    if position is None or position < 2:
        return "."
    return ", behind 1 other." if position == 2 else f", behind {position - 1} others."


def _client_words(lock: DeploymentLock) -> str:
    who = (lock.client or {}).get("words") or "a state client"
    return f"Waits for the deployment’s lock, which {who} holds from outside"

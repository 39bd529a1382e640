"""Why a run waits, in words, with a link and its place: the same on pages, in lists, in the API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from models import run_queue
from models.project import Deployment, ManualLock
from models.run import Run
from models.run_state import LOCKING, RunState
from models.worker import Worker
from services import capacity, hold
from services.hold import Hold
from services.runs.moves import passes
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
_COUNTED = 100


@dataclass(frozen=True)
class _Facts:
    """What the reasons are made of, read once for all the runs in question."""

    holders: Mapping[str, tuple[str | None, int | None, str | None]]
    clients: Mapping[str, Mapping[str, str]]
    hands: Mapping[str, ManualLock]
    blocked: Mapping[str, Deployment]
    line: Mapping[str, int]
    workers: bool
    hold: Hold | None

    @classmethod
    def of(cls, runs: Sequence[Run]) -> "_Facts":
        here = session()
        places = sorted({run.deployment_id for run in runs if run.state is RunState.QUEUED})
        in_line = any(run.state in {RunState.READY, RunState.CONFIRMED} for run in runs)
        locks = here.execute(run_queue.holders(places)).all() if places else []
        return cls(
            holders={
                lock.deployment_id: (run_id, number, project)
                for lock, run_id, number, project in locks
            },
            clients={lock.deployment_id: lock.client for lock, *_ in locks if lock.client},
            hands={row.deployment_id: row for row in here.scalars(run_queue.manual_locks(places))}
            if places
            else {},
            blocked={row.id: row for row in here.scalars(run_queue.blocked(places))}
            if places
            else {},
            line=_line() if in_line else {},
            workers=not in_line or _has_workers(),
            hold=hold.current(),
        )

    def reason(self, run: Run) -> WaitingOn:
        match run.state:
            case RunState.UNCONFIRMED:
                return WaitingOn("human", "Waits for somebody to confirm or discard its plan.")
            case RunState.PENDING_REVIEW:
                return WaitingOn("approval", "Waits for a review.")
            case _ if self.hold is not None:
                return WaitingOn("hold", f"Gantry is on hold: {self.hold.reason}")
            case RunState.QUEUED if run.type in LOCKING:
                return self._of_lock(run)
            case _:
                return self._of_worker(run)

    def _of_lock(self, run: Run) -> WaitingOn:
        place = run.deployment_id
        names = (run.project_name, run.stack_name, run.workspace_name)
        home = "/projects/{}/stacks/{}/workspaces/{}".format(*names)
        if place in self.blocked:
            reason = self.blocked[place].blocked_reason
            return WaitingOn("blocked", f"The deployment is blocked: {reason}", url=home)
        run_id, number, project = self.holders.get(place, (None, None, None))
        if run_id is not None:
            text = f"Waits for the deployment’s lock, which {project} #{number} holds."
            return WaitingOn("lock", text, run_id=run_id, url=f"/runs/{run_id}")
        hand = self.hands.get(place)
        if hand is not None and not passes(run, hand):
            note = f": “{hand.note}”" if hand.note else "."
            return WaitingOn(
                "manual_lock", f"{hand.user_name} locked the deployment{note}", url=home
            )
        if place in self.holders:
            return WaitingOn("lock", _client_words(self.clients.get(place, {})), url=home)
        return WaitingOn("capacity", "Waits for its turn.", position=1)

    def _of_worker(self, run: Run) -> WaitingOn:
        if not self.workers:
            return WaitingOn("worker", "Waits for a worker; none is connected now.")
        if run.type in LOCKING and capacity.is_too_little():
            return WaitingOn("capacity", f"Waits for room: too little disk. {capacity.words()}")
        ahead = self.line.get(run.id)
        if ahead is None:
            return WaitingOn("capacity", f"Waits for a free worker, behind more than {_COUNTED}.")
        others = "no run" if ahead == 0 else "1 run" if ahead == 1 else f"{ahead} runs"
        text = f"Waits for a free worker, with {others} ahead."
        return WaitingOn("capacity", text, position=ahead + 1)


def _client_words(client: Mapping[str, str]) -> str:
    who = client.get("words") or "a state client"
    return f"Waits for the deployment’s lock, which {who} holds from outside."


def _line() -> Mapping[str, int]:
    ids = session().scalars(run_queue.claimable().with_only_columns(Run.id).limit(_COUNTED))
    return {run_id: place for place, run_id in enumerate(ids)}


def _has_workers() -> bool:
    alive = select(Worker.id).where(Worker.stopped_at.is_(None), Worker.slots > 0).limit(1)
    return session().scalars(alive).first() is not None

"""Gauges: how things stand now. Each is a name, what it says, its labels, and who reads it."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import Select, func, select

from lib import clock
from models import outbox as outbox_models
from models import pools, run_statistics
from models.outbox import OutboxMessage
from models.project import Deployment
from models.run_state import RunState, RunType
from models.schedule import Schedule
from models.user import ApiToken
from models.worker import EMBEDDED, Worker
from services import capacity, health, hold, leases, outbox
from services.tokens import SOON
from services.transaction import session
from services.workers import LEASE

Found = Mapping[tuple[str, ...], float]
MOST_COUNTED = 1000
POOL = EMBEDDED
WAITING_FOR_A_WORKER = (RunState.READY, RunState.CONFIRMED)


class Reading:
    """One look at everything: what several gauges are made of is asked once."""

    @cached_property
    def unfinished(self) -> Sequence[tuple[RunState, RunType, int]]:
        """(state, type, how many runs)."""
        rows = session().execute(run_statistics.unfinished_by_state_and_type())
        return [(state, run_type, count) for state, run_type, count in rows]


def _runs(reading: Reading) -> Found:
    found: dict[tuple[str, ...], float] = {
        (state.value, run_type.value): 0
        for state in run_statistics.UNFINISHED
        for run_type in RunType
    }
    return found | {
        (state.value, run_type.value): count for state, run_type, count in reading.unfinished
    }


def _queue(reading: Reading) -> Found:
    """By what is waited for: a worker, or something that keeps a run from being ready."""
    rows = reading.unfinished
    worker = sum(count for state, _, count in rows if state in WAITING_FOR_A_WORKER)
    other = sum(count for state, _, count in rows if state is RunState.QUEUED)
    return {(POOL, "worker"): worker, (POOL, "other"): other}


def _queue_age(_reading: Reading) -> Found:
    return {(POOL,): _seconds_since(run_statistics.longest_waiting())}


def _seconds_since(query: Select[Any]) -> float:
    at = session().scalar(query)
    return max(0.0, (clock.now() - at).total_seconds()) if at is not None else 0.0


def _workers(_reading: Reading) -> Found:
    return {(POOL,): float(len(_connected()))}


def _slots(_reading: Reading) -> Found:
    return {(POOL,): float(sum(worker.slots for worker in _connected()))}


def _connected() -> list[Worker]:
    query = pools.connected(POOL, leases.now() - LEASE).limit(MOST_COUNTED)
    return list(session().scalars(query))


def _busy(_reading: Reading) -> Found:
    return {(POOL,): float(session().scalars(pools.busy(POOL)).one())}


def _outbox(_reading: Reading) -> Found:
    return {(kind,): count for kind, count in outbox.depths().items()} or {("mail",): 0}


def _outbox_late(_reading: Reading) -> Found:
    oldest = select(func.min(OutboxMessage.due_at)).where(outbox_models.is_open())
    return {(): _seconds_since(oldest)}


def _schedule_late(_reading: Reading) -> Found:
    is_waiting = Schedule.next_fire_at.is_not(None) & Schedule.paused_at.is_(None)
    return {(): _seconds_since(select(func.min(Schedule.next_fire_at)).where(is_waiting))}


def _schedules_due(_reading: Reading) -> Found:
    is_due = Schedule.paused_at.is_(None) & (Schedule.next_fire_at <= clock.now())
    return {(): _counted(select(Schedule.id).where(Schedule.next_fire_at.is_not(None), is_due))}


def _counted(query: Select[str]) -> float:
    some = query.limit(MOST_COUNTED).subquery()
    return float(session().scalar(select(func.count()).select_from(some)) or 0)


def _blocked(_reading: Reading) -> Found:
    return {(): _counted(select(Deployment.id).where(Deployment.blocked_at.is_not(None)))}


def _expiring(_reading: Reading) -> Found:
    now = clock.now()
    is_soon = (ApiToken.expires_at > now) & (ApiToken.expires_at <= now + SOON)
    return {(): _counted(select(ApiToken.id).where(ApiToken.revoked_at.is_(None), is_soon))}


def _free(_reading: Reading) -> Found:
    return {(): capacity.free_bytes()}


def _floor(_reading: Reading) -> Found:
    return {(): capacity.floor_bytes()}


def _health(_reading: Reading) -> Found:
    return {(check.name,): float(check.is_well) for check in health.checks(with_work=True)}


def _on_hold(_reading: Reading) -> Found:
    return {(): float(hold.current() is not None)}


TABLE: Mapping[str, tuple[str, tuple[str, ...], Callable[[Reading], Found]]] = {
    "gantry_runs": ("Runs that have not ended.", ("state", "type"), _runs),
    "gantry_queue_depth": ("Runs that wait, by what for.", ("pool", "waits_for"), _queue),
    "gantry_queue_oldest_seconds": (
        "How long the run has waited for a worker that has waited longest.",
        ("pool",),
        _queue_age,
    ),
    "gantry_workers": ("Workers that are connected.", ("pool",), _workers),
    "gantry_worker_slots": ("Runs that can be at work at once.", ("pool",), _slots),
    "gantry_worker_busy": ("Runs at work.", ("pool",), _busy),
    "gantry_outbox_messages": ("Messages that wait to be delivered.", ("kind",), _outbox),
    "gantry_outbox_late_seconds": (
        "How long the message is overdue that is overdue longest.",
        (),
        _outbox_late,
    ),
    "gantry_schedule_late_seconds": (
        "How long the schedule is overdue that is overdue longest.",
        (),
        _schedule_late,
    ),
    "gantry_schedules_due": ("Schedules whose time has come.", (), _schedules_due),
    "gantry_deployments_blocked": ("Deployments somebody has to settle.", (), _blocked),
    "gantry_tokens_expiring": ("Tokens that expire within two weeks.", (), _expiring),
    "gantry_disk_free_bytes": ("Free on the data directory's disk.", (), _free),
    "gantry_disk_floor_bytes": ("Below this nothing starts that changes things.", (), _floor),
    "gantry_health": ("Whether a part is well.", ("part",), _health),
    "gantry_on_hold": ("Whether a restored portal waits for its release.", (), _on_hold),
}
"""Name → (what it says, its labels, who reads it)."""

"""One stretch of a run: from a claim to the next state that waits for somebody, or to the end."""

import shutil
from dataclasses import replace

import structlog

from lib import log_file
from models.run import Run
from models.run_state import CHANGING, REPEATABLE, RunState, RunType
from scheduler.execution import changing, planning, preparing
from scheduler.execution.desk import Abandoned, Desk, Failed, Interrupted
from scheduler.execution.site import Site
from scheduler.spawner import StepTakenOver, SupervisorLost
from services.errors import Collided, Conflict, Unavailable
from services.runs import work
from services.transaction import AWAY

log = structlog.get_logger(__name__)

_PACK_FROM_BYTES = 256 * 1024
_CHANGES = frozenset({RunState.APPLYING, RunState.DESTROYING})


def carry_out(desk: Desk) -> None:
    """Take the run as far as it goes now. Whatever happens, it is said on the run."""
    run_id = desk.claim.run_id
    with structlog.contextvars.bound_contextvars(run_id=run_id, worker_id=desk.claim.worker_id):
        _carry_out(desk, run_id)


def _carry_out(desk: Desk, run_id: str) -> None:
    try:
        _attempt(desk)
    except (work.Fenced, StepTakenOver):
        log.info("another worker holds the run now")
    except Collided:
        log.warning("somebody else wrote at the same moment; the run is taken up again")
    except (Unavailable, *AWAY) as error:
        # Never a reason to end the run: its engine goes on, and so does whoever adopts it.
        reason = str(error.__cause__ or error)
        log.warning("the database is away; the run is taken up later", reason=reason)
    except Exception:
        # The executor's edge: a fault of ours must end the run visibly, never hold its lock.
        log.exception("the executor failed")
        _give_up(desk, "Gantry itself failed; this is not your configuration. Its log says more.")
    finally:
        tidy(desk.site, run_id)


def _attempt(desk: Desk) -> None:
    """Go, and end the run as the way it stopped going says."""
    try:
        _go(desk)
    except Abandoned:
        log.info("left at work for the next portal to adopt")
    except Interrupted as stop:
        with desk.telling():
            work.interrupted(desk.claim, stop.state, stop.text)
    except Failed as failure:
        _fail(desk, failure)
    except SupervisorLost:
        if desk.order.state in CHANGING:
            changing.rescue(desk)
        work.lose(desk.claim.run_id, epoch=desk.claim.epoch, is_leased=True)
    except (work.Fenced, Collided):
        raise
    except Conflict as refusal:
        work.fail(desk.claim, "configuration", refusal.text)


def _go(desk: Desk) -> None:
    run = _next(desk, desk.order.state)
    while run is not None and run.state in _CHANGES:
        desk.order = replace(desk.order, state=run.state)
        run = changing.change(desk)


def _next(desk: Desk, state: RunState) -> Run | None:
    """Begin where the run stands: newly claimed, confirmed, or taken over from a former portal."""
    match state:
        case RunState.PREPARING:
            if desk.was_adopted:
                # Counted: what brings a portal down while it prepares would do so for ever.
                return work.lose(desk.claim.run_id, epoch=desk.claim.epoch, is_leased=True)
            preparing.prepare(desk)
            return _prepared(desk)
        case RunState.INITIALIZING:
            preparing.initialize(desk)
            return _initialized(desk)
        case RunState.PLANNING:
            return planning.plan(desk)
        case RunState.PERFORMING:
            return changing.perform(desk)
        case RunState.APPLYING | RunState.DESTROYING:
            return changing.change(desk)
        case _:
            raise Failed("gantry", f"No worker works on a run that is {state}.")


def _prepared(desk: Desk) -> Run | None:
    if desk.order.type is RunType.TASK and not desk.order.with_init:
        return changing.perform(desk)
    if desk.order.plan is not None:
        planning.restore(desk)
    preparing.initialize(desk)
    return _initialized(desk)


def _initialized(desk: Desk) -> Run | None:
    if desk.order.type is RunType.TASK:
        return changing.perform(desk)
    if desk.order.plan is not None:
        with desk.telling():
            return work.burn(desk.claim)
    return planning.plan(desk)


def _fail(desk: Desk, failure: Failed) -> None:
    """End a run that went wrong; one whose directory was merely taken over badly starts anew."""
    if desk.was_adopted and failure.kind in {"worker", "gantry"} and desk.order.state in REPEATABLE:
        work.lose(desk.claim.run_id, epoch=desk.claim.epoch, is_leased=True)
    else:
        with desk.telling():
            work.fail(desk.claim, failure.kind, failure.text)


def _give_up(desk: Desk, text: str) -> None:
    if desk.order.state not in CHANGING:
        work.fail(desk.claim, "gantry", text)
        return
    try:
        changing.rescue(desk)
    except Exception:
        # What failed us may be this very state. The run must end all the same.
        log.exception("the state that a run left could not be kept")
    work.fail(desk.claim, "gantry", text, block=text)


def tidy(site: Site, run_id: str) -> None:
    """Remove a run's directory once it is over; its state is stored by then. Pack a long log."""
    if not work.may_clear(run_id):
        return
    shutil.rmtree(site.work_dir(run_id), ignore_errors=True)
    path = site.log_path(run_id)
    if path.exists() and path.stat().st_size > _PACK_FROM_BYTES:
        log_file.compress(path)

"""Processes killed and frozen, at each moment of a run's life."""

import signal
import time
from dataclasses import dataclass

from models.run_state import WORKING
from tests.faults.servers import processes_of
from tests.faults.slow import answering_after

#: What dies. `all`: the portal, the supervisor and the engine at once. `worker`: the portal's
#: process that works, whose master makes another. `frozen`: the supervisor stands still and the
#: portal dies. `machine`: everything of the run and of the portal, its keeper included.
TARGETS = ("portal", "worker", "supervisor", "engine", "all", "frozen", "machine")
MOMENTS = (
    "queued",
    "preparing",
    "planning",
    "unconfirmed",
    "confirmed",
    "applying",
    "ending",
    "cancelling",
)
_SLOW_S = 3.0
_PASSIVE = {"queued", "unconfirmed"}
_OF_STEPS = {
    "supervisor": ("supervisor",),
    "frozen": ("supervisor",),
    "engine": ("engine",),
    "all": ("supervisor", "engine"),
    "machine": ("supervisor", "keeper", "engine"),
}
_OF_PORTAL = {"portal", "all", "frozen", "machine"}


@dataclass(frozen=True)
class _Met:
    """How a blow found a run."""

    state: str
    epoch: int


@dataclass(frozen=True)
class Struck:
    """What became of one blow: the state it met, and how long the run was an orphan.

    That is the time until somebody had the run in hand again, or had ended it: from the moment at
    which the new portal answered, or from the blow where none was started. `start_s` is what that
    portal took to start.
    """

    target: str
    moment: str
    state: str
    orphan_s: float | None
    start_s: float = 0.0


def combinations():
    """Every (target, moment) that differs from another one."""
    return [
        (target, moment)
        for target in TARGETS
        for moment in MOMENTS
        if moment not in _PASSIVE or target in {"portal", "worker", "all"}
    ]


def strike(scene, rng, target, moment):
    """Bring a run to a moment, strike, start again what was killed, and see everything end."""
    with answering_after(_SLOW_S) as slow:
        return _strike(scene, rng, target, moment, slow)


def _strike(scene, rng, target, moment, slow):
    stack = scene.stack()
    run = _bring_to(scene, rng, stack, moment, slow)
    scene.ask(stack, auto_apply=True)  # One that waits behind it.
    server = scene.server
    start_s, began = 0.0, time.monotonic()
    _blow(scene, run, target)
    met = _met(scene, run)
    if target in _OF_PORTAL:
        server = scene.start()
        start_s, began = time.monotonic() - began, time.monotonic()
    if target == "worker":
        server.until_back()
        start_s, began = time.monotonic() - began, time.monotonic()
    orphan_s = _found(scene, run, met, began) if _is_orphaned(met, target) else None
    scene.finish(within_s=240)
    return Struck(target, moment, met.state, orphan_s, start_s)


def _bring_to(scene, rng, stack, moment, slow):
    if moment == "queued":
        first = scene.ask(stack, ticks=15, auto_apply=True)
        scene.until_begun(first)
        run = scene.ask(stack, auto_apply=True)
        time.sleep(rng.uniform(0, 0.3))
        return run
    if moment == "cancelling":
        run = scene.ask(stack, slow=slow)
    else:
        run = scene.ask(stack, ticks=4 if moment == "ending" else 25)
    if moment == "preparing":
        time.sleep(rng.uniform(0, 0.2))
    elif moment == "planning":
        scene.until(run, lambda it: it.state in {"planning", "unconfirmed"})
        time.sleep(rng.uniform(0, 0.15))
    else:
        scene.settled(run)
        _beyond_the_plan(scene, rng, run, moment)
    return run


def _beyond_the_plan(scene, rng, run, moment):
    if moment == "unconfirmed":
        return
    assert scene.confirm(run) == 200
    if moment == "confirmed":
        time.sleep(rng.uniform(0, 0.1))
        return
    scene.until_begun(run)
    time.sleep(rng.uniform(0.1, 0.4) if moment == "ending" else rng.uniform(0, 1))
    if moment == "cancelling":
        assert scene.server.verb(run.id, "cancel") == 200
        time.sleep(rng.uniform(0, 1))


def _blow(scene, run, target):
    """Strike. What is to die at once is stopped first, so that none sees the other die."""
    steps = processes_of(scene.inside.work_dir(run))
    if target in _OF_PORTAL:
        scene.server.freeze()
    for name in _OF_STEPS.get(target, ()):
        for process in steps[name]:
            _end(process, target)
    if target in _OF_PORTAL:
        scene.kill()
    if target == "worker":
        scene.server.kill_worker()


def _end(process, target):
    process.send(signal.SIGSTOP if target == "frozen" else signal.SIGKILL)
    if target == "machine":
        process.send_group(signal.SIGKILL)


def _met(scene, run):
    row = scene.now(run)
    return _Met(row.state.value, row.claim_epoch)


def _is_orphaned(met, target):
    return met.state in WORKING and target in {*_OF_PORTAL, "worker"}


def _found(scene, run, met, began):
    """Seconds until somebody took the run up again, or ended it."""
    scene.until(run, lambda it: it.claim_epoch > met.epoch or it.state != met.state)
    return time.monotonic() - began

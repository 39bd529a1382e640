"""The embedded pool: threads of this process that claim runs and carry them out."""

import os
import socket
import threading
from collections.abc import Callable

import structlog

from lib import procfs
from models.run import Run
from scheduler.execution import stretch
from scheduler.execution.desk import Desk
from scheduler.execution.site import Site
from services import hints, workers
from services.errors import GantryError, Unavailable
from services.runs import work

log = structlog.get_logger(__name__)

HEARTBEAT_EVERY_S = 2.0
_STOP_LOOKS_EVERY_S = 0.05


class Pool:
    """`slots` threads, and one that keeps the leases, looks for strays and passes on stop requests.

    Hints wake it at once; the look-around of every two seconds is for hints that were lost, and for
    what other processes did.
    """

    def __init__(self, site: Site, slots: int) -> None:
        self._site = site
        self._slots = slots
        self._wake = threading.Condition()
        self._waiting = 0
        self._desks: dict[str, Desk] = {}
        self._guard = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._unseated: set[str] = set()
        self._forget: Callable[[], None] = _nothing
        self.worker_id = ""

    def start(self) -> None:
        """Enter the book of workers, adopt what a former process left, and begin to claim."""
        host = socket.gethostname()
        with self._site.unit():
            self.worker_id = workers.register("embedded pool", host, os.getpid(), self._slots)
        self._forget = hints.listen(self._hear)
        self._look_around()
        for number in range(self._slots):
            self._begin(self._work, f"worker-{number + 1}")
        self._begin(self._keep_house, "worker-house")
        self._notify()

    def stop(self, drain_s: float) -> None:
        """Claim nothing more; let phases in flight go on for a while, then leave them to others."""
        self._forget()
        with self._wake:
            self._slots = 0
            self._wake.notify_all()
        self._drain(drain_s)
        self._site.closing.set()
        for thread in self._threads:
            thread.join(timeout=5.0)
        with self._site.unit():
            workers.sign_off(self.worker_id)

    @property
    def busy(self) -> int:
        """How many runs are at work here now."""
        with self._guard:
            return len(self._desks)

    def _drain(self, drain_s: float) -> None:
        pause = threading.Event()
        for _ in range(round(drain_s / _STOP_LOOKS_EVERY_S)):
            if not self.busy:
                return
            pause.wait(_STOP_LOOKS_EVERY_S)

    def _begin(self, target: Callable[..., None], name: str, *args: object) -> None:
        thread = threading.Thread(target=target, name=name, args=args, daemon=True)
        self._threads = [*(t for t in self._threads if t.is_alive()), thread]
        thread.start()

    def _hear(self, hint: hints.Hint) -> None:
        match hint:
            case hints.WorkWaiting():
                self._notify()
            case hints.StopWanted(run_id=run_id, kill=kill):
                with self._guard:
                    desk = self._desks.get(run_id)
                if desk is not None:
                    desk.press_stop(kill=kill)
            case _:
                pass

    def _notify(self) -> None:
        with self._wake:
            self._waiting = min(self._waiting + 1, max(1, self._slots))
            self._wake.notify()

    def _work(self) -> None:
        while self._awaited():
            try:
                with self._site.unit():
                    while self._slots and self._claim_one():
                        pass
            except Unavailable:
                log.warning("the database is away; waiting for it")
            except Exception:
                # A thread that dies would take a slot of the pool with it.
                log.exception("a worker thread stumbled")

    def _awaited(self) -> bool:
        """Wait until there may be something to claim. False when the pool stops."""
        with self._wake:
            while self._slots and not self._waiting:
                self._wake.wait()
            self._waiting = max(0, self._waiting - 1)
            return bool(self._slots)

    def _claim_one(self) -> bool:
        claim = work.claim(self.worker_id, workers.LEASE, self._holds_directory)
        if claim is None:
            return False
        self._carry_out(claim, adopting=False)
        return True

    def _holds_directory(self, run: Run) -> bool:
        return (self._site.work_dir(run.id) / "src").is_dir()

    def _carry_out(self, claim: work.Claim, *, adopting: bool) -> None:
        desk = self._seat(claim, adopting=adopting)
        try:
            stretch.carry_out(desk)
        finally:
            with self._guard:
                self._desks.pop(claim.run_id, None)

    def _seat(self, claim: work.Claim, *, adopting: bool) -> Desk:
        desk = Desk(self._site, claim, adopting=adopting)
        with self._guard:
            self._desks[claim.run_id] = desk
        # Asked between the claim and this line, a stop would otherwise be heard by nobody.
        wanted = work.stop_wanted(claim.run_id)
        if wanted is not None:
            desk.press_stop(kill=wanted)
        return desk

    def _keep_house(self) -> None:
        while not self._site.closing.wait(HEARTBEAT_EVERY_S):
            try:
                self._look_around()
            except GantryError as error:
                log.warning("the pool could not look around", reason=error.text)
            except Exception:
                # As for the workers: this thread keeps every lease.
                log.exception("the pool stumbled while looking around")

    def _look_around(self) -> None:
        with self._site.unit():
            workers.heartbeat(self.worker_id)
            if self._slots and workers.is_work_waiting():
                self._notify()
            self._pass_on_stops()
            self._take_up_own()
            self._take_up_strays()

    def _pass_on_stops(self) -> None:
        with self._guard:
            desks = list(self._desks.values())
        for desk in desks:
            wanted = work.stop_wanted(desk.claim.run_id)
            if wanted is not None:
                desk.press_stop(kill=wanted)

    def _take_up_own(self) -> None:
        """Runs that this worker holds but nobody works on: left when the database was away.

        Only what was so at the last look, too: a run that was just claimed is about to be seated.
        """
        held = set(workers.held(self.worker_id))
        with self._guard:
            unseated = held - self._desks.keys()
        for run_id in unseated & self._unseated:
            self._adopt(run_id)
        self._unseated = unseated - self._unseated

    def _take_up_strays(self) -> None:
        """Adopt before reap: what lies in our data directory is taken over, the rest is lost.

        A run that had not begun has left nothing anywhere: it is laid down at once.
        """
        for stray in workers.strays(self.worker_id):
            here = self._site.work_dir(stray.run_id).is_dir()
            if _is_gone(stray) and (here or not stray.has_begun):
                self._adopt(stray.run_id, epoch=stray.epoch)
            elif stray.lease_over:
                work.lose(stray.run_id, epoch=stray.epoch)

    def _adopt(self, run_id: str, epoch: int | None = None) -> None:
        claim = work.take_over(run_id, self.worker_id, workers.LEASE, epoch=epoch)
        if claim is not None:
            log.info("taking over a run at work", run=run_id)
            self._begin(self._adopted, f"adopted-{run_id}", claim)

    def _adopted(self, claim: work.Claim) -> None:
        with self._site.unit():
            self._carry_out(claim, adopting=True)


def _nothing() -> None:
    """Listen to nothing, so there is nothing to forget."""


def _is_gone(stray: workers.Stray) -> bool:
    """Whether a stray's worker carries nothing on any more.

    A portal in a container has the same process id at each start: a worker with ours is dead.
    """
    if stray.lease_over or stray.has_signed_off:
        return True
    is_here = stray.worker_host == socket.gethostname()
    # One that nobody has reaped is as dead as one that is gone.
    is_dead = not procfs.identify(stray.worker_pid).is_alive
    return is_here and (stray.worker_pid == os.getpid() or is_dead)

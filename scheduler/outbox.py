"""Delivering the outbox: a thread takes what is due and hands it to the deliverer of its kind."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from lib.net import Refused
from scheduler import aftermath, mail, vcs_reports
from scheduler.execution.site import Site
from scheduler.undeliverable import Undeliverable
from services import drift, hints, hold, outbox, ttl
from services.errors import GantryError

__all__ = ["DELIVERERS", "Deliverer", "Postman", "Undeliverable", "deliver"]

log = structlog.get_logger(__name__)

BATCH = 20
LOOK_EVERY_S = 5.0

Deliverer = Callable[[Site, Mapping[str, Any], str], None]
"""(site, payload, message id): returns when it arrived.

Raises Undeliverable when trying again is of no use, GantryError or OSError when it may be.
"""

DELIVERERS: dict[str, Deliverer] = {
    "email": mail.look_at,
    "mail": mail.deliver,
    drift.RECONCILE: aftermath.reconcile,
    ttl.CLEAR: aftermath.clear,
    "vcs_status": vcs_reports.deliver_status,
    "vcs_comment": vcs_reports.deliver_comment,
}
"""Who delivers which kind of message; a new kind is one line here."""


class Postman:
    """Delivers while this process leads. Several at once would do no harm: a message is taken."""

    def __init__(self, site: Site, leads: Callable[[], bool]) -> None:
        self._site, self._leads = site, leads
        self._wake, self._closing = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="outbox", daemon=True)
        self._forget = hints.listen(self._hear)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the message in hand; what is not delivered stays for the next."""
        self._forget()
        self._closing.set()
        self._wake.set()
        self._thread.join(timeout=30)

    def _hear(self, hint: hints.Hint) -> None:
        if isinstance(hint, hints.OutboxWaiting):
            self._wake.set()

    def _work(self) -> None:
        while not self._closing.is_set():
            self._wake.wait(LOOK_EVERY_S)
            self._wake.clear()
            if self._leads() and not self._closing.is_set():
                self._round()

    def _round(self) -> None:
        try:
            while not self._closing.is_set() and deliver(self._site):
                pass
        except GantryError as error:
            log.warning("the outbox could not be looked at", reason=error.text)


def deliver(site: Site) -> int:
    """Deliver one batch of what is due; how many messages were tried. On hold none is."""
    with site.unit():
        batch = [] if hold.is_on() else outbox.take(BATCH)
    for taken in batch:
        with site.unit():
            _deliver(site, taken)
    return len(batch)


def _deliver(site: Site, taken: outbox.Taken) -> None:
    deliverer = DELIVERERS.get(taken.kind)
    if not outbox.begin(taken):
        return
    try:
        if deliverer is None:
            raise Undeliverable(f"This Gantry knows nobody who delivers “{taken.kind}”.")
        deliverer(site, taken.payload, taken.id)
    except (Undeliverable, Refused) as error:
        log.warning("a message was given up", kind=taken.kind, id=taken.id, reason=str(error))
        outbox.failed(taken, str(error), for_good=True)
    except (GantryError, OSError) as error:
        log.info("a message waits for another try", kind=taken.kind, id=taken.id, reason=str(error))
        outbox.failed(taken, str(error))
    except Exception as error:  # A fault in one message must not end the delivery of all others.
        log.exception("a message could not be delivered", kind=taken.kind, id=taken.id)
        outbox.failed(taken, f"A fault of Gantry’s own: {type(error).__name__}.")
    else:
        outbox.delivered(taken)

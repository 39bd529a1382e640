"""Deliveries: what services send, kept before anything is done about it, once each.

The signature is checked on the raw bytes before they are read. An answer of 2xx follows the
commit. What becomes of a delivery is decided later, by a worker (`services.vcs.processing`).
"""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from integrations.vcs import SERVICES, Action, Event, Kind, Unreadable
from integrations.vcs.event import NO_COMMIT
from lib import clock, ids
from models import vcs_lists
from models.project import Deployment, Project
from models.run import Run
from models.vcs import VcsDelivery, VcsIntegration, VcsLink, VcsOutcome
from services import audit, errors, hints, paging
from services.access import Action as Right
from services.access import Actor, can, require, visible
from services.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge
from services.page import LONGEST_PAGE, Page, cut
from services.transaction import after_commit, is_duplicate, session, transaction
from services.vcs import integrations

LARGEST_BODY_BYTES = 25 << 20
"""What GitHub says that it sends at most."""

KEPT = dt.timedelta(days=90)
HEARD_EVERY = dt.timedelta(seconds=30)
VERDICTS = ("pending", "processed", "ignored", "failed")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Accepted:
    """What became of a request: the delivery it is, and whether that had come before."""

    delivery_id: str
    is_replay: bool
    verdict: str
    reason: str


@dataclass(frozen=True)
class OutcomeLine:
    """What became of a delivery for one deployment. `run` is None where none was started."""

    outcome: VcsOutcome
    deployment: Deployment
    run: Run | None


@dataclass(frozen=True)
class DeliveryLine:
    """A delivery as lists show it, with what became of it where the actor sees."""

    delivery: VcsDelivery
    integration: VcsIntegration
    outcomes: tuple[OutcomeLine, ...] = ()


def accept(integration_id: str, headers: Mapping[str, str], body: bytes) -> Accepted:
    """Keep what a service has sent, if it is signed. The same again is answered, without effect.

    `headers` have lower-case names.

    Raises:
        NotFound: when there is no such integration, or it is of plain git.
        TooLarge, Unreadable: by the request.
        Forbidden: when it is not signed with the integration's secret, or none is set.
    """
    if len(body) > LARGEST_BODY_BYTES:
        raise TooLarge(f"A delivery has at most {LARGEST_BODY_BYTES >> 20} MB.")
    here = session()
    integration = here.get(VcsIntegration, integration_id) if ids.is_id(integration_id) else None
    service = SERVICES.get(integration.kind) if integration else None
    if integration is None or service is None:
        raise NotFound("There is no integration at this address.")
    _check_signature(integration, headers, body)
    delivery_id = service.delivery_id(headers, body)[:255]
    if not delivery_id:
        raise errors.Unreadable("The header that names the delivery is missing.")
    try:
        event = service.read(headers, body)
    except Unreadable as error:
        raise errors.Unreadable(str(error)) from None
    # GitLab sends its secret, so whoever has seen a body of its could sign another; of those who
    # sign, a body that comes again under another name is one that somebody has kept and replays.
    is_signed_body = integration.kind != "gitlab" and event.kind is not Kind.PING
    digest = hashlib.sha256(body).hexdigest() if is_signed_body else ""
    known = _known(integration.id, delivery_id, digest)
    return known or _keep(integration, event.limited(), delivery_id, digest)


def keep_found(integration: VcsIntegration, event: Event, delivery_id: str) -> None:
    """Keep what polling has found, as if it had been sent; part of the caller's transaction."""
    here = session()
    if here.scalars(vcs_lists.delivered_as(integration.id, delivery_id)).first() is None:
        here.add(_row(integration, event.limited(), delivery_id, via="poll"))
        here.flush()
        after_commit(lambda: hints.send(hints.DeliveryWaiting()))


def listed(
    actor: Actor,
    *,
    integration: VcsIntegration | None = None,
    project: Project | None = None,
    verdict: str = "",
    after: str | None = None,
    limit: int = paging.USUAL_PAGE,
) -> Page[DeliveryLine]:
    """Deliveries that the actor may see, newest first, with what became of each.

    Raises:
        Invalid: when there is no such verdict.
    """
    condition = _seen_by(actor)
    if integration is not None:
        condition &= VcsDelivery.integration_id == integrations.get(actor, integration.id).id
    if project is not None:
        require(actor, Right.SEE, project)
        condition &= or_(
            VcsIntegration.project_id == project.id,
            vcs_lists.has_outcome_in(
                (Deployment.project_id == project.id) & visible(actor, Deployment)
            ),
        )
    if verdict:
        if verdict not in VERDICTS:
            raise Invalid({"verdict": f"Say one of: {', '.join(VERDICTS)}."})
        condition &= VcsDelivery.verdict == verdict
    if after is not None:
        condition &= VcsDelivery.id < after
    limit = max(1, min(limit, LONGEST_PAGE))
    rows = session().execute(vcs_lists.deliveries(condition).limit(limit + 1)).all()
    lines = cut([DeliveryLine(*row) for row in rows], limit, lambda line: line.delivery.id)
    return Page(_with_outcomes(actor, lines.items), lines.next)


def get(actor: Actor, delivery_id: str) -> DeliveryLine:
    """One delivery.

    Raises:
        NotFound: when there is none that the actor may see.
    """
    condition = _seen_by(actor) & (VcsDelivery.id == delivery_id)
    row = session().execute(vcs_lists.deliveries(condition)).first()
    if row is None:
        raise NotFound
    return _with_outcomes(actor, [DeliveryLine(*row)])[0]


def redeliver(actor: Actor, delivery_id: str) -> VcsDelivery:
    """Have a delivery looked at once more: what it started stays, and is not started again.

    Raises:
        Forbidden: to those who do not keep the integration.
        Conflict: while it waits for its turn, or when it says nothing that could start a run.
    """
    line = get(actor, delivery_id)
    integrations.require_manager(actor, line.integration)
    with transaction() as here:
        row = here.get(VcsDelivery, line.delivery.id, with_for_update=True, populate_existing=True)
        if row is None:
            raise NotFound
        if row.verdict == "pending":
            raise Conflict("This delivery waits for its turn already.")
        if row.verdict == "ignored" and row.kind in {Kind.PING, Kind.OTHER}:
            raise Conflict("This delivery says nothing that could start a run.")
        _look_anew(row)
        row.verdict, row.reason, row.attempts, row.due_at = "pending", "", 0, clock.now()
        audit.record(actor, "vcs_delivery.redeliver", row, after={"delivery": row.delivery_id})
        after_commit(lambda: hints.send(hints.DeliveryWaiting()))
    return row


def forget(batch: int = 500) -> None:
    """Strike deliveries of long ago, a bounded number at a time."""
    old = (
        select(VcsDelivery.id)
        .where(VcsDelivery.received_at < clock.now() - KEPT, VcsDelivery.verdict != "pending")
        .limit(batch)
    )
    with transaction() as here:
        here.execute(delete(VcsDelivery).where(VcsDelivery.id.in_(old)))


def _look_anew(row: VcsDelivery) -> None:
    """Take back what was said of deployments for which no run was started."""
    here = session()
    skipped = (VcsOutcome.delivery_id == row.id) & VcsOutcome.run_id.is_(None)
    places = select(VcsOutcome.deployment_id).where(skipped)
    before = Event.from_json(row.event).before
    here.execute(
        update(VcsLink)
        .where(VcsLink.deployment_id.in_(places), VcsLink.seen_sha == row.sha)
        .values(seen_sha="" if before == NO_COMMIT else before)
        .execution_options(synchronize_session=False)
    )
    here.execute(delete(VcsOutcome).where(skipped))


def _check_signature(integration: VcsIntegration, headers: Mapping[str, str], body: bytes) -> None:
    known = integrations.webhook_secrets(integration)
    if not known:
        raise Forbidden("No webhook secret is set here, so nothing is taken. Set one first.")
    if not SERVICES[integration.kind].is_signed(headers, body, known):
        log.warning("a delivery was refused: its signature is wrong", integration=integration.id)
        raise Forbidden(
            "The signature is missing or wrong. Is the secret of the webhook that of the "
            "integration?"
        )


def _known(integration_id: str, delivery_id: str, digest: str) -> Accepted | None:
    here = session()
    row = here.scalars(vcs_lists.delivered_as(integration_id, delivery_id)).first()
    if row is None and digest:
        row = here.scalars(vcs_lists.same_body(integration_id, digest)).first()
    return Accepted(row.id, is_replay=True, verdict=row.verdict, reason=row.reason) if row else None


def _keep(integration: VcsIntegration, event: Event, delivery_id: str, digest: str) -> Accepted:
    row = _row(integration, event, delivery_id, digest=digest)
    row.verdict, row.reason = _at_once(integration, event)
    if row.verdict != "pending":
        row.processed_at = row.received_at
    try:
        with transaction() as here:
            here.add(row)
            here.flush()
            _heard(integration)
            after_commit(lambda: hints.send(hints.DeliveryWaiting()))
    except IntegrityError as error:
        # The same came twice at one moment: the other was first.
        known = _known(integration.id, delivery_id, digest) if is_duplicate(error) else None
        if known is None:
            raise
        return known
    return Accepted(row.id, is_replay=False, verdict=row.verdict, reason=row.reason)


def _heard(integration: VcsIntegration) -> None:
    """Note that the webhook works; not each time, or all deliveries would wait for one row."""
    if integration.heard_at is None or integration.heard_at < clock.now() - HEARD_EVERY:
        session().execute(
            update(VcsIntegration)
            .where(VcsIntegration.id == integration.id)
            .values(heard_at=clock.now())
            .execution_options(synchronize_session=False)
        )


def _at_once(integration: VcsIntegration, event: Event) -> tuple[str, str]:
    """(verdict, reason) of what needs no second look; pending for the rest."""
    is_pull, is_gone = event.kind is Kind.PULL_REQUEST, event.action is Action.DELETED
    checks = (
        (event.kind is Kind.PING, "A ping: the webhook works."),
        (event.kind is Kind.OTHER, f"Gantry does nothing about “{event.name}”."),
        (integration.is_paused, "The integration is paused."),
        (is_gone and not is_pull, f"The {event.kind} {event.ref} is gone; that starts nothing."),
        (event.action is Action.NONE, f"“{event.name}” changes no code."),
        (not event.sha, "It names no commit."),
    )
    reason = next((text for holds, text in checks if holds), "")
    return ("ignored", reason) if reason else ("pending", "")


def _row(
    integration: VcsIntegration,
    event: Event,
    delivery_id: str,
    *,
    via: str = "webhook",
    digest: str = "",
) -> VcsDelivery:
    now = clock.now()
    return VcsDelivery(
        id=ids.new_id(),
        integration_id=integration.id,
        delivery_id=delivery_id,
        via=via,
        kind=event.kind.value,
        name=event.name[:80],
        repository=event.repository,
        ref=event.ref,
        sha=event.sha,
        number=event.pull.number if event.pull else None,
        title=(event.pull.title if event.pull else event.commit.message.partition("\n")[0])[:255],
        sender=event.sender or event.commit.author_name,
        event=event.as_json(),
        body_sha256=digest,
        received_at=now,
        due_at=now,
    )


def _seen_by(actor: Actor) -> ColumnElement[bool]:
    """An administrator sees all; others what their projects' integrations or deployments got."""
    if actor.is_admin:
        return VcsDelivery.id.is_not(None)
    return or_(visible(actor, VcsIntegration), vcs_lists.has_outcome_in(visible(actor, Deployment)))


def _with_outcomes(actor: Actor, lines: Sequence[DeliveryLine]) -> list[DeliveryLine]:
    found: dict[str, list[OutcomeLine]] = {line.delivery.id: [] for line in lines}
    for row in session().execute(vcs_lists.outcomes_of(list(found))):
        if can(actor, Right.SEE, row[1]):
            found[row[0].delivery_id].append(OutcomeLine(*row))
    return [
        DeliveryLine(line.delivery, line.integration, tuple(found[line.delivery.id]))
        for line in lines
    ]

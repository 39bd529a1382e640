"""Dealing with deliveries: one after the other, in the order in which they came.

Whoever takes a delivery has it for a while; dies he, another takes it. A run is started in the same
transaction as the row that says so, and there is one such row for a delivery and a deployment: what
was started is not started again.
"""

import datetime as dt

from sqlalchemy.exc import IntegrityError

from integrations.git import GitError
from integrations.vcs import Action, Event
from lib import clock
from models import vcs_lists
from models.vcs import VcsDelivery, VcsIntegration, VcsRepository
from services import hold
from services.transaction import session, transaction
from services.vcs import starting
from services.vcs.judging import Case, Judgement, Look, Passed, Place, Wanted, judge

LEASE = dt.timedelta(minutes=10)
FIRST_PAUSE_S = 15
MOST_ATTEMPTS = 6


def take() -> str | None:
    """The id of the next delivery, now in the caller's hands. On hold, there is none."""
    if hold.is_on():
        return None
    with transaction() as here:
        now = clock.now()
        wanted = vcs_lists.pending(now).limit(1).with_for_update(skip_locked=True)
        delivery_id = here.scalars(wanted).first()
        if delivery_id is None:
            return None
        row = here.get_one(VcsDelivery, delivery_id, populate_existing=True)
        row.attempts += 1
        row.due_at = now + LEASE
        if row.attempts > MOST_ATTEMPTS:
            _end(row, "failed", row.reason or "It could not be dealt with; see Gantry's log.")
    return delivery_id


def process(delivery_id: str, look: Look) -> None:
    """Deal with a delivery that was taken."""
    case = _case(delivery_id, look)
    if case is None:
        return
    rows = session().execute(vcs_lists.links_of_repository(case.repository.id))
    places = [Place(*row) for row in rows]
    if not places:
        _finish(case, "ignored", f"No deployment is linked to {case.event.repository}.")
        return
    if case.event.action is Action.CLOSED:
        _closed(case, places)
        return
    try:
        judged = [judge(case, place) for place in places]
    except GitError as error:
        _later(case, str(error))
        return
    _finish(case, "processed", _act(case, judged))


def postpone(delivery_id: str, reason: str) -> None:
    """Try a delivery again later, or give it up when that was done often enough."""
    with transaction() as here:
        row = here.get(VcsDelivery, delivery_id, with_for_update=True, populate_existing=True)
        if row is None or row.verdict != "pending":
            return
        if row.attempts >= MOST_ATTEMPTS:
            _end(row, "failed", reason)
            return
        pause_s = FIRST_PAUSE_S * 2 ** max(0, row.attempts - 1)
        row.due_at = clock.now() + dt.timedelta(seconds=pause_s)
        row.reason = reason[:2000]


def _case(delivery_id: str, look: Look) -> Case | None:
    """The delivery with what it is about, or None when it is over, or nobody is linked to it."""
    here = session()
    row = here.get(VcsDelivery, delivery_id, populate_existing=True)
    if row is None or row.verdict != "pending":
        return None
    event = Event.from_json(row.event)
    integration = here.get_one(VcsIntegration, row.integration_id)
    named = vcs_lists.repository_named(integration.id, event.repository)
    repository = here.scalars(named).first()
    if repository is None:
        with transaction():
            reason = f"No deployment is linked to {event.repository or 'it'}."
            _end(here.get_one(VcsDelivery, delivery_id), "ignored", reason)
        return None
    _remember(repository, event)
    return Case(row, event, integration, repository, look)


def _remember(repository: VcsRepository, event: Event) -> None:
    """Keep what the event says of its repository."""
    said = {"default_branch": event.default_branch, "web_url": event.web_url}
    if all(getattr(repository, name) == value or not value for name, value in said.items()):
        return
    with transaction() as here:
        row = here.get_one(VcsRepository, repository.id, with_for_update=True)
        for name, value in said.items():
            if value and (name != "web_url" or value.startswith(("https://", "http://"))):
                setattr(row, name, value)


def _act(case: Case, judged: list[Judgement]) -> str:
    """Start what is to be started, keep why the rest is not; what was done, in a sentence."""
    wanted = [each for each in judged if isinstance(each, Wanted)]
    if len(wanted) > case.integration.max_runs:
        reason = (
            f"This would start {len(wanted)} runs; one event may start {case.integration.max_runs}."
        )
        starting.refuse_all(case, judged, reason)
        return reason
    started = 0
    for each in judged:
        try:
            started += starting.act(case, each)
        except IntegrityError:
            # Somebody else dealt with this very place at the same moment.
            session().rollback()
    if started:
        return f"{started} {'run' if started == 1 else 'runs'} started."
    reasons = dict.fromkeys(each.reason for each in judged if isinstance(each, Passed))
    return f"No run was started. {next(iter(reasons), '')}".strip()


def _closed(case: Case, places: list[Place]) -> None:
    stopped = sum(starting.stop_pull(case, place) for place in places)
    what = f"{stopped} {'preview was' if stopped == 1 else 'previews were'} stopped."
    for place in places:
        starting.act(case, Passed(place, "skipped", "It was closed."))
    _finish(case, "processed", f"The pull request was closed. {what}")


def _later(case: Case, reason: str) -> None:
    session().rollback()
    postpone(case.delivery.id, reason)


def _finish(case: Case, verdict: str, reason: str) -> None:
    with transaction() as here:
        row = here.get(VcsDelivery, case.delivery.id, with_for_update=True, populate_existing=True)
        if row is not None:
            _end(row, verdict, reason)


def _end(row: VcsDelivery, verdict: str, reason: str) -> None:
    row.verdict, row.reason, row.processed_at = verdict, reason[:2000], clock.now()

"""What services have sent about repositories, and what became of it."""

from dataclasses import dataclass

from flask import Blueprint, Response, request

from blueprints._shared import current, paging
from blueprints._shared.current import Crumb
from blueprints._shared.filters import url_with
from blueprints._shared.respond import page, respond_after
from blueprints._shared.typed import posted
from models.vcs import VcsIntegration
from services import deployments
from services.access import Action, can
from services.page import Page
from services.vcs import deliveries, integrations, starting
from services.vcs.deliveries import VERDICTS, DeliveryLine

blueprint = Blueprint("deliveries", __name__)


@dataclass(frozen=True)
class Index:
    """What deliveries/index.html reads. `integration` is the one they are narrowed to."""

    lines: Page[DeliveryLine]
    older_url: str
    integration: VcsIntegration | None
    verdict: str
    verdicts: tuple[str, ...]


@dataclass(frozen=True)
class Show:
    """What deliveries/show.html reads. `may_run` holds the ids of outcomes that may be run."""

    line: DeliveryLine
    may_redeliver: bool
    may_run: frozenset[str]


@blueprint.get("/deliveries")
def index() -> Response:
    """The deliveries that the visitor sees, newest first."""
    actor, wanted = current.actor(), request.args.get("integration", "")
    integration = integrations.get(actor, wanted) if wanted else None
    verdict = request.args.get("verdict", "")
    lines = deliveries.listed(
        actor,
        integration=integration,
        verdict=verdict if verdict in VERDICTS else "",
        after=paging.after(),
        limit=paging.limit(),
    )
    older = "" if lines.next is None else url_with(cursor=paging.encode(lines.next))
    context = Index(lines, older, integration, verdict, VERDICTS)
    return page("deliveries/index.html", context, crumbs=_crumbs(integration))


@blueprint.get("/deliveries/<delivery_id>")
def show(delivery_id: str) -> Response:
    """One delivery, with what became of it for each deployment."""
    actor = current.actor()
    line = deliveries.get(actor, delivery_id)
    waiting = line.delivery.verdict == "pending"
    may_run = frozenset(
        each.outcome.id
        for each in line.outcomes
        if each.outcome.run_id is None
        and line.delivery.sha
        and can(actor, Action.CREATE_RUN, each.deployment)
    )
    says_nothing = line.delivery.kind in {"ping", "other"}
    may = integrations.may_manage(actor, line.integration) and not (waiting or says_nothing)
    crumbs = (*_crumbs(line.integration), Crumb(line.delivery.title or line.delivery.name))
    return page("deliveries/show.html", Show(line, may, may_run), crumbs=crumbs)


@blueprint.post("/deliveries/<delivery_id>/redeliver")
def redeliver(delivery_id: str) -> Response:
    """Have it looked at once more."""
    deliveries.redeliver(current.actor(), delivery_id)
    said = "It is looked at again. What was started is not started twice."
    return respond_after(f"/deliveries/{delivery_id}", said=said)


@blueprint.post("/deliveries/<delivery_id>/run-anyway")
def run_anyway(delivery_id: str) -> Response:
    """Start what it did not start for a deployment."""
    actor, form = current.actor(), posted()
    place = deployments.get(actor, form["project"], form["stack"], form["workspace"])
    run = starting.run_anyway(actor, delivery_id, place)
    return respond_after(f"/runs/{run.id}", said="Started by you, with your rights.")


def _crumbs(integration: VcsIntegration | None) -> tuple[Crumb, ...]:
    if integration is None:
        return (Crumb("Deliveries"),)
    return (
        Crumb(integration.name, f"/integrations/{integration.id}"),
        Crumb("Deliveries", f"/deliveries?integration={integration.id}"),
    )

"""Starting what a delivery wants, stopping what it outdates, keeping why nothing was started."""

from collections.abc import Sequence
from dataclasses import replace

from integrations.vcs import Event, Kind
from lib import clock
from models import vcs_lists
from models.project import Deployment, Stack
from models.run import Run
from models.vcs import VcsLink, VcsOutcome, VcsRepository, VcsRun
from services import access, runs
from services.access import SYSTEM, Action, Actor, require
from services.errors import Conflict, GantryError, NotFound
from services.runs import NewRun
from services.runs.create import search_words
from services.transaction import session, transaction
from services.vcs import deliveries, reports
from services.vcs.judging import (
    Case,
    Judgement,
    Passed,
    Place,
    Wanted,
    message_of,
    run_type,
    source_of,
)
from services.vcs.links import LinkLine


def act(case: Case, judged: Judgement) -> int:
    """Do what was judged for one deployment; how many runs were started (none or one)."""
    if isinstance(judged, Wanted):
        try:
            return _start(case, judged)
        except GantryError as refusal:
            session().rollback()
            judged = Passed(judged.place, "refused", refusal.text, seen=judged.seen)
    with transaction():
        link = _held(judged.place)
        if link is not None and not _is_dealt_with(case, judged.place):
            _keep(case, judged.place, judged.verdict, judged.reason)
            _see(link, judged.seen)
            if judged.supersedes:
                _supersede(case, judged.place, None)
    return 0


def refuse_all(case: Case, judged: Sequence[Judgement], reason: str) -> None:
    """Start nothing, say so for each deployment, and on the commit."""
    with transaction():
        for each in judged:
            is_wanted = isinstance(each, Wanted)
            link = _held(each.place)
            if link is None or _is_dealt_with(case, each.place):
                continue
            if is_wanted:
                _keep(case, each.place, "refused", reason)
            elif isinstance(each, Passed):
                _keep(case, each.place, each.verdict, each.reason)
            _see(link, each.seen)
        reports.put_refusal(case.repository, case.delivery, reason)


def stop_pull(case: Case, place: Place) -> int:
    """Stop the previews of a closed pull request; how many there were."""
    pull = case.event.pull
    if pull is None:
        return 0
    return _stop(place.link.id, pull.number, "", f"the end of #{pull.number}", keep=None)


def run_anyway(actor: Actor, delivery_id: str, deployment: Deployment) -> Run:
    """Start, as a person, what a delivery did not start for a deployment.

    Raises:
        NotFound, Forbidden: by the rights on the deployment.
        Conflict: when a run was started for it already, or the link is gone.
    """
    line = deliveries.get(actor, delivery_id)
    require(actor, Action.CREATE_RUN, deployment)
    with transaction() as here:
        asked = vcs_lists.outcome_at(delivery_id, deployment.id).with_for_update()
        outcome = here.scalars(asked.execution_options(populate_existing=True)).first()
        if outcome is None:
            raise NotFound("This delivery was not about that deployment.")
        if outcome.run_id is not None:
            raise Conflict("A run was started for this already.")
        row = here.execute(vcs_lists.link_rows(VcsLink.deployment_id == deployment.id)).first()
        link = LinkLine(*row) if row else None
        named = line.delivery.repository.lower()
        if link is None or (link.integration.id, link.repository.name.lower()) != (
            line.integration.id,
            named,
        ):
            raise Conflict("The deployment is not linked to that repository any more.")
        event = Event.from_json(line.delivery.event)
        place = Place(link.link, deployment, here.get_one(Stack, deployment.stack_id))
        source = source_of(link, event)
        wanted = Wanted(place, run_type(link.link, event.kind), source, message_of(event))
        run = _create(actor, link.repository, event, wanted)
        outcome.run_id, outcome.verdict, outcome.by_name = run.id, "run_anyway", actor.name
    return run


def _start(case: Case, wanted: Wanted) -> int:
    with transaction():
        link = _held(wanted.place)
        if link is None or _is_dealt_with(case, wanted.place):
            return 0
        if wanted.seen and link.seen_sha == wanted.seen:
            raise Conflict("This commit was dealt with already.")
        actor = access.on_behalf(
            link.owner_id,
            trigger="vcs",
            trigger_id=link.id,
            trigger_name=_trigger_name(case),
        )
        run = _create(actor, case.repository, case.event, wanted)
        _keep(case, wanted.place, "started", "", run)
        _see(link, wanted.seen)
        _supersede(case, wanted.place, run)
    return 1


def _create(actor: Actor, repository: VcsRepository, event: Event, wanted: Wanted) -> Run:
    """The run, with what is to be told of it; part of the caller's transaction."""
    place = wanted.place.deployment
    request = NewRun(
        project=place.project_name,
        stack=place.stack_name,
        workspace=place.workspace_name,
        type=wanted.type,
        source=wanted.source,
        message=wanted.message[:2000],
    )
    run = runs.create_pinned(actor, request)
    run.pin = {
        "kind": "git",
        "url": wanted.source["url"],
        "ref": event.ref,
        "branch": event.ref,
        "path": wanted.source["path"],
        "commit": event.sha,
        "author_name": event.commit.author_name or event.sender,
        "author_email": event.commit.author_email,
        "commit_message": event.commit.message or message_of(event),
    }
    merge = wanted.source.get("merge")
    if merge and merge["base"]:
        run.pin |= {"merge": merge}
    run.search = search_words(run)
    told = VcsRun(
        run_id=run.id,
        repository_id=repository.id,
        link_id=wanted.place.link.id,
        kind=event.kind.value,
        ref=event.ref,
        sha=event.sha,
        pull=event.pull.number if event.pull else None,
        base=event.pull.base if event.pull else "",
    )
    session().add(told)
    session().flush()
    reports.put(run, told)
    return run


def _trigger_name(case: Case) -> str:
    event = case.event
    what = {
        Kind.PUSH: f"push to {event.ref}",
        Kind.TAG: f"tag {event.ref}",
        Kind.PULL_REQUEST: f"pull request #{event.pull.number if event.pull else ''}",
    }
    return f"{case.repository.name}, {what.get(event.kind, event.name)}"


def _held(place: Place) -> VcsLink | None:
    """The link as it is now, held until the transaction ends; None when it is gone."""
    return session().get(VcsLink, place.link.id, with_for_update=True, populate_existing=True)


def _is_dealt_with(case: Case, place: Place) -> bool:
    """Whether an earlier attempt at the delivery came as far as this deployment."""
    known = vcs_lists.outcome_at(case.delivery.id, place.deployment.id)
    return session().scalars(known).first() is not None


def _keep(case: Case, place: Place, verdict: str, reason: str, run: Run | None = None) -> None:
    session().add(
        VcsOutcome(
            delivery_id=case.delivery.id,
            deployment_id=place.deployment.id,
            verdict=verdict,
            reason=reason[:2000],
            run_id=run.id if run else None,
        )
    )
    session().flush()


def _see(link: VcsLink, sha: str) -> None:
    if sha:
        link.seen_sha, link.seen_at = sha, clock.now()


def _supersede(case: Case, place: Place, run: Run | None) -> None:
    """Stop or discard older previews of the same branch or pull request."""
    event = case.event
    if event.kind is Kind.TAG:
        return
    number = event.pull.number if event.pull else None
    who = f"{event.sha[:8]}, a newer commit of {event.ref}"
    _stop(place.link.id, number, event.ref, who, keep=run)


def _stop(link_id: str, number: int | None, ref: str, who: str, *, keep: Run | None) -> int:
    older = vcs_lists.previews_under_way(link_id, pull=number, ref=ref)
    count = 0
    actor = replace(SYSTEM, name=who[:120])
    with transaction() as here:
        for run in here.scalars(older).all():
            if keep is None or run.id != keep.id:
                count += _end(actor, run)
    return count


def _end(actor: Actor, run: Run) -> bool:
    """Discard a preview that waits, ask one at work to stop; False when it has just ended."""
    for verb in ("discard", "cancel"):
        if verb in runs.actions(actor, run):
            getattr(runs, verb)(actor, run.id)
            return True
    return False

"""Verdicts as they are kept: followed from runs, read, and told what not to mind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement

from lib import clock
from models import drift as rows
from models.drift import DriftVerdict
from models.project import Deployment
from models.run import Run
from models.run_state import RunState, RunType
from models.schedule import Purpose, Schedule
from models.schedule import of_deployment as schedules_of
from models.user import User
from services import audit, deployments, edits, mail, outbox, paging, runs
from services.access import Action, Actor, require, visible
from services.drift.judging import Finding, judge
from services.errors import Invalid
from services.fields import Fields
from services.house import house
from services.page import Page
from services.runs import change_pages
from services.runs.create import as_applied
from services.transaction import session, transaction

MOST_RULES = 100
LONGEST_RULE = 500
RECONCILE = "reconcile"
"""The kind of message by which a check that found something has it put right."""


@dataclass(frozen=True)
class DriftLine:
    """A deployment's verdict, the run that found it, and the schedule of its checks."""

    verdict: DriftVerdict
    run: Run | None
    check: Schedule | None


def run_moved(run: Run, before: RunState | None) -> None:
    """Follow a run: a check that has ended gives a verdict, a full apply or destroy ends drift."""
    if before is None or run.state is not RunState.FINISHED:
        return
    if run.drift:
        _judge(run)
    elif run.type in {RunType.APPLY, RunType.DESTROY} and not run.targets:
        _put_right(run)


def of(actor: Actor, deployment: Deployment) -> DriftLine:
    """What is known of a deployment's drift; a blank verdict when it was never checked."""
    require(actor, Action.SEE, deployment)
    found = session().execute(rows.fleet(DriftVerdict.deployment_id == deployment.id)).first()
    if found is not None:
        return DriftLine(*found)
    return DriftLine(_blank(deployment), None, check_of(deployment))


def check_of(deployment: Deployment) -> Schedule | None:
    """The schedule of a deployment's drift checks, if it has one."""
    return session().scalars(schedules_of(deployment.id, Purpose.DRIFT)).first()


def fleet(
    actor: Actor,
    scope: ColumnElement[bool],
    *,
    after: str | None = None,
    limit: int = paging.USUAL_PAGE,
    drifted: bool | None = None,
) -> Page[DriftLine]:
    """The verdicts that the actor sees, by deployment; `drifted` keeps those that are so."""
    condition = scope & visible(actor, DriftVerdict) & DriftVerdict.checked_at.is_not(None)
    if drifted is not None:
        condition &= DriftVerdict.drifted.is_(drifted)
    return paging.fetch(
        rows.fleet(condition),
        DriftVerdict.deployment_id,
        after=after,
        limit=limit,
        line=DriftLine,
        key_of=lambda line: line.verdict.deployment_id,
    )


def check_now(actor: Actor, deployment: Deployment) -> Run:
    """Look for drift at once: a preview that only refreshes, with what was applied last.

    Raises:
        Invalid: when there is no code to look with.
    """
    require(actor, Action.CREATE_RUN, deployment)
    return runs.create_pinned(actor, checking(deployment, "Drift check"))


def checking(deployment: Deployment, message: str) -> runs.NewRun:
    """The request of a drift check."""
    wanted = runs.NewRun(
        project=deployment.project_name,
        stack=deployment.stack_name,
        workspace=deployment.workspace_name,
        type=RunType.PREVIEW,
        drift=True,
        refresh_only=True,
        message=message,
    )
    return as_applied(deployment, wanted)


def set_rules(
    actor: Actor, deployment: Deployment, given: Sequence[Any], *, version: int | None = None
) -> DriftVerdict:
    """Say what is not to be minded; it counts from the next check on.

    Raises:
        Invalid: when a rule cannot be read.
        ChangedMeanwhile: when `version` is given and no longer holds.
    """
    require(actor, Action.WRITE_SCHEDULES, deployment)
    rules = read_rules(given)
    with transaction():
        row = _held(deployments.keep(deployment))
        if version is not None and row.version != version:
            raise edits.ChangedMeanwhile({})
        before = {"ignore": row.ignore}
        row.ignore = rules
        row.version += 1
        audit.record(actor, "drift.ignore", deployment, before=before, after={"ignore": rules})
    return row


def read_rules(given: Sequence[Any]) -> list[dict[str, str]]:
    """The rules in their usual form.

    Raises:
        Invalid: with a sentence.
    """
    fields = Fields()
    if len(given) > MOST_RULES:
        fields.add("ignore", f"At most {MOST_RULES} rules, please.")
    rules = []
    for item in given:
        known = isinstance(item, Mapping) and item.keys() <= {"address", "attribute"}
        if not known or not str(item.get("address") or "").strip():
            raise Invalid({"ignore": "A rule has an address, and perhaps an attribute."})
        address = fields.text("ignore", item["address"], LONGEST_RULE)
        attribute = fields.text("ignore", item.get("attribute") or "", LONGEST_RULE)
        rules.append({"address": address, "attribute": attribute})
    fields.done()
    return rules


def _judge(run: Run) -> None:
    deployment = session().get_one(Deployment, run.deployment_id)
    row = _held(deployment)
    document = change_pages.document(run) or {}
    found = judge(document.get("drift", ()), row.ignore)
    has_turned = (found.count > 0) != row.drifted
    if has_turned or row.since is None:
        row.since = clock.now()
    row.drifted, row.count, row.ignored_count = found.count > 0, found.count, found.ignored
    row.items, row.checked_at, row.run_id, row.note = list(found.items), clock.now(), run.id, ""
    row.version += 1
    # A plan that only refreshes counts nothing to add or change, so the run says itself what it is.
    run.changes = {**(run.changes or {}), "drift": found.count}
    run.result = _result(found)
    check = check_of(deployment)
    if has_turned:
        _tell(row, run, check)
    if row.drifted and check is not None and check.reconcile and run.trigger_id == check.id:
        outbox.put(RECONCILE, run.id, {"run": run.id, "schedule": check.id})


def _result(found: Finding) -> str:
    if found.count:
        return f"{found.count} {'thing has' if found.count == 1 else 'things have'} drifted."
    minded = " that is to be minded" if found.ignored else ""
    return f"Nothing has drifted{minded}: what exists is what was applied."


def _put_right(run: Run) -> None:
    row = session().get(
        DriftVerdict, run.deployment_id, with_for_update=True, populate_existing=True
    )
    if row is None or not row.drifted:
        return
    row.drifted, row.count, row.items = False, 0, []
    row.since, row.note = clock.now(), f"Put right by run #{run.number}."
    row.version += 1


def _tell(row: DriftVerdict, run: Run, check: Schedule | None) -> None:
    """Tell the owner of the checks, once, that the verdict has turned."""
    owner = session().get(User, check.owner_id) if check and check.owner_id else None
    if owner is None or not owner.email:
        return
    place = f"{row.stack_name} in {row.workspace_name}"
    if row.drifted:
        subject = f"{place} has drifted"
        told = f"A drift check found that {row.count} of what exists in {place} is not what was"
        lines = [f"{item['action']} {item['address']}" for item in row.items]
        more = row.count - len(lines)
        lines += [f"… and {more} more"] if more > 0 else []
        text = "\n".join([f"{told} applied:", "", *lines])
    else:
        subject = f"{place} is as it should be again"
        text = f"The drift check of {place} finds nothing any more."
    link = f"{house().base_url}/runs/{run.id}"
    mail.send(owner.email, subject, f"{text}\n\n{link}\n", key=f"drift:{run.id}")


def _held(deployment: Deployment) -> DriftVerdict:
    """The deployment's verdict, made if need be, held until the transaction ends."""
    here = session()
    row = here.get(DriftVerdict, deployment.id, with_for_update=True, populate_existing=True)
    if row is None:
        row = _blank(deployment)
        here.add(row)
        here.flush()
    return row


def _blank(deployment: Deployment) -> DriftVerdict:
    names = "project_id stack_id workspace_id project_name stack_name workspace_name".split()
    return DriftVerdict(
        deployment_id=deployment.id,
        **{name: getattr(deployment, name) for name in names},
        drifted=False,
        count=0,
        ignored_count=0,
        items=[],
        note="",
        ignore=[],
        version=1,
    )

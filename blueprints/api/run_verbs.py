"""What programs do to runs: one POST per verb, named as in `services.runs.VERBS`."""

from typing import Annotated, Any

from flask import Response
from pydantic import Field, StrictInt

from blueprints._shared import api, current
from blueprints._shared.describe import describe
from blueprints._shared.forms import Body
from blueprints._shared.nouns import Json, instant
from blueprints._shared.run_json import Attached, Text, run_json
from blueprints._shared.run_made import made
from blueprints._shared.shapes import list_of, shape
from blueprints._shared.shapes.run_parts import BulkResult, Comment
from blueprints._shared.shapes.runs import Run
from models import run as models
from services import runs
from services.runs import reading
from services.runs.facts import facts

blueprint = api.blueprint("run_verbs", __name__, tag="run")
STATE = "Its state does not allow it, or it holds already; the sentence says which."
OF_THE_NEW = {"Location": "Where the run that was made is read."}


class Confirm(Attached):
    """`plan_sha256`, when sent, must be the plan's that waits."""

    plan_sha256: Annotated[Text | None, Field(examples=[None])] = None
    """The digest of the plan that you read; with another one waiting the answer is 409."""


class Discard(Attached):
    """Why a run is dropped."""

    reason: Annotated[Text, Field(max_length=2000, examples=["Not today"])] = ""
    """Why, for those who read its history."""


class Prioritize(Attached):
    """The priority to set; 0 lifts it."""

    priority: Annotated[StrictInt, Field(examples=[1])] = 1
    """Above 0 is sooner; 0 is as usual."""


class NewComment(Attached):
    """Something to say."""

    text: Annotated[Text, Field(examples=["Looks right to me."])]
    """What to say, as plain text."""


@shape
class Commented(Run):
    """The run, with what was said."""

    comment: Comment
    """What was said."""


class Bulk(Body):
    """One action, and the runs it is for."""

    action: Annotated[Text, Field(examples=["archive"])]
    """A verb of a run: archive, unarchive, cancel, discard, confirm, prioritize or rerun."""
    runs: Annotated[list[Text], Field(examples=[["06gzq1k2v5c8m9r3tw4x"]])]
    """The ids of the runs."""


@blueprint.post("/runs/<run_id>/confirm")
@describe(
    Run,
    takes=Confirm,
    refuses={409: "No plan waits, it is outdated, or it is another than the one named."},
)
def confirm(run_id: str) -> Json:
    """Confirm a run's plan.

    A worker then applies exactly that plan. Name the plan you read by `plan_sha256`.
    """
    asked = api.body(Confirm)
    return _now(runs.confirm(current.actor(), run_id, **asked.model_dump()))


@blueprint.post("/runs/<run_id>/discard")
@describe(Run, takes=Discard, refuses={409: STATE})
def discard(run_id: str) -> Json:
    """Discard a run.

    Drops it before its work begins, or its plan before it is applied.
    """
    return _now(runs.discard(current.actor(), run_id, **api.body(Discard).model_dump()))


@blueprint.post("/runs/<run_id>/cancel")
@describe(Run, takes=Attached, refuses={409: STATE})
def cancel(run_id: str) -> Json:
    """Cancel a run.

    Asks a run at work to stop; the engine finishes what it must and saves its state.
    """
    return _now(runs.cancel(current.actor(), run_id, metadata=_metadata()))


@blueprint.post("/runs/<run_id>/force-cancel")
@describe(Run, takes=Attached, refuses={409: STATE})
def force_cancel(run_id: str) -> Json:
    """Kill a run.

    For a run that did not stop in its grace period; `force_cancel_at` says from when on. Its
    deployment is blocked when it may have changed something.
    """
    return _now(runs.force_cancel(current.actor(), run_id, metadata=_metadata()))


@blueprint.post("/runs/<run_id>/archive")
@describe(Run, takes=Attached, refuses={409: STATE})
def archive(run_id: str) -> Json:
    """Archive a run.

    Hides an ended run from lists; nothing is lost.
    """
    return _now(runs.archive(current.actor(), run_id, metadata=_metadata()))


@blueprint.post("/runs/<run_id>/unarchive")
@describe(Run, takes=Attached, refuses={409: STATE})
def unarchive(run_id: str) -> Json:
    """Bring a run back from the archive.

    It stands in lists again.
    """
    return _now(runs.unarchive(current.actor(), run_id, metadata=_metadata()))


@blueprint.post("/runs/<run_id>/prioritize")
@describe(Run, takes=Prioritize, refuses={409: STATE})
def prioritize(run_id: str) -> Json:
    """Set a run's priority.

    Above 0 it is taken up before others; 0 lifts that.
    """
    return _now(runs.prioritize(current.actor(), run_id, **api.body(Prioritize).model_dump()))


@blueprint.post("/runs/<run_id>/rerun")
@describe(Run, takes=Attached, refuses={409: STATE}, once=True, headers=OF_THE_NEW)
def rerun(run_id: str) -> Response:
    """Run an ended run again.

    Answers with the new run, which has the same inputs and the same source pin.
    """
    metadata = _metadata()
    return _made(run_id, "rerun", lambda: runs.rerun(current.actor(), run_id, metadata=metadata))


@blueprint.post("/runs/<run_id>/promote")
@describe(Run, takes=Attached, refuses={409: STATE}, once=True, headers=OF_THE_NEW)
def promote(run_id: str) -> Response:
    """Apply what a preview showed.

    Answers with the new run: an apply with the preview's pin and inputs.
    """
    metadata = _metadata()
    return _made(
        run_id, "promote", lambda: runs.promote(current.actor(), run_id, metadata=metadata)
    )


@blueprint.post("/runs/<run_id>/plan-again")
@describe(Run, takes=Attached, refuses={409: STATE}, once=True, headers=OF_THE_NEW)
def plan_again(run_id: str) -> Response:
    """Plan again.

    Discards an unconfirmed run, whose plan may be outdated, and answers with the new run that
    replaces it.
    """
    metadata = _metadata()
    return _made(
        run_id, "plan-again", lambda: runs.plan_again(current.actor(), run_id, metadata=metadata)
    )


@blueprint.post("/runs/<run_id>/comments")
@describe(Commented, takes=NewComment, once=True)
def comment(run_id: str) -> Commented:
    """Comment on a run.

    Answers with the run, and with the comment as `comment`.
    """
    asked, run = api.body(NewComment), reading.get(current.actor(), run_id)
    row, _is_new = api.once(
        "run-comment",
        lambda: runs.comment(current.actor(), run_id, asked.text, metadata=asked.metadata),
        name=lambda made: made.id,
        find=lambda made_id: reading.said(run, made_id),
    )
    said = Comment(id=row.id, at=instant(row.at), author=row.author_name, text=row.text)
    return Commented(**_now(run), comment=said)


@blueprint.post("/runs/bulk")
@describe(list_of(BulkResult), takes=Bulk, once=True)
def bulk() -> Json:
    """Do one thing to many runs.

    Each is tried on its own: the answer says per run `ok`, or the reason why not. A repetition with
    the same Idempotency-Key does nothing twice, and tries again what was refused.
    """
    asked, actor = api.body(Bulk), current.actor()
    results = runs.bulk(actor, asked.action, asked.runs, request=api.asked("run-bulk"))
    return {"items": [_result(each) for each in results], "next": None}


def _metadata() -> list[str]:
    return api.body(Attached).metadata


def _now(run: models.Run) -> Run:
    return run_json(facts(current.actor(), [run])[0])


def _made(run_id: str, verb: str, make: Any) -> Response:
    """The run that a verb made, once per Idempotency-Key; 200, as every verb answers."""
    reading.get(current.actor(), run_id)
    return made(make, kind=f"run-{verb}", is_verb=True)


def _result(each: runs.BulkResult) -> BulkResult:
    found: BulkResult = {"run": each.run_id, "ok": each.ok, "reason": each.reason or None}
    if each.made_id:
        found["made"] = each.made_id
    return found

"""What programs do to runs: one POST per verb, named as in `services.runs.VERBS`."""

from typing import Annotated, Any

from flask import Response, url_for
from pydantic import Field, StrictInt

from blueprints._shared import api, current
from blueprints._shared.forms import Body
from blueprints._shared.nouns import Json, instant
from blueprints._shared.run_json import Attached, Text, run_json
from models.run import Run
from services import runs
from services.runs import BulkResult, reading
from services.runs.facts import facts

blueprint = api.blueprint("run_verbs", __name__, tag="Runs")


class Confirm(Attached):
    """`plan_sha256`, when sent, must be the plan's that waits."""

    plan_sha256: Text | None = None


class Discard(Attached):
    """Why a run is dropped."""

    reason: Annotated[Text, Field(max_length=2000)] = ""


class Prioritize(Attached):
    """The priority to set; 0 lifts it."""

    priority: StrictInt = 1


class Comment(Body):
    """Something to say."""

    text: Text


class Bulk(Body):
    """One action, and the runs it is for."""

    action: Text
    runs: list[Text]


@blueprint.post("/runs/<run_id>/confirm")
@blueprint.doc(summary="Accept a run's plan")
def confirm(run_id: str) -> Json:
    """Accept the plan: a worker applies exactly it."""
    asked = api.body(Confirm)
    return _now(runs.confirm(current.actor(), run_id, **asked.model_dump()))


@blueprint.post("/runs/<run_id>/discard")
@blueprint.doc(summary="Drop a run before its work begins, or its plan")
def discard(run_id: str) -> Json:
    """Drop a run before its work begins, or its plan before it is applied."""
    return _now(runs.discard(current.actor(), run_id, **api.body(Discard).model_dump()))


@blueprint.post("/runs/<run_id>/cancel")
@blueprint.doc(summary="Ask a run at work to stop")
def cancel(run_id: str) -> Json:
    """Ask a run at work to stop."""
    return _now(runs.cancel(current.actor(), run_id, metadata=_metadata()))


@blueprint.post("/runs/<run_id>/force-cancel")
@blueprint.doc(summary="Kill a run that did not stop in its grace period")
def force_cancel(run_id: str) -> Json:
    """Kill a run that did not stop in its grace period."""
    return _now(runs.force_cancel(current.actor(), run_id, metadata=_metadata()))


@blueprint.post("/runs/<run_id>/archive")
@blueprint.doc(summary="Hide a run from lists")
def archive(run_id: str) -> Json:
    """Hide a run from lists."""
    return _now(runs.archive(current.actor(), run_id, metadata=_metadata()))


@blueprint.post("/runs/<run_id>/unarchive")
@blueprint.doc(summary="Show an archived run again")
def unarchive(run_id: str) -> Json:
    """Show an archived run in lists again."""
    return _now(runs.unarchive(current.actor(), run_id, metadata=_metadata()))


@blueprint.post("/runs/<run_id>/prioritize")
@blueprint.doc(summary="Set or lift a run's priority")
def prioritize(run_id: str) -> Json:
    """Set or lift a run's priority."""
    return _now(runs.prioritize(current.actor(), run_id, **api.body(Prioritize).model_dump()))


@blueprint.post("/runs/<run_id>/rerun")
@blueprint.doc(summary="Run an ended run again", description="Answers with the new run.")
def rerun(run_id: str) -> Response:
    """Make a new run with an ended one's inputs and source pin."""
    metadata = _metadata()
    return _made(run_id, "rerun", lambda: runs.rerun(current.actor(), run_id, metadata=metadata))


@blueprint.post("/runs/<run_id>/promote")
@blueprint.doc(summary="Apply what a finished preview showed", description="Answers the new run.")
def promote(run_id: str) -> Response:
    """Make an apply with a finished preview's pin and inputs."""
    metadata = _metadata()
    return _made(
        run_id, "promote", lambda: runs.promote(current.actor(), run_id, metadata=metadata)
    )


@blueprint.post("/runs/<run_id>/plan-again")
@blueprint.doc(summary="Replace a run whose plan is outdated", description="Answers the new run.")
def plan_again(run_id: str) -> Response:
    """Discard an unconfirmed run, and plan the same again."""
    api.body(Body)
    return _made(run_id, "plan-again", lambda: runs.plan_again(current.actor(), run_id))


@blueprint.post("/runs/<run_id>/comments")
@blueprint.doc(summary="Comment on a run")
def comment(run_id: str) -> Json:
    """Say something about a run."""
    row = runs.comment(current.actor(), run_id, api.body(Comment).text)
    run = reading.get(current.actor(), run_id)
    said = {"id": row.id, "at": instant(row.at), "author": row.author_name, "text": row.text}
    return _now(run) | {"comment": said}


@blueprint.post("/runs/bulk")
@blueprint.doc(summary="Do one thing to many runs")
def bulk() -> Json:
    """Do one thing to many runs: per run `ok`, or the reason why not."""
    asked = api.body(Bulk)
    results = runs.bulk(current.actor(), asked.action, asked.runs)
    return {"items": [_result(each) for each in results], "next": None}


def _metadata() -> list[str]:
    return api.body(Attached).metadata


def _now(run: Run) -> Json:
    return run_json(facts(current.actor(), [run])[0])


def _made(run_id: str, verb: str, make: Any) -> Response:
    """The run that a verb made, once per Idempotency-Key; 200, as every verb answers."""
    reading.get(current.actor(), run_id)
    made, _is_new = api.once(
        f"run-{verb}",
        make,
        name=lambda run: run.id,
        find=lambda made_id: reading.get(current.actor(), made_id),
    )
    url = url_for("api_runs.show", run_id=made.id)
    return api.created(_now(made), url, is_new=False)


def _result(each: BulkResult) -> Json:
    found: Json = {"run": each.run_id, "ok": each.ok, "reason": each.reason or None}
    return found | ({"made": each.made_id} if each.made_id else {})

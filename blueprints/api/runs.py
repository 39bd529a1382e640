"""Runs: made, listed and read by programs. What can be done to one stands in `run_verbs`."""

from itertools import zip_longest

from flask import Response, json, request, url_for

from blueprints._shared import api, change_stream, current, paging
from blueprints._shared.nouns import Json, instant
from blueprints._shared.run_json import RunBody, run_json, summary
from models.run import Run
from models.run_content import RunOutput, RunVariable
from models.run_history import RunHistory
from models.run_state import STATUS, RunType
from services import logs, runs
from services.errors import Invalid, NotFound
from services.page import Page
from services.runs import change_pages, filters, listing, reading
from services.runs.facts import facts
from services.runs.facts import history as history_of
from services.runs.listing import Cursor

blueprint = api.blueprint("runs", __name__, tag="Runs")
LARGEST_OFFSET = 1 << 50


@blueprint.post("/runs")
@blueprint.doc(summary="Make a run", responses={201: "The run, before any work is done"})
def create() -> Response:
    """Make a run: answered before any work is done; a refusal creates nothing."""
    actor, asked = current.actor(), api.body(RunBody)
    made, is_new = api.once(
        "run",
        lambda: runs.create(actor, asked.request()),
        name=lambda run: run.id,
        find=lambda run_id: reading.get(actor, run_id),
    )
    return api.created(_one(made), url_for("api_runs.show", run_id=made.id), is_new=is_new)


@blueprint.get("/runs")
@blueprint.doc(
    summary="List runs",
    description="Filters: project, stack (also as project/stack), workspace, type, status, state, "
    "trigger, created_by (id, e-mail or name), branch, drift, since, until, archived (false, true, "
    "any), q. Several values of a word are parted by commas; times are instants, dates or ages.",
)
def index() -> Json:
    """The runs one sees, newest first."""
    wanted = filters.parse(request.args.to_dict(flat=False))
    after = paging.after()
    found = listing.page(
        current.actor(), wanted, cursor=Cursor(after) if after else None, limit=paging.limit()
    )
    items = facts(current.actor(), listing.runs_of(found))
    return api.listing(Page(items, found.older.run_id if found.older else None), run_json)


@blueprint.get("/runs/<run_id>")
@blueprint.doc(summary="One run")
def show(run_id: str) -> Json:
    """One run, as it is now."""
    return _one(_run(run_id))


@blueprint.get("/runs/<run_id>/history")
@blueprint.doc(summary="The states a run went through, oldest first")
def history(run_id: str) -> Json:
    """The states a run went through, oldest first, with who moved it and how long each lasted."""
    rows = history_of(_run(run_id))
    return {"items": [_moment(*pair) for pair in zip_longest(rows, rows[1:])], "next": None}


@blueprint.get("/runs/<run_id>/variables")
@blueprint.doc(summary="The variables a run got, values by role")
def variables(run_id: str) -> Json:
    """The variables a run got: values for those who may see them, and of secrets for nobody."""
    run = _run(run_id)
    is_open = reading.sees_values(current.actor(), run)
    return {
        "items": [_variable(row, is_open=is_open) for row in reading.variables(run)],
        "next": None,
    }


@blueprint.get("/runs/<run_id>/outputs")
@blueprint.doc(summary="The outputs of a run")
def outputs(run_id: str) -> Json:
    """The outputs of a run; a sensitive one has no value here."""
    return {"items": [_output(row) for row in reading.outputs(_run(run_id))], "next": None}


@blueprint.get("/runs/<run_id>/changes")
@blueprint.doc(summary="What a run changes, by cursor")
def changes(run_id: str) -> Json:
    """The change document, its `changes` a page at a time."""
    run, cursor = _run(run_id), request.args.get("cursor", "")
    after = paging.decode(cursor, int)[0] if cursor else -1
    if not -1 <= after < 1 << 31:
        raise Invalid({"cursor": "Start from the first page."})
    document = change_pages.document(run) or {}
    records, following = change_pages.records(run, after, paging.limit())
    return {
        "summary": summary(document.get("summary") or run.changes),
        "changes": records,
        "drift": document.get("drift", []),
        "outputs": document.get("outputs", []),
        "checks": document.get("checks", []),
        "notes": document.get("notes", []),
        "next": None if following is None else paging.encode(following),
    }


@blueprint.get("/runs/<run_id>/result")
@blueprint.doc(summary="What came of a run")
def result(run_id: str) -> Response | Json:
    """A preview's change document; of other runs the sentence."""
    run = _run(run_id)
    if run.type is RunType.PREVIEW and change_pages.document(run) is not None:
        return change_stream.answer(run)
    sentence = run.result or run.error_text
    if sentence is None:
        raise NotFound("The run has no result yet.")
    return {"result": sentence}


@blueprint.get("/runs/<run_id>/logs")
@blueprint.doc(summary="A run's log from an offset on", responses={200: "Bytes of the log"})
def log(run_id: str) -> Response:
    """The bytes from `?offset=` on; headers say where to go on, and whether that was all."""
    run, offset = _run(run_id), _offset()
    is_over = run.is_over  # Before the size: what is over grows no more.
    size = logs.size(run)
    length = max(0, size - offset)
    response = Response(
        logs.raw(run, offset, length) if length else b"", content_type="text/plain; charset=utf-8"
    )
    response.content_length = length
    response.headers["Gantry-Log-Offset"] = str(min(offset, size) + length)
    response.headers["Gantry-Log-Complete"] = json.dumps(is_over)
    return response


def _run(run_id: str) -> Run:
    return reading.get(current.actor(), run_id)


def _one(run: Run) -> Json:
    return run_json(facts(current.actor(), [run])[0])


def _offset() -> int:
    text = request.args.get("offset", "0")
    if not (text.isascii() and text.isdigit() and int(text[:20]) <= LARGEST_OFFSET):
        raise Invalid({"offset": "Say a number of bytes, 0 or more."})
    return int(text[:20])


def _moment(row: RunHistory, following: RunHistory | None) -> Json:
    """A state. What a row keeps is the duration of the state before; each is told its own here."""
    return {
        "state": row.state.value,
        "status": STATUS[row.state].value,
        "at": instant(row.at),
        "actor": {"kind": row.actor_kind, "id": row.actor_id, "name": row.actor_name},
        "reason": row.reason,
        "duration_ms": None if following is None else following.duration_ms,
    }


def _variable(row: RunVariable, *, is_open: bool) -> Json:
    hidden = row.secret or not is_open
    return {
        "name": row.name,
        "category": row.category.value,
        "secret": row.secret,
        "value": None if hidden else row.value,
        "hidden": hidden,
        "fingerprint": row.fingerprint if is_open else None,
        "source": row.source,
        "shadows": row.shadows,
    }


def _output(row: RunOutput) -> Json:
    return {
        "name": row.name,
        "type": row.type,
        "sensitive": row.sensitive,
        "value": None if row.sensitive else row.value,
    }

"""Runs: made, listed and read by programs. What can be done to one stands in `run_verbs`."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Annotated

from flask import Response, json, request
from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared import api, change_stream, conditional, current, paging, run_order, sparse
from blueprints._shared.describe import Content, Some, describe
from blueprints._shared.nouns import Json, moment
from blueprints._shared.run_json import RunBody, line_json, run_json, summary
from blueprints._shared.run_made import made
from blueprints._shared.shapes import OneOf, Paging, list_of, shape
from blueprints._shared.shapes.nouns import Output
from blueprints._shared.shapes.run_parts import (
    Changes,
    Moment,
    RunFilters,
    RunVariable,
    Sentence,
)
from blueprints._shared.shapes.runs import Run
from models import run as models
from models import run_content
from models.run_history import RunHistory
from models.run_state import STATUS, RunType
from services import logs, runs
from services.errors import Invalid, NotFound
from services.runs import change_pages, filters, listing, reading
from services.runs.facts import RunFacts, bare, facts, stamp
from services.runs.facts import history as history_of
from services.runs.listing import RunLine
from services.runs.ordered import Order

blueprint = api.blueprint("runs", __name__, tag="run")
LARGEST_OFFSET = 1 << 50
DOCUMENT = Content("application/json", '{"summary": {}, "changes": []}', "The change document.")


LOOKED_UP = {"waiting_on", "outdated", "outputs", "actions", "force_cancel_at"}


@shape
class Sort(TypedDict, total=False):
    """How a list is ordered."""

    sort: Annotated[str, OneOf(Order), Field(examples=["-created_at"])]
    """By when runs were made or ended; a minus puts the latest first. By `finished_at` there are
    only those that have ended. Together with `q` only `-created_at` is possible."""


@shape
class Offset(TypedDict, total=False):
    """Where to read from."""

    offset: Annotated[int, Field(ge=0, le=LARGEST_OFFSET, examples=[0])]
    """How many bytes to pass over."""


@blueprint.post("/runs")
@describe(
    Run,
    status=201,
    takes=RunBody,
    once=True,
    refuses={
        404: "There is no such project, stack or workspace, or none that the caller may see.",
        409: "The workspace is protected, the stack is not able to, or the key was used before.",
    },
)
def create() -> Response:
    """Make a run.

    Answered before any work is done: ask again or listen to its events. `waiting_on` says right
    away what it waits for. A refusal creates nothing.
    """
    actor, asked = current.actor(), api.body(RunBody)
    return made(lambda: runs.create(actor, asked.request()))


@blueprint.get("/runs")
@describe((list_of(Run), Some(list_of(Run))), query=[Paging, RunFilters, Sort, sparse.Fields])
def index() -> Response | Json:
    """List runs.

    Those that the caller sees, newest first unless `sort` says otherwise. Ask for the fields that
    you need: without `waiting_on`, `outdated`, `outputs`, `actions`, `force_cancel_at` it is quick.
    """
    fields = sparse.names(Run)
    found = run_order.page(filters.parse(request.args.to_dict(flat=False)))
    if conditional.is_known(f"{stamp(current.actor(), found.lines)}{found.next}"):
        return conditional.nothing_new()
    return {"items": _items(found.lines, fields), "next": found.next}


@blueprint.get("/runs/<run_id>")
@describe((Run, Some(Run)), query=[sparse.Fields])
def show(run_id: str) -> Response | Json:
    """Show a run.

    As it is now, with what the caller may do to it.
    """
    run, fields = _run(run_id), sparse.names(Run)
    if conditional.is_known(stamp(current.actor(), [run])):
        return conditional.nothing_new()
    return sparse.only(run_json(_facts([run], fields)[0]), fields)


@blueprint.get("/runs/<run_id>/history")
@describe(list_of(Moment))
def history(run_id: str) -> Json:
    """Show a run's history.

    The states it went through, oldest first, with who moved it and how long each lasted.
    """
    rows = history_of(_run(run_id))
    return {"items": [_moment(*pair) for pair in zip_longest(rows, rows[1:])], "next": None}


@blueprint.get("/runs/<run_id>/variables")
@describe(list_of(RunVariable))
def variables(run_id: str) -> Json:
    """List a run's variables.

    The variables it got: values for those who may see them, and of secrets for nobody.
    """
    run = _run(run_id)
    is_open = reading.sees_values(current.actor(), run)
    return {
        "items": [_variable(row, is_open=is_open) for row in reading.variables(run)],
        "next": None,
    }


@blueprint.get("/runs/<run_id>/outputs")
@describe(list_of(Output))
def outputs(run_id: str) -> Json:
    """List a run's outputs.

    A sensitive one has no value here.
    """
    return {"items": [_output(row) for row in reading.outputs(_run(run_id))], "next": None}


@blueprint.get("/runs/<run_id>/changes")
@describe(Changes, query=[Paging])
def changes(run_id: str) -> Json:
    """Show what a run changes.

    The change document, its `changes` a page at a time.
    """
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
@describe((Sentence, DOCUMENT))
def result(run_id: str) -> Response | Json:
    """Show what came of a run.

    Of a preview the whole change document, of other runs a sentence; 404 while there is neither.
    """
    run = _run(run_id)
    if run.type is RunType.PREVIEW and change_pages.document(run) is not None:
        return change_stream.answer(run)
    sentence = run.result or run.error_text
    if sentence is None:
        raise NotFound("The run has no result yet.")
    return {"result": sentence}


@blueprint.get("/runs/<run_id>/logs")
@describe(
    Content(
        "text/plain", "Initializing the backend...\n", "Bytes of the log, as a person reads it."
    ),
    query=[Offset],
    headers={
        "Gantry-Log-Offset": "Where to go on: the `offset` of the next request.",
        "Gantry-Log-Complete": "`true` once the run has ended and this was all.",
    },
)
def log(run_id: str) -> Response:
    """Read a run's log.

    The bytes from `offset` on; two headers say where to go on, and whether that was all. Known
    secrets are masked.
    """
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


def _run(run_id: str) -> models.Run:
    return reading.get(current.actor(), run_id)


def _one(run: models.Run) -> Run:
    return run_json(facts(current.actor(), [run])[0])


def _items(lines: Sequence[RunLine], fields: frozenset[str] | None) -> Sequence[Json | None]:
    """The runs of lines: from the lines themselves, when these have all that is asked for."""
    if fields is not None and (not lines or line_json(lines[0], fields) is not None):
        return [line_json(line, fields) for line in lines]
    rows = listing.whole(lines)
    return [sparse.only(run_json(each), fields) for each in _facts(rows, fields)]


def _facts(rows: Sequence[models.Run], fields: frozenset[str] | None) -> list[RunFacts]:
    """The facts of runs; none that takes a look around, when no field that is wanted has any."""
    if fields is not None and not fields & LOOKED_UP:
        return bare(rows)
    return facts(current.actor(), rows)


def _offset() -> int:
    text = request.args.get("offset", "0")
    if not (text.isascii() and text.isdigit() and int(text[:20]) <= LARGEST_OFFSET):
        raise Invalid({"offset": "Say a number of bytes, 0 or more."})
    return int(text[:20])


def _moment(row: RunHistory, following: RunHistory | None) -> Moment:
    """A state. What a row keeps is the duration of the state before; each is told its own here."""
    return {
        "state": row.state.value,
        "status": STATUS[row.state].value,
        "at": moment(row.at),
        "actor": {"kind": row.actor_kind, "id": row.actor_id, "name": row.actor_name},
        "reason": row.reason,
        "duration_ms": None if following is None else following.duration_ms,
    }


def _variable(row: run_content.RunVariable, *, is_open: bool) -> RunVariable:
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


def _output(row: run_content.RunOutput) -> Output:
    return {
        "name": row.name,
        "type": row.type,
        "sensitive": row.sensitive,
        "value": None if row.sensitive else row.value,
    }

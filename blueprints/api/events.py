"""Hints for programs: the same stream that pages listen to, for whoever sends a token."""

from typing import Annotated

from flask import Response, request
from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared import api, streams
from blueprints._shared.describe import Content, describe
from blueprints._shared.shapes import shape

blueprint = api.blueprint("events", __name__, tag="run")
RESUME = "The `id` of the last event that arrived: the stream goes on from there."
STREAM = Content(
    "text/event-stream",
    'retry: 3000\n\nid: 811\nevent: state\ndata: {"id":"06gzq1k2v5c8m9r3tw4x",'
    '"state":"planning","status":"running","version":5}\n\n',
    "Events, as they come.",
)


@shape
class Topics(TypedDict):
    """What is listened to."""

    topics: Annotated[str, Field(examples=["runs"])]
    """Parted by commas: `runs` (all that the caller sees), `run:ID`, `project:ID`, `stack:ID`,
    `workspace:ID`, `deployment:ID`."""


@blueprint.get("/events")
@describe(
    STREAM,
    query=[Topics],
    sends={"Last-Event-ID": RESUME},
    refuses={404: "A run among the topics is none that the caller may see."},
)
def stream() -> Response:
    """Follow many runs.

    Server-sent events about the topics named: hints that something has changed, never what it is
    now. `state` carries `{id, state, status, version}`, `log` carries `{id, offset}`, and `look`
    says that something may have been missed. What the caller may not see is left out. The stream
    ends after a quarter of an hour; come back with `Last-Event-ID`.
    """
    return streams.answer(streams.topics_of(request.args.get("topics", "")))


@blueprint.get("/runs/<run_id>/events")
@describe(STREAM, sends={"Last-Event-ID": RESUME})
def of_run(run_id: str) -> Response:
    """Follow one run.

    Server-sent events: first how the run stands and how long its log is, then a `state` event
    (`{id, state, status, version}`) whenever it has changed and a `log` event (`{id, offset}`)
    whenever its log has grown. They are hints: read what they speak of. The stream ends after a
    quarter of an hour; come back with `Last-Event-ID`.
    """
    return streams.answer(frozenset({f"run:{run_id}"}))

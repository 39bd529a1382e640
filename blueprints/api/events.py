"""Hints for programs: the same stream that pages listen to, for whoever sends a token."""

from flask import Response, request

from blueprints._shared import api, streams

blueprint = api.blueprint("events", __name__, tag="Runs")


@blueprint.get("/events")
@blueprint.doc(summary="Hints about runs", description="Server-sent `state` and `log` events.")
def stream() -> Response:
    """Hints about the topics named in `?topics=`: `runs`, `run:ID`, `project:ID` and the like."""
    return streams.answer(streams.topics_of(request.args.get("topics", "")))


@blueprint.get("/runs/<run_id>/events")
@blueprint.doc(summary="Hints about one run", description="Server-sent `state` and `log` events.")
def of_run(run_id: str) -> Response:
    """Hints about one run."""
    return streams.answer(frozenset({f"run:{run_id}"}))

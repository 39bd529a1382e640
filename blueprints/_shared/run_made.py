"""Answers of calls that make a run: once per Idempotency-Key, with the run and where it is."""

from collections.abc import Callable

from flask import Response, url_for

from blueprints._shared import api, current
from blueprints._shared.run_json import run_json
from models.run import Run
from services.runs import reading
from services.runs.facts import facts


def made(make: Callable[[], Run], *, kind: str = "run", is_verb: bool = False) -> Response:
    """The run that `make` makes: 201, and 200 when the same request came before.

    A verb of a run (`is_verb`) answers 200, as all of them do.
    """
    actor = current.actor()
    run, is_new = api.once(
        kind, make, name=lambda one: one.id, find=lambda run_id: reading.get(actor, run_id)
    )
    url = url_for("api_runs.show", run_id=run.id)
    return api.created(run_json(facts(actor, [run])[0]), url, is_new=is_new and not is_verb)

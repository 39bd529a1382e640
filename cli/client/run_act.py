"""Verbs on a run, done once although the connection breaks."""

from collections.abc import Callable, Mapping
from typing import Any

from cli.client.command import Here
from cli.client.failures import Unreachable
from cli.client.following import OVER
from cli.client.http import Json, path

MOST_LOOKS = 5
HOLDS: Mapping[str, Callable[[Json], bool]] = {
    "confirm": lambda run: run["state"] not in {"unconfirmed", "discarded"},
    "discard": lambda run: run["state"] == "discarded",
    "cancel": lambda run: run["cancel_requested_at"] is not None or run["state"] in OVER,
    "force-cancel": lambda run: run["state"] in OVER or "force-cancel" not in run["actions"],
    "archive": lambda run: bool(run["archived"]),
    "unarchive": lambda run: not run["archived"],
}
"""How one sees afterwards that a verb was done."""


def act(here: Here, run_id: str, verb: str, body: Any = None) -> Json:
    """Do it, and give the run as it is then.

    When the connection breaks so that nobody knows whether it was done, the run is looked at: what
    holds is not asked for again, what does not is.
    """
    where = path("runs", run_id, verb)
    for look in range(MOST_LOOKS):
        try:
            done: Json = here.portal.do(where, body)
        except Unreachable as trouble:
            if not trouble.may_have_happened or look == MOST_LOOKS - 1:
                raise
            run: Json = here.portal.get(path("runs", run_id))
            holds = HOLDS.get(verb)
            if holds is not None and holds(run):
                return run
            if verb not in run["actions"]:
                raise
        else:
            return done
    raise AssertionError("the last look raises")

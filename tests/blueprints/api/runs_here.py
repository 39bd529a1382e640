"""What the tests of runs over the API share: a task to ask for, a run's words, a run to find."""

from models.base import db
from models.run_state import RunState, RunType
from services.runs.create import search_words
from tests import factories

S, T = RunState, RunType
TASK = {"project": "shop", "stack": "web", "workspace": "staging", "type": "task", "command": "ls"}
WORDS = (
    "id number type state status project stack workspace source message created_at started_at "
    "finished_at auto_apply priority archived rerun_of outdated drift plan_sha256 "
    "cancel_requested_at force_cancel_at outputs trigger created_by waiting_on changes result "
    "error actions"
).split()


def run_in(world, place=None, **fields):
    made = factories.run(place or world.deployment(), **fields)
    made.search = search_words(made)
    db.session.commit()
    return made

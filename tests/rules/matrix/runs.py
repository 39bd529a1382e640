"""The routes of runs: lists, pages, logs, changes, verbs."""

from lib import clock, ids
from models.base import db
from models.configuration_version import ConfigurationVersion
from models.run_state import RunState, RunType
from services import blobs
from services.transaction import transaction
from tests import factories
from tests.rules.matrix.case import DEPLOYERS, EVERYONE, MEMBERS, Case

SAM = "sam"


def _run(state=RunState.UNCONFIRMED, **fields):
    """The id of a run in this state, in the world's stack in staging."""

    def make(world):
        usual = {"type": RunType.APPLY, "plan_sha256": "0" * 64}
        return factories.run(world.deployment(), state=state, **(usual | fields)).id

    return make


def _upload(world):
    with transaction():
        blob = blobs.put("configuration", b"x")
        db.session.add(
            ConfigurationVersion(
                id=(made := ids.new_id()),
                project_id=world.project.id,
                blob_id=blob.id,
                digest=blob.sha256,
                filename="web.tar.gz",
                size_bytes=1,
                file_count=1,
            )
        )
    return made


def _seen(endpoint, **names):
    return Case(endpoint, MEMBERS, blind=SAM, names={"run_id": _run()} | names)


def _verb(endpoint, status=200, state=RunState.UNCONFIRMED, send=None, **names):
    archived = {"archived_at": clock.now()} if names.pop("archived_at", False) else {}
    names = {"run_id": _run(state, **archived)} | names
    return Case(endpoint, DEPLOYERS, status, blind=SAM, names=names, send=send or {})


CASES = [
    Case("runs.index", EVERYONE),
    Case("runs.refresh", EVERYONE),
    Case("api_runs.index", EVERYONE),
    *(_seen(f"run.{part}") for part in "show summary facts history outputs result dialogs".split()),
    *(_seen(f"api_runs.{part}") for part in "show history outputs".split()),
    Case("api_configuration_versions.show", MEMBERS, blind=SAM, names={"version_id": _upload}),
    _verb("run_actions.act", 303, name="discard"),
    _verb("run_actions.comment", 303, send={"text": "Why?"}),
    _verb("api_run_verbs.discard"),
    _verb("api_run_verbs.comment", 200, send={"text": "Why?"}),
    _verb("api_run_verbs.archive", state=RunState.FINISHED),
    _verb("api_run_verbs.prioritize", send={"priority": 1}),
    _verb("api_run_verbs.cancel", state=RunState.PLANNING),
    _verb("api_run_verbs.confirm", send={"plan_sha256": "0" * 64}),
    _verb("api_run_verbs.rerun", 200, state=RunState.FINISHED),
    Case(
        "api_runs.create",
        DEPLOYERS,
        201,
        blind=SAM,
        send={
            "project": "shop",
            "stack": "web",
            "workspace": "staging",
            "type": "task",
            "command": "true",
        },
    ),
    Case("run_wizard.new", EVERYONE),
    Case("runs.matching", EVERYONE, query="?action=archive"),
    _verb("api_run_verbs.unarchive", state=RunState.FINISHED, archived_at=True),
    _seen("run_log.lines"),
    _seen("run_changes.more"),
    *(_seen(f"api_runs.{part}") for part in "changes log variables".split()),
    _seen("api_events.of_run"),
    *(_seen(f"api_run_notes.{part}") for part in "comments diagnostics metadata".split()),
    Case("api_audit.index", EVERYONE),
    _seen("run.variables"),
    _seen("run_changes.show"),
    _seen("run_log.show"),
    _seen("run_log.raw"),
    Case("run_compare.show", MEMBERS, blind=SAM, names={"run_id": _run(), "other_id": _run()}),
    Case(
        "run_actions.question",
        DEPLOYERS,
        blind=SAM,
        names={"run_id": _run(), "name": "discard"},
    ),
]

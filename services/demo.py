"""The demo: a project, a stack and two workspaces, so that a first visit finds something to do.

Everything goes the way a person's clicks go. On staging the first version is applied and the second
waits for somebody to confirm it; for prod there is a preview.
"""

import io
import secrets
from pathlib import Path

from sqlalchemy import select

from lib import archive
from models.configuration_version import ConfigurationVersion
from models.project import Project
from models.run_state import RunType
from models.setting import Setting
from services import configuration_versions, projects, runs, stacks, variables, workspaces
from services.access import SYSTEM, Actor
from services.transaction import session, transaction
from services.variables import NewValue

CODE = Path(__file__).resolve().parent.parent / "demo"
_MADE = "demo"


def furnish(actor: Actor = SYSTEM) -> None:
    """Make the demo, once in an instance's life: who deletes it is rid of it."""
    if session().get(Setting, _MADE) is not None or _is_inhabited():
        return
    with transaction() as here:
        here.add(Setting(name=_MADE, value="made"))
        project = projects.create(
            actor,
            name="demo",
            title="Demo",
            description="A small web service to try Gantry with. Delete it when you are done.",
        )
        first = _upload(actor, project, "first")
        second = _upload(actor, project, "second")
        for name, protected in (("staging", False), ("prod", True)):
            _workspace(actor, name, protected=protected)
        stacks.create(
            actor,
            project,
            name="web",
            title="Web service",
            description="Servers, a network, a database. Its code is an uploaded archive.",
            source={"kind": "configuration_version", "id": second.id},
        )
    _run(actor, RunType.APPLY, "staging", "First release", source=first)
    _run(actor, RunType.APPLY, "staging", "Third zone, larger servers, image 1.9.0")
    _run(actor, RunType.PREVIEW, "prod", "What would prod get?")


def _is_inhabited() -> bool:
    return session().scalars(select(Project.id).limit(1)).first() is not None


def _upload(actor: Actor, project: Project, folder: str) -> ConfigurationVersion:
    packed = io.BytesIO(archive.pack(CODE / folder))
    return configuration_versions.upload(actor, project, packed, f"web-{folder}.tar.gz")


def _workspace(actor: Actor, name: str, *, protected: bool) -> None:
    workspace = workspaces.create(actor, name=name, protected=protected)
    password = f"demo-{secrets.token_urlsafe(12)}"
    values = {
        "environment": NewValue(name, "terraform"),
        "database_password": NewValue(password, "terraform", secret=True),
    }
    for variable, value in values.items():
        variables.put(actor, workspace, variable, value)


def _run(
    actor: Actor,
    kind: RunType,
    workspace: str,
    message: str,
    source: ConfigurationVersion | None = None,
) -> None:
    runs.create(
        actor,
        runs.NewRun(
            project="demo",
            stack="web",
            workspace=workspace,
            type=kind,
            message=message,
            auto_apply=True if source else None,
            source={"kind": "configuration_version", "id": source.id} if source else None,
        ),
    )

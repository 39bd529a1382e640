"""Things for tests, one function each: sensible by default, committed by whoever asks.

They write rows as services would have, and nothing else: no lock, no audit row, no history.
"""

from lib import clock, ids
from models.audit import AuditEvent
from models.base import db
from models.member import Member
from models.project import Deployment, Project, Stack, Workspace
from models.run import Run
from models.run_state import RunState, RunType
from models.user import User
from tests.databases import CHEAP

PASSWORD = "correct horse battery"
_hash = CHEAP.hash(PASSWORD)


def add(thing):
    """Put a row into the test's session, so that it has its defaults."""
    db.session.add(thing)
    db.session.flush()
    return thing


def user(name="uma", *, is_admin=False, **fields):
    row = {"email": f"{name}@example.com", "name": name.title(), "password_hash": _hash}
    return add(User(is_admin=is_admin, **(row | fields)))


def project(name="shop", **fields):
    return add(Project(name=name, **fields))


def workspace(name="staging", **fields):
    return add(Workspace(name=name, **fields))


def stack(project, name="web", **fields):
    return add(Stack(project_id=project.id, project_name=project.name, name=name, **fields))


def member(user, place, role):
    """`place` is a project or a workspace."""
    column = "project_id" if isinstance(place, Project) else "workspace_id"
    return add(Member(user_id=user.id, role=role, **{column: place.id}))


def deployment(stack, workspace, **fields):
    found = db.session.query(Deployment).filter_by(stack_id=stack.id, workspace_id=workspace.id)
    return found.one_or_none() or add(
        Deployment(
            project_id=stack.project_id,
            stack_id=stack.id,
            workspace_id=workspace.id,
            project_name=stack.project_name,
            stack_name=stack.name,
            workspace_name=workspace.name,
            **fields,
        )
    )


# The model's own name for it.
def run(deployment, *, type=RunType.PREVIEW, state=RunState.QUEUED, **fields):  # noqa: A002
    """A run in any state, as if it had come there. Its number follows the project's last."""
    place = db.session.get_one(Project, deployment.project_id)
    place.last_run_number += 1
    names = {
        name: getattr(deployment, name)
        for name in (
            "project_id stack_id workspace_id project_name stack_name workspace_name".split()
        )
    }
    usual = {
        "number": place.last_run_number,
        "deployment_id": deployment.id,
        "trigger_kind": "manual",
        "created_by_name": "Dave",
        "source": {"kind": "git", "url": "https://git.example.com/shop.git", "ref": "main"},
        "created_at": clock.now(),
    }
    return add(Run(type=type, state=state, **(usual | names | fields)))


def audit_event(**fields):
    usual = {
        "actor_kind": "user",
        "actor_id": ids.new_id(),
        "actor_name": "Dave",
        "action": "run.confirm",
        "target_kind": "run",
        "target_id": ids.new_id(),
        "target_name": "shop#1",
    }
    return add(AuditEvent(**(usual | fields)))

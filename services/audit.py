"""The audit log: one row per mutation, written in the mutation's own transaction."""

from collections.abc import Mapping
from typing import Any

from models.audit import AuditEvent
from models.project import Deployment, Project, Stack, Workspace
from models.run import Run
from services.access import Actor
from services.transaction import session

HIDDEN = "(secret)"


def record(
    actor: Actor,
    action: str,
    target: Any,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Write down who did what on what. `before` and `after` must hold no secret.

    `action` is `noun.verb`, such as `run.confirm`. Of an edit only the changed fields are kept.
    """
    if before is not None and after is not None:
        changed = {key for key in after if before.get(key) != after[key]}
        before = {key: before.get(key) for key in sorted(changed)}
        after = {key: after[key] for key in sorted(changed)}
    kind, identity, name = _describe(target)
    project_id, workspace_id = _places(target)
    event = AuditEvent(
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        action=action,
        target_kind=kind,
        target_id=identity,
        target_name=name,
        project_id=project_id,
        workspace_id=workspace_id,
        address=actor.address,
        request_id=actor.request_id,
        token_id=actor.token_id,
        before=dict(before) if before is not None else None,
        after=dict(after) if after is not None else None,
    )
    session().add(event)
    return event


def _describe(target: Any) -> tuple[str, str, str]:
    match target:
        case Run():
            return "run", target.id, f"{target.project_name}#{target.number}"
        case Stack():
            return "stack", target.id, f"{target.project_name}/{target.name}"
        case Deployment():
            names = (target.project_name, target.stack_name, target.workspace_name)
            return "deployment", target.id, "/".join(names)
        case str():
            return "instance", target, target
        case _:
            name = getattr(target, "name", None) or getattr(target, "email", "") or target.id
            return target.__tablename__, target.id, name


def _places(target: Any) -> tuple[str | None, str | None]:
    match target:
        case Project():
            return target.id, None
        case Workspace():
            return None, target.id
        case _:
            return getattr(target, "project_id", None), getattr(target, "workspace_id", None)

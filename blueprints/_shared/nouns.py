"""Nouns as programs read them, and the things a URL names: for the API's modules of the nouns."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask import request

from blueprints._shared import current
from blueprints._shared.shapes import nouns as shapes
from models.project import Deployment, Project, Stack, Workspace
from models.run import Run
from services import deployments, projects, stacks, workspaces
from services.deployments import DeploymentLine
from services.errors import Invalid
from services.variables import VariableLine

Json = Mapping[str, Any]


def instant(at: dt.datetime | None) -> str | None:
    """An instant as RFC 3339 has it, in UTC."""
    return None if at is None else at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def moment(at: dt.datetime) -> str:
    """An instant that is always there, as RFC 3339 has it, in UTC."""
    return at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def query_flag(name: str) -> bool:
    """Whether the query says `name=true`.

    Raises:
        Invalid: when it says neither true nor false.
    """
    text = request.args.get(name, "false").lower()
    if text not in {"true", "false", "1", "0", ""}:
        raise Invalid({name: "Say true or false."})
    return text in {"true", "1"}


def project_of(url: Mapping[str, Any]) -> Project:
    """The project that the URL's values name."""
    return projects.get(current.actor(), url["project"])


def workspace_of(url: Mapping[str, Any]) -> Workspace:
    """The workspace that the URL's values name."""
    return workspaces.get(current.actor(), url["workspace"])


def stack_of(url: Mapping[str, Any]) -> Stack:
    """The stack that the URL's values name."""
    return stacks.get(current.actor(), url["project"], url["stack"])


def deployment_at(url: Mapping[str, Any]) -> Deployment:
    """The deployment that the URL's values name, made already or not."""
    return deployments.at(current.actor(), url["project"], url["stack"], url["workspace"])


def project_json(project: Project) -> shapes.Project:
    """A project."""
    return {
        "id": project.id,
        "name": project.name,
        "title": project.title,
        "description": project.description,
        "created_at": moment(project.created_at),
        "created_by": project.created_by_name,
        "version": project.version,
    }


def workspace_json(workspace: Workspace) -> shapes.Workspace:
    """A workspace."""
    return {
        "id": workspace.id,
        "name": workspace.name,
        "title": workspace.title,
        "description": workspace.description,
        "protected": workspace.protected,
        "created_at": moment(workspace.created_at),
        "created_by": workspace.created_by_name,
        "version": workspace.version,
    }


def stack_json(stack: Stack) -> shapes.Stack:
    """A stack with its settings."""
    return {
        "id": stack.id,
        "project": stack.project_name,
        "name": stack.name,
        "title": stack.title,
        "description": stack.description,
        "engine": stack.engine,
        "source": stack.source,
        "published": stack.published,
        "protected": stack.protected,
        "auto_apply": stack.auto_apply,
        "cancel_grace_s": stack.cancel_grace_s,
        "max_duration_s": stack.max_duration_s,
        "silence_notice_s": stack.silence_notice_s,
        "plan_expires_s": stack.plan_expires_s,
        "created_at": moment(stack.created_at),
        "created_by": stack.created_by_name,
        "version": stack.version,
    }


def run_link(run: Run | None) -> shapes.RunLink | None:
    """A run as others point to it."""
    if run is None:
        return None
    return {
        "id": run.id,
        "number": run.number,
        "type": run.type.value,
        "state": run.state.value,
        "status": run.status.value,
    }


def deployment_json(line: DeploymentLine) -> shapes.Deployment:
    """A deployment with its locks and runs."""
    row = line.deployment
    return {
        "id": row.id,
        "project": row.project_name,
        "stack": row.stack_name,
        "workspace": row.workspace_name,
        "created_at": instant(row.created_at),
        "resource_count": row.resource_count,
        "backend": row.backend,
        "blocked": _blocked(row),
        "lock": _lock(line),
        "manual_lock": _manual_lock(line),
        "active_run": run_link(line.active_run),
        "last_run": run_link(line.last_run),
        "applied_run": run_link(line.applied_run),
    }


def variable_json(line: VariableLine) -> shapes.Variable:
    """A variable; `value` is null when `hidden` says that it is not shown."""
    return {
        "name": line.name,
        "category": line.category.value,
        "secret": line.secret,
        "value": line.value,
        "hidden": line.hidden,
        "fingerprint": line.fingerprint,
        "updated_at": instant(line.updated_at),
        "updated_by": line.updated_by_name,
        "version": line.version,
    }


def _lock(line: DeploymentLine) -> shapes.Lock | None:
    held = line.lock
    if held is None:
        return None
    at = instant(held.acquired_at)
    return {"run": held.run_id, "client": held.client, "acquired_at": at}


def _manual_lock(line: DeploymentLine) -> shapes.ManualLock | None:
    hand = line.hand
    if hand is None:
        return None
    at = instant(hand.locked_at)
    return {"user": hand.user_id, "name": hand.user_name, "note": hand.note, "locked_at": at}


def _blocked(row: Deployment) -> shapes.Block | None:
    if row.blocked_at is None:
        return None
    return {
        "reason": row.blocked_reason,
        "run": row.blocked_run_id,
        "since": instant(row.blocked_at),
    }

"""What stands against a request for a run: a sentence per field."""

import re
from collections.abc import Mapping

from models.project import Stack, Workspace
from models.run_order import PRIORITY_LIMIT
from models.run_state import RunType
from services import deployments, projects, sources, stacks, workspaces
from services.access import Action, Actor, require
from services.errors import Conflict, Invalid
from services.house import house
from services.runs.create.request import NewRun
from services.vcs import links

MESSAGE_LIMIT = 2000
METADATA_LIMIT = 16_384
LIST_LIMIT = 100
COMMAND_LIMIT = 32_768
_ADDRESS = re.compile(r"[\w\-.\[\]\"'/ :@]{1,1024}")


def objections(actor: Actor, request: NewRun) -> Mapping[str, str]:
    """What stands against a request, a sentence per field; nothing is made.

    Raises:
        NotFound, Forbidden: by the roles on project and workspace.
    """
    stack = stacks.towards(actor, request.project, request.stack)
    workspace = workspaces.towards(actor, request.workspace)
    require(actor, Action.CREATE_RUN, deployments.between(stack, workspace))
    found = _problems_of_type(request, stack) | _problems_of_size(request)
    protection = _protection(request, stack, workspace)
    if protection:
        found["type"] = protection
    unlinked = links.objection(request.source or stack.source, stack, workspace)
    if unlinked:
        found["source.kind"] = unlinked
    try:
        sources.resolve(request.source or stack.source, projects.towards(actor, request.project))
    except Invalid as refusal:
        found |= refusal.fields
    return found


def validate(request: NewRun, stack: Stack, workspace: Workspace) -> None:
    """Refuse a request that cannot become a run.

    Raises:
        Invalid: with a sentence per field.
        Conflict: when the workspace or the stack is protected from what is asked.
    """
    problems = _problems_of_type(request, stack) | _problems_of_size(request)
    if problems:
        raise Invalid(problems)
    protection = _protection(request, stack, workspace)
    if protection:
        raise Conflict(protection)


def _protection(request: NewRun, stack: Stack, workspace: Workspace) -> str | None:
    """Why nothing may be destroyed there, or None."""
    if request.type is RunType.DESTROY:
        for thing, noun in ((workspace, "workspace"), (stack, "stack")):
            if thing.protected:
                return (
                    f"The {noun} {thing.name} is protected from being destroyed. "
                    "An owner can lift that in its settings."
                )
    return None


def _problems_of_type(request: NewRun, stack: Stack) -> dict[str, str]:
    kind = request.type
    able = house().run_types(stack.engine)
    task = kind is RunType.TASK
    changing = kind in {RunType.APPLY, RunType.DESTROY}
    destroying = kind is RunType.DESTROY or request.destroy
    checks = (
        ("type", not able, f"This Gantry has no engine “{stack.engine}”; change the stack's."),
        (
            "type",
            bool(able) and kind not in able,
            f"{stack.engine} stacks have no runs of type {kind}.",
        ),
        ("command", task and not (request.command or "").strip(), "Say which command to run."),
        ("command", not task and request.command is not None, "Only a task has a command."),
        ("init", not task and not request.init, "Only a task can leave out init."),
        (
            "destroy",
            request.destroy and kind is not RunType.PREVIEW,
            "Only a preview can be of a destroy; to destroy, choose that type.",
        ),
        (
            "auto_apply",
            bool(request.auto_apply) and not changing,
            "Only an apply or a destroy can be applied automatically.",
        ),
        (
            "refresh_only",
            request.refresh_only and (task or destroying or bool(request.replace)),
            "Refresh only goes with neither a task, a destroy, nor replacing.",
        ),
        ("targets", task and bool(request.targets), "A task has no targets."),
        (
            "replace",
            bool(request.replace) and (task or destroying),
            "Replacing goes with neither a task nor a destroy.",
        ),
        (
            "source",
            request.source is None and stack.source is None and not task,
            "The stack has no source of its own; choose one.",
        ),
    )
    return {name: text for name, wrong, text in checks if wrong}


def _problems_of_size(request: NewRun) -> dict[str, str]:
    addresses = [*request.targets, *request.replace]
    checks = (
        (
            "message",
            len(request.message) > MESSAGE_LIMIT,
            f"A message has at most {MESSAGE_LIMIT} characters.",
        ),
        (
            "command",
            len(request.command or "") > COMMAND_LIMIT,
            f"A command has at most {COMMAND_LIMIT} characters.",
        ),
        (
            "metadata",
            len(request.metadata) > LIST_LIMIT
            or any(len(text) > METADATA_LIMIT for text in request.metadata),
            f"At most {LIST_LIMIT} metadata of {METADATA_LIMIT} characters each.",
        ),
        (
            "priority",
            not 0 <= request.priority <= PRIORITY_LIMIT,
            f"Priority is a number from 0 to {PRIORITY_LIMIT}.",
        ),
        (
            "targets",
            len(addresses) > LIST_LIMIT
            or not all(_ADDRESS.fullmatch(address) for address in request.targets),
            "Give resource addresses such as module.web.aws_instance.one[0], at most 100.",
        ),
        (
            "replace",
            not all(_ADDRESS.fullmatch(address) for address in request.replace),
            "Give resource addresses such as aws_instance.one[0].",
        ),
    )
    return {name: text for name, wrong, text in checks if wrong}

"""What the wizard says of a run that is being thought up: in a sentence, and with its warnings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.project import Stack, Workspace
from services import deployments, sources
from services.access import Actor

TYPES: Mapping[str, str] = {
    "preview": "Preview",
    "preview-destroy": "Preview of a destroy",
    "apply": "Apply",
    "destroy": "Destroy",
    "task": "Task",
}


@dataclass(frozen=True)
class Words:
    """`plan` says what will happen, `who` who has to confirm, `warnings` what is in the way."""

    place: str
    type: str
    source: str
    options: str
    plan: str
    who: str
    warnings: Sequence[str]
    own_source: str
    auto_apply: bool


def words_of(actor: Actor, data: Mapping[str, Any], stack: Stack, workspace: Workspace) -> Words:
    """The words for what was typed so far."""
    kind, options = data.get("type", "preview"), data.get("options", {})
    auto_apply = _auto_apply(kind, options, stack)
    return Words(
        place=f"{stack.name} in {workspace.name}",
        type=TYPES.get(kind, "Preview"),
        source=_source(data, stack),
        options=_options(data, auto_apply=auto_apply),
        plan=_plan(kind, options, stack, workspace),
        who=_who(kind, stack, workspace, auto_apply=auto_apply),
        warnings=_warnings(actor, kind, stack, workspace),
        own_source=sources.describe(stack.source),
        auto_apply=auto_apply,
    )


def _auto_apply(kind: str, options: Mapping[str, Any], stack: Stack) -> bool:
    if kind not in {"apply", "destroy"}:
        return False
    chosen = options.get("auto_apply")
    return bool(chosen) if chosen is not None else kind == "apply" and stack.auto_apply


def _source(data: Mapping[str, Any], stack: Stack) -> str:
    source = data.get("source")
    if source is None:
        return f"the stack’s own: {sources.describe(stack.source)}" if stack.source else "no code"
    if data.get("choice") == "upload" and data.get("uploaded_name"):
        return str(data["uploaded_name"])
    return "earlier upload" if data.get("choice") == "earlier" else sources.describe(source)


def _options(data: Mapping[str, Any], *, auto_apply: bool) -> str:
    options = data.get("options", {})
    said = ["applies without asking"] if auto_apply else []
    said += [
        word
        for word, name in (("refresh only", "refresh_only"), ("without init", "without_init"))
        if options.get(name)
    ]
    for name, noun in (("targets", "target"), ("replace", "replacement")):
        count = len((options.get(name) or "").split())
        said += [f"{count} {noun}{'' if count == 1 else 's'}"] if count else []
    count = len(data.get("variables", ()))
    said += [f"{count} variable{'' if count == 1 else 's'}"] if count else []
    return ", ".join(said) or "defaults of the stack"


def _plan(kind: str, options: Mapping[str, Any], stack: Stack, workspace: Workspace) -> str:
    place = f"{stack.name} in {workspace.name}"
    limited = ", limited to the chosen targets" if (options.get("targets") or "").strip() else ""
    match kind:
        case "apply":
            noun = f"a refresh of {place}" if options.get("refresh_only") else place
            return f"Plans {noun}{limited}, then applies exactly that plan."
        case "destroy":
            what = f"what {stack.name} manages in {workspace.name}{limited}"
            return f"Plans to destroy {what}, then does exactly that."
        case "task":
            before = "without init" if options.get("without_init") else "after init"
            return f"Runs a command for {place}, {before}, with its variables and its lock."
        case "preview-destroy":
            return f"Plans what destroying {place} would take away{limited}. Nothing is changed."
        case _:
            return f"Plans {place}{limited} and shows what would change. Nothing is changed."


def _who(kind: str, stack: Stack, workspace: Workspace, *, auto_apply: bool) -> str:
    if kind not in {"apply", "destroy"}:
        return "Nobody has to confirm it."
    if auto_apply:
        return "Nobody is asked: it applies by itself as soon as it is planned."
    is_typed = workspace.protected and kind == "destroy"
    typed = " and type the workspace’s name" if is_typed else ""
    return (
        "If there is anything to change it waits for a person: a deployer or owner of both "
        f"{stack.project_name} and {workspace.name} has to confirm it{typed}."
    )


def _warnings(actor: Actor, kind: str, stack: Stack, workspace: Workspace) -> list[str]:
    deployment = deployments.at(actor, stack.project_name, stack.name, workspace.name)
    if not deployments.is_stored(deployment) or kind.startswith("preview"):
        return []
    line = deployments.line_of(actor, deployment)
    said = []
    if deployment.blocked_reason:
        said.append(
            f"The deployment is blocked: {deployment.blocked_reason} "
            "The run waits until somebody settles it."
        )
    if line.hand is not None:
        note = f" (“{line.hand.note}”)" if line.hand.note else ""
        whose = "You have" if line.hand.user_id == actor.id else f"{line.hand.user_name} has"
        said.append(
            f"{whose} locked the deployment{note}."
            + (
                ""
                if line.hand.user_id == actor.id
                else " The run waits until the lock is taken away."
            )
        )
    if line.lock is not None:
        said.append("Another run holds the deployment’s lock; this one waits for its turn.")
    return said

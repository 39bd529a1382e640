"""The frame around the pages of a project, workspace, stack or deployment: title, tabs, crumbs."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from blueprints._shared import current, paging
from blueprints._shared.current import Crumb
from blueprints._shared.filters import url_with
from models.project import Deployment, Project, Stack, Workspace
from services import deployments, projects, stacks, workspaces
from services.access import Action, Actor, can
from services.page import Page

SIBLINGS = 20
Thing = Project | Workspace | Stack | Deployment
Tab = tuple[str, str, bool, int | None]


@dataclass(frozen=True)
class Frame:
    """What templates/places/frame.html reads. `may` holds the names of the actions allowed here."""

    noun: str
    thing: Any
    name: str
    title: str
    url: str
    tab: str
    tabs: tuple[Tab, ...]
    crumbs: tuple[Crumb, ...]
    new_run_url: str
    may: frozenset[str]
    names: dict[str, str] = field(default_factory=dict)


def of_project(name: str, tab: str) -> Frame:
    """The frame of a project's page."""
    actor = current.actor()
    project = projects.get(actor, name)
    url = f"/projects/{project.name}"
    tabs = [
        ("Stacks", ""),
        ("Runs", "runs"),
        ("Members", "members"),
        ("Variables", "variables"),
        ("Integrations", "integrations"),
    ]
    crumbs = (Crumb("Projects", "/projects"), _project_crumb(actor, project.name))
    return _frame(actor, project, "project", url, tab, tabs, crumbs, {"project": project.name})


def of_workspace(name: str, tab: str) -> Frame:
    """The frame of a workspace's page."""
    actor = current.actor()
    workspace = workspaces.get(actor, name)
    url = f"/workspaces/{workspace.name}"
    tabs = [
        ("Deployments", ""),
        ("Runs", "runs"),
        ("Members", "members"),
        ("Variables", "variables"),
        ("Schedules", "schedules"),
    ]
    crumbs = (Crumb("Workspaces", "/workspaces"), _workspace_crumb(actor, workspace.name))
    names = {"workspace": workspace.name}
    return _frame(actor, workspace, "workspace", url, tab, tabs, crumbs, names)


def of_stack(project: str, name: str, tab: str) -> Frame:
    """The frame of a stack's page."""
    actor = current.actor()
    stack = stacks.get(actor, project, name)
    url = f"/projects/{stack.project_name}/stacks/{stack.name}"
    tabs = [
        ("Overview", ""),
        ("Runs", "runs"),
        ("Variables", "variables"),
        ("Schedules", "schedules"),
        ("E-mail", "email-triggers"),
    ]
    crumbs = _above_stack(actor, stack)
    names = {"project": stack.project_name, "stack": stack.name}
    return _frame(actor, stack, "stack", url, tab, tabs, crumbs, names)


def of_deployment(project: str, stack_name: str, workspace: str, tab: str) -> Frame:
    """The frame of a deployment's page, made already or not."""
    actor = current.actor()
    deployment = deployments.at(actor, project, stack_name, workspace)
    stack = stacks.get(actor, project, stack_name)
    base = f"/projects/{stack.project_name}/stacks/{stack.name}"
    url = f"{base}/workspaces/{deployment.workspace_name}"
    tabs = [
        ("Overview", ""),
        ("Runs", "runs"),
        ("Resources", "resources"),
        ("State", "state-versions"),
        ("Variables", "variables"),
        ("Outputs", "outputs"),
        ("Repository", "repository"),
        ("Drift", "drift"),
        ("Schedules", "schedules"),
        ("E-mail", "email-triggers"),
    ]
    others = tuple(
        Crumb(line.deployment.workspace_name, f"{base}/workspaces/{line.deployment.workspace_name}")
        for line in deployments.of_stack(actor, stack, limit=SIBLINGS).items
    )
    crumbs = (*_above_stack(actor, stack), Crumb(deployment.workspace_name, url, others))
    names = {
        "project": stack.project_name,
        "stack": stack.name,
        "workspace": deployment.workspace_name,
    }
    return _frame(actor, deployment, "deployment", url, tab, tabs, crumbs, names)


def next_url(page: Page[Any]) -> str:
    """Where the list goes on, with the filters of the present page; nothing at its end."""
    return "" if page.next is None else url_with(cursor=paging.encode(page.next))


def _frame(  # noqa: PLR0913, PLR0917 - what differs between the four nouns, and nothing else
    actor: Actor,
    thing: Thing,
    noun: str,
    url: str,
    tab: str,
    tabs: list[tuple[str, str]],
    crumbs: tuple[Crumb, ...],
    names: dict[str, str],
) -> Frame:
    may = frozenset(action.name.lower() for action in Action if can(actor, action, thing))
    if noun != "deployment" and "edit" in may:
        tabs = [*tabs, ("Settings", "settings")]
    count = thing.resource_count if isinstance(thing, Deployment) else None
    name = names[noun] if noun in names else f"{names['stack']} in {names['workspace']}"
    return Frame(
        noun=noun,
        thing=thing,
        name=name,
        title=getattr(thing, "title", "") or name,
        url=url,
        tab=tab,
        tabs=tuple(
            (
                label,
                f"{url}/{path}".rstrip("/"),
                path == tab,
                count if path == "resources" else None,
            )
            for label, path in tabs
        ),
        crumbs=crumbs,
        new_run_url=f"/runs/new?{urlencode(names)}" if "create_run" in may else "",
        may=may,
        names=names,
    )


def _above_stack(actor: Actor, stack: Stack) -> tuple[Crumb, ...]:
    base = f"/projects/{stack.project_name}/stacks"
    others = tuple(
        Crumb(name, f"{base}/{name}") for name in stacks.names(actor, stack.project_id, SIBLINGS)
    )
    return (
        Crumb("Projects", "/projects"),
        _project_crumb(actor, stack.project_name),
        Crumb(stack.name, f"{base}/{stack.name}", others),
    )


def _project_crumb(actor: Actor, name: str) -> Crumb:
    others = tuple(Crumb(each, f"/projects/{each}") for each in projects.names(actor, SIBLINGS))
    return Crumb(name, f"/projects/{name}", others)


def _workspace_crumb(actor: Actor, name: str) -> Crumb:
    others = tuple(Crumb(each, f"/workspaces/{each}") for each in workspaces.names(actor, SIBLINGS))
    return Crumb(name, f"/workspaces/{name}", others)

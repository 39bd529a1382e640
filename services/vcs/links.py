"""Links: a deployment's repository, branch and path, and what a change there starts.

A project's owners link; whoever does must also be allowed to create runs in the workspace, and from
then on the link acts with their rights, as they are when it does.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lib import clock
from models import vcs_lists
from models.project import Deployment, Project, Stack, Workspace
from models.vcs import VcsIntegration, VcsLink, VcsRepository
from services import audit, deployments, edits, sources
from services.access import Action, Actor, can, require
from services.errors import Invalid, NotFound
from services.fields import Fields
from services.transaction import session, transaction
from services.vcs import integrations
from services.vcs.fields import KINDS, globs
from services.vcs.rules import glob_problem, matches

ON_PUSH = ("apply", "preview", "nothing")
DEFAULTS: Mapping[str, Any] = {
    "branch": "",
    "path": "",
    "globs": [],
    "tags": "",
    "on_push": "apply",
    "on_pull_request": True,
    "allow_forks": False,
}
"""What can be set on a link beside its repository, and what it is when nobody says."""


@dataclass(frozen=True)
class LinkLine:
    """A link as pages and the API show it."""

    link: VcsLink
    deployment: Deployment
    repository: VcsRepository
    integration: VcsIntegration

    @property
    def branch(self) -> str:
        """The branch it follows, if that is known yet."""
        return branch_of(self.link, self.repository)

    @property
    def url(self) -> str:
        """The page of the repository, or its address for git."""
        return self.repository.web_url or integrations.clone_url(
            self.integration, self.repository.name
        )


def put(
    actor: Actor,
    deployment: Deployment,
    *,
    integration: str,
    repository: str,
    version: int | None = None,
    **settings: Any,
) -> LinkLine:
    """Link a deployment to a repository, or change the link. Its owner is then the actor.

    `integration` is an id or a name; `settings` are those of DEFAULTS.

    Raises:
        Invalid: with a sentence per field.
        ChangedMeanwhile: when `version` is given and no longer holds.
    """
    stack, workspace = _places(actor, deployment)
    fields = Fields()
    through = _integration(stack, integration, fields)
    name = fields.text("repository", repository, 255).strip("/")
    if through is not None:
        fields.add("repository", _repository_problem(through, name))
    checked = _checked(fields, {**DEFAULTS, **settings})
    fields.done()
    assert through is not None  # noqa: S101  `done` has refused.
    with transaction() as here:
        held = deployments.held(deployments.keep(deployment))
        repo = _repository(through, name)
        link = _of(held)
        before = None if link is None else _shown(link)
        if link is None:
            link = VcsLink(
                deployment_id=held.id,
                project_id=stack.project_id,
                stack_id=stack.id,
                workspace_id=workspace.id,
                repository_id=repo.id,
                version=0,
            )
            here.add(link)
        elif version is not None and link.version != version:
            raise edits.ChangedMeanwhile({})
        if link.repository_id != repo.id or link.branch != checked["branch"]:
            link.seen_sha, link.seen_at = "", None
        link.repository_id = repo.id
        link.owner_id, link.owner_name = actor.id, actor.name
        for key, value in checked.items():
            setattr(link, key, value)
        link.version += 1
        link.changed_at = clock.now()
        here.flush()
        after = {"repository": name, "integration": through.id, **_shown(link)}
        audit.record(actor, "deployment.link", held, before=before, after=after)
    return LinkLine(link, held, repo, through)


def remove(actor: Actor, deployment: Deployment) -> None:
    """Take a deployment's link away; what it started goes on.

    Raises:
        NotFound: when there is none.
    """
    _places(actor, deployment)
    with transaction() as here:
        link = _of(deployment)
        if link is None:
            raise NotFound("This deployment is not linked to a repository.")
        audit.record(actor, "deployment.unlink", deployment, before=_shown(link))
        here.delete(link)


def get(actor: Actor, deployment: Deployment) -> LinkLine | None:
    """A deployment's link, or None."""
    require(actor, Action.SEE, deployment)
    return _line(VcsLink.deployment_id == deployment.id)


def at(actor: Actor, stack: Stack, workspace: Workspace) -> LinkLine | None:
    """The link of a stack in a workspace, or None."""
    require(actor, Action.SEE, stack)
    require(actor, Action.SEE, workspace)
    return _line((VcsLink.stack_id == stack.id) & (VcsLink.workspace_id == workspace.id))


def of_stack(actor: Actor, stack: Stack) -> list[LinkLine]:
    """The links of a stack's deployments that the actor sees, by workspace."""
    require(actor, Action.SEE, stack)
    rows = session().execute(vcs_lists.link_rows(VcsLink.stack_id == stack.id).limit(200))
    return [line for line in (LinkLine(*row) for row in rows) if _sees(actor, line)]


def of_integration(actor: Actor, integration: VcsIntegration) -> list[LinkLine]:
    """What is linked through an integration, as far as the actor sees it."""
    condition = VcsRepository.integration_id == integration.id
    rows = session().execute(vcs_lists.link_rows(condition).limit(500))
    return [line for line in (LinkLine(*row) for row in rows) if _sees(actor, line)]


def may_link(actor: Actor, deployment: Deployment) -> bool:
    """Whether the actor may set the deployment's link."""
    here = session()
    stack = here.get(Stack, deployment.stack_id)
    workspace = here.get(Workspace, deployment.workspace_id)
    return (
        stack is not None
        and workspace is not None
        and can(actor, Action.EDIT, stack)
        and can(actor, Action.CREATE_RUN, workspace)
    )


def branch_of(link: VcsLink, repository: VcsRepository) -> str:
    """The branch a link follows; empty while the default branch is not known."""
    return link.branch or repository.default_branch


def placed(source: Mapping[str, Any], deployment: Deployment) -> dict[str, Any]:
    """The source of a run there: a link becomes what it says now, any other stays what it is.

    Raises:
        Invalid: when there is no link.
    """
    if source.get("kind") != "vcs_link" or "url" in source:
        return dict(source)
    line = _line(VcsLink.deployment_id == deployment.id)
    if line is None:
        raise Invalid({"source.kind": no_link(deployment.stack_name, deployment.workspace_name)})
    return source_of(line, source.get("ref") or line.branch or None)


def objection(source: Mapping[str, Any] | None, stack: Stack, workspace: Workspace) -> str | None:
    """Why a source that is a link means nothing for the stack in the workspace, or None."""
    if source is None or source.get("kind") != "vcs_link" or "url" in source:
        return None
    condition = (VcsLink.stack_id == stack.id) & (VcsLink.workspace_id == workspace.id)
    return None if _line(condition) else no_link(stack.name, workspace.name)


def no_link(stack: str, workspace: str) -> str:
    """That there is no link, as a sentence with a way on."""
    return (
        f"{stack} in {workspace} is not linked to a repository. An owner of the project can link "
        "it on the deployment's page."
    )


def source_of(line: LinkLine, ref: str | None) -> dict[str, Any]:
    """What a link says, kept on a run so that a later change of the link does not change it."""
    return {
        "kind": "vcs_link",
        "integration": line.integration.id,
        "service": line.integration.kind,
        "repository": line.repository.name,
        "url": integrations.clone_url(line.integration, line.repository.name),
        "web_url": line.repository.web_url,
        "ref": ref,
        "path": line.link.path,
    }


def _line(condition: Any) -> LinkLine | None:
    row = session().execute(vcs_lists.link_rows(condition).limit(1)).first()
    return LinkLine(*row) if row else None


def _of(deployment: Deployment) -> VcsLink | None:
    line = _line(VcsLink.deployment_id == deployment.id)
    return line.link if line else None


def _places(actor: Actor, deployment: Deployment) -> tuple[Stack, Workspace]:
    """(stack, workspace) of a deployment that the actor may link."""
    here = session()
    stack = here.get(Stack, deployment.stack_id)
    workspace = here.get(Workspace, deployment.workspace_id)
    require(actor, Action.SEE, workspace)
    require(actor, Action.EDIT, stack)
    require(actor, Action.CREATE_RUN, workspace)
    if stack is None or workspace is None:
        raise NotFound
    return stack, workspace


def _integration(stack: Stack, integration_id: str, fields: Fields) -> VcsIntegration | None:
    found = _usable(integration_id, stack.project_id)
    if found is None:
        fields.add("integration", "There is no such integration that this project can use.")
    return found


def _usable(wanted: str, project_id: str) -> VcsIntegration | None:
    """The integration of this id or name; a project's own stands before the instance's."""
    condition = vcs_lists.usable_in(project_id) & (
        (VcsIntegration.id == wanted) | (VcsIntegration.name == wanted)
    )
    rows = session().execute(vcs_lists.integrations(condition)).all()
    own = [row[0] for row in rows if row[0].project_id is not None]
    return next(iter([*own, *(row[0] for row in rows)]), None)


def _repository_problem(integration: VcsIntegration, name: str) -> str | None:
    problem = KINDS[integration.kind].repository_problem(name)
    if problem is None and integration.repositories:
        lower = name.lower()
        if not any(matches(glob.lower(), lower) for glob in integration.repositories):
            allowed = ", ".join(f"“{glob}”" for glob in integration.repositories[:5])
            return f"This integration is for {allowed} only. Ask those who keep it."
    return problem


def _repository(integration: VcsIntegration, name: str) -> VcsRepository:
    """The repository's row, made if need be; part of the caller's transaction."""
    here = session()
    # Held, so that two who link the same repository at once make one row of it.
    here.get(VcsIntegration, integration.id, with_for_update=True)
    row = here.scalars(vcs_lists.repository_named(integration.id, name)).first()
    if row is None:
        due = clock.now() if integration.poll_every_s else None
        row = VcsRepository(integration_id=integration.id, name=name, next_poll_at=due)
        here.add(row)
        here.flush()
    return row


def _checked(fields: Fields, settings: Mapping[str, Any]) -> dict[str, Any]:
    for name in settings:
        if name not in DEFAULTS:
            fields.add(name, "A link has no such setting.")
    branch = fields.text("branch", settings["branch"], 255)
    path = re.sub(r"^(\./)+", "", fields.text("path", settings["path"], 1024)).strip("/")
    tags = fields.text("tags", settings["tags"], 255)
    fields.add("branch", sources.ref_problem(branch))
    fields.add("path", sources.path_problem(path))
    fields.add("tags", glob_problem(tags) if tags else None)
    return {
        "branch": branch,
        "path": "" if path == "." else path,
        "globs": globs(fields, "globs", settings["globs"]),
        "tags": tags,
        "on_push": fields.choice("on_push", settings["on_push"], ON_PUSH),
        "on_pull_request": fields.flag("on_pull_request", settings["on_pull_request"]),
        "allow_forks": fields.flag("allow_forks", settings["allow_forks"]),
    }


def _shown(link: VcsLink) -> dict[str, Any]:
    return {name: getattr(link, name) for name in (*DEFAULTS, "owner_name")}


def _sees(actor: Actor, line: LinkLine) -> bool:
    return can(actor, Action.SEE, line.deployment)


def usable(actor: Actor, project: Project) -> Sequence[VcsIntegration]:
    """The integrations that a project's stacks can be linked through: for menus."""
    return [line.integration for line in integrations.listed(actor, project)]

"""Integrations with services that host repositories."""

from typing import Annotated, Any

from flask import Response, request, url_for
from pydantic import Field

from blueprints._shared import api, current
from blueprints._shared.describe import describe
from blueprints._shared.forms import Body
from blueprints._shared.shapes import Slug, list_of
from blueprints._shared.shapes.vcs import (
    InProject,
    IntegrationDeletion,
    Kind,
    Patterns,
    Repository,
    Url,
    VcsIntegration,
)
from blueprints._shared.vcs_json import integration_json
from models import vcs as models
from services import projects
from services.page import Page
from services.vcs import integrations

blueprint = api.blueprint("vcs_integrations", __name__, tag="vcs-integration")
PATH = "/vcs-integrations/<integration_id>"


class IntegrationChanges(Body):
    """What is to be changed; what is left out stays as it is."""

    base_url: Url = ""
    """The address of the service. With another one, the token has to come anew."""
    clone_url: str = ""
    """What comes before a repository's name for git, where that is another address."""
    username: str = ""
    """Whom git signs in as with the token; for services, leave it out."""
    known_hosts: str = ""
    """By which lines the SSH server is recognised, as ssh-keyscan prints them."""
    repositories: Patterns = Field(default_factory=list)
    """Which repositories may be linked through it, by pattern; empty for all."""
    is_paused: bool = False
    """Whether nothing it sends starts anything."""
    max_runs: Annotated[int, Field(examples=[50])] = 50
    """How many runs one event may start, 500 at most; above it, none is started."""
    poll_every_s: Annotated[int | None, Field(examples=[60])] = None
    """Every how many seconds its repositories are looked at, 30 at least; 0 for never."""
    token: Annotated[str | None, Field(examples=["ghp_…"])] = None
    """The token (or password) for its API and for git by https; empty takes it away."""
    ssh_key: str | None = None
    """The private key for git by ssh; empty takes it away."""
    webhook_secret: str | None = None
    """The secret of its webhooks, where the service has made one; empty takes it away."""
    version: int | None = None
    """The version you saw; with another one by now the change is refused."""


class NewIntegration(IntegrationChanges):
    """An integration to be made; a service gets a webhook secret, if none is given."""

    name: Annotated[str, Field(examples=["github"])]
    """Its name, unique in its project: small letters, digits and hyphens."""
    kind: Kind
    """What kind of service it is; `git` is any other server."""
    project: Slug | None = None
    """The project it is to belong to; null for the instance, by administrators."""


class Test(Body):
    """What is to be tried."""

    repository: Repository = ""
    """A repository to look at, too; plain git needs one, if none is linked yet."""


@blueprint.get("/vcs-integrations")
@describe(list_of(VcsIntegration), query=[InProject])
def index() -> dict[str, Any]:
    """List integrations.

    Those of the instance and of the caller's projects; of one project, those that it can use.
    """
    actor, name = current.actor(), request.args.get("project", "")
    found = integrations.listed(actor, projects.get(actor, name) if name else None)
    return api.listing(Page(found), lambda line: integration_json(line.integration, line.project))


@blueprint.post("/vcs-integrations")
@describe(
    VcsIntegration,
    status=201,
    takes=NewIntegration,
    once=True,
    refuses={409: "The name is taken.", 422: "A field does not hold, or a host is not allowed."},
)
def create() -> Response:
    """Make an integration.

    Of a project by its owners, of the instance by administrators. The webhook secret made for it is
    in this answer, and never again.
    """
    actor = current.actor()
    sent = api.body(NewIntegration).model_dump(exclude_unset=True, exclude={"version"})
    name = sent.pop("project", None)
    project = projects.get(actor, name) if name else None
    text: list[str] = []

    def make() -> models.VcsIntegration:
        made = integrations.create(actor, project, **sent)
        text.append(made.webhook_secret)
        return made.integration

    row, is_new = api.once(
        "vcs_integration",
        make,
        name=lambda one: one.id,
        find=lambda one: integrations.get(actor, one),
    )
    answer = integration_json(row, project, text[0] if text else "")
    return api.created(answer, url_for(".show", integration_id=row.id), is_new=is_new)


@blueprint.get(PATH)
@describe(VcsIntegration)
def show(integration_id: str) -> VcsIntegration:
    """Show an integration.

    With what the last test has shown; of its secrets only which are set.
    """
    return _json(_found(integration_id))


@blueprint.patch(PATH)
@describe(VcsIntegration, takes=IntegrationChanges, refuses={409: "Somebody changed it meanwhile."})
def edit(integration_id: str) -> VcsIntegration:
    """Change an integration.

    What is left out stays. When its address changes, its token and key must come anew.
    """
    changes = api.body(IntegrationChanges).model_dump(exclude_unset=True)
    version = changes.pop("version", None)
    row = _found(integration_id)
    return _json(integrations.edit(current.actor(), row, changes, version=version))


@blueprint.delete(PATH)
@describe(query=[IntegrationDeletion])
def delete(integration_id: str) -> Response:
    """Delete an integration.

    With its links and deliveries. Runs stay; those that wait cannot fetch their code any more.
    """
    confirm = request.args.get("confirm", "")
    integrations.delete(current.actor(), _found(integration_id), confirm=confirm)
    return api.no_content()


@blueprint.post(f"{PATH}/test")
@describe(VcsIntegration, status=202, takes=Test)
def test(integration_id: str) -> tuple[VcsIntegration, int]:
    """Test an integration.

    A worker asks the service whose token it is, and git for a repository; `check` says what came
    of it, usually within a few seconds.
    """
    sent = api.body(Test)
    row = integrations.want_check(current.actor(), _found(integration_id), sent.repository)
    return _json(row), 202


@blueprint.post(f"{PATH}/rotate")
@describe(VcsIntegration, refuses={409: "Plain git has no webhooks."})
def rotate(integration_id: str) -> VcsIntegration:
    """Make a new webhook secret.

    It is in this answer, and never again. The old one is good for a day more.
    """
    made = integrations.rotate(current.actor(), _found(integration_id))
    project = integrations.project_of(made.integration)
    return integration_json(made.integration, project, made.webhook_secret)


def _found(integration_id: str) -> models.VcsIntegration:
    return integrations.get(current.actor(), integration_id)


def _json(row: models.VcsIntegration) -> VcsIntegration:
    return integration_json(row, integrations.project_of(row))

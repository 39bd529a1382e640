"""The routes of repositories: integrations, links, deliveries."""

from tests.rules.matrix.case import DEPLOYERS, EVERYONE, MEMBERS, OWNERS, Case
from tests.services.vcs.hub import Hub

NEW = {"name": "code", "kind": "gitea", "base_url": "https://8.8.8.8", "token": "tok"}
LINK = {"integration": "github", "repository": "team/infra", "path": "web", "branch": "main"}
PLACE = {"project": "shop", "stack": "web", "workspace": "staging"}


def _own(world):
    return Hub(world).integration.id


def _linked(world):
    Hub(world).link()


def _skipped(world):
    hub = Hub(world)
    hub.link()
    return hub.push(modified=["db/a.tf"]).id


DEPLOYMENT = {"project": "shop", "stack": "web", "workspace": "staging"}
OF = {"integration_id": _own}
AT = {"delivery_id": _skipped}

CASES = [
    Case("api_vcs_integrations.index", EVERYONE),
    Case("api_vcs_integrations.create", OWNERS, 201, "sam", send={**NEW, "project": "shop"}),
    Case("api_vcs_integrations.show", MEMBERS, blind="sam", names=OF),
    Case("api_vcs_integrations.edit", OWNERS, blind="sam", names=OF, send={"max_runs": 9}),
    Case(
        "api_vcs_integrations.delete",
        OWNERS,
        204,
        "sam",
        names=OF,
        query="?confirm=github",
        method="DELETE",
    ),
    Case("api_vcs_integrations.test", OWNERS, 202, "sam", names=OF, send={}),
    Case("api_vcs_integrations.rotate", OWNERS, blind="sam", names=OF, send={}),
    Case("api_vcs_links.of_stack", MEMBERS, blind="sam", names={"project": "shop", "stack": "web"}),
    Case("api_vcs_links.show", MEMBERS, blind="sam", names=DEPLOYMENT, before=_linked),
    Case("api_vcs_links.put", OWNERS, blind="sam", names=DEPLOYMENT, before=_own, send=LINK),
    Case("api_vcs_links.delete", OWNERS, 204, "sam", names=DEPLOYMENT, before=_linked),
    Case("api_deliveries.index", EVERYONE),
    Case("api_deliveries.show", MEMBERS, blind="sam", names=AT),
    Case("api_deliveries.redeliver", OWNERS, blind="sam", names=AT, send={}),
    Case("api_deliveries.run_anyway", DEPLOYERS, 201, "sam", names=AT, send=PLACE),
]

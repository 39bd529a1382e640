"""The pages of repositories: integrations, a deployment's link, deliveries."""

from tests.rules.matrix.case import ADMIN, DEPLOYERS, EVERYONE, MEMBERS, OWNERS, Case
from tests.rules.matrix.vcs import AT, DEPLOYMENT, LINK, OF, PLACE, _linked, _own

FORM = {"project": "shop", "name": "code", "kind": "gitea", "base_url": "https://8.8.8.8"}
ON = {**LINK, "integration": "github", "on_push": "apply"}

CASES = [
    Case("integrations.of_instance", ADMIN),
    Case("integrations.of_project", MEMBERS, blind="sam", names={"project": "shop"}),
    Case("integrations.new", OWNERS, blind="sam", query="?project=shop"),
    Case("integrations.create", OWNERS, blind="sam", send=FORM),
    Case("integrations.show", MEMBERS, blind="sam", names=OF),
    Case("integrations.check", MEMBERS, blind="sam", names=OF),
    Case("integrations.edit", OWNERS, blind="sam", names=OF),
    Case("integrations.save", OWNERS, 303, "sam", names=OF, send={"max_runs": "9"}),
    Case("integrations.test", OWNERS, 303, "sam", names=OF, send={}),
    Case("integrations.rotate", OWNERS, blind="sam", names=OF, send={}),
    Case("integrations.deletion", OWNERS, blind="sam", names=OF),
    Case("integrations.delete", OWNERS, 303, "sam", names=OF, send={"confirm": "github"}),
    Case("repositories.show", MEMBERS, blind="sam", names=DEPLOYMENT, before=_linked),
    Case("repositories.put", OWNERS, 303, "sam", names=DEPLOYMENT, before=_own, send=ON),
    Case("repositories.delete", OWNERS, 303, "sam", names=DEPLOYMENT, before=_linked, send={}),
    Case("deliveries.index", EVERYONE),
    Case("deliveries.show", MEMBERS, blind="sam", names=AT),
    Case("deliveries.redeliver", OWNERS, 303, "sam", names=AT, send={}),
    Case("deliveries.run_anyway", DEPLOYERS, 303, "sam", names=AT, send=PLACE),
]

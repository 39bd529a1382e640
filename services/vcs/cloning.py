"""What a worker needs to fetch the code of a run whose source is a link."""

from collections.abc import Mapping
from typing import Any

from integrations.git import Credentials
from models.vcs import VcsIntegration
from services.errors import Conflict
from services.transaction import session
from services.vcs import integrations, secrets


def credentials(source: Mapping[str, Any]) -> Credentials | None:
    """What git signs in with to fetch a run's source; None for nothing.

    The address of a run was kept when the run was made. Credentials go there only while it is still
    the one at which the integration has the repository.

    Raises:
        Conflict: when the integration is gone, or has moved to another address.
    """
    if source.get("kind") != "vcs_link":
        return None
    integration = session().get(VcsIntegration, source["integration"])
    if integration is None:
        raise Conflict("The integration that this run's repository belongs to was deleted.")
    url = integrations.clone_url(integration, source["repository"])
    if url != source["url"]:
        raise Conflict(
            f"The integration {integration.name} has another address now. Create a new run."
        )
    return secrets.for_git(integration, url)

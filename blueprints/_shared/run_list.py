"""The list of runs that stands in the Runs tab of every noun."""

from typing import Any

from models.project import Deployment, Project, Stack, Workspace
from services.access import Actor

Scope = Project | Workspace | Stack | Deployment


def run_list(actor: Actor, scope: Scope) -> Any:  # noqa: ARG001 - the list reads both
    """What `runs/_list.html` reads, for the runs of a scope; None while there is no list."""
    return None

"""Services that host repositories: what their webhooks say, and how they are told about commits.

One module per service, all alike: check a delivery's signature on its raw bytes, read it into one
`Event`, and build the calls that set a commit's status and keep a comment up to date. Nothing here
asks anybody anything.
"""

from collections.abc import Mapping

from integrations.vcs import gitea, github, gitlab
from integrations.vcs.calls import Call, Service, State, Status, Unexpected
from integrations.vcs.event import Action, Commit, Event, Kind, PullRequest, Unreadable

SERVICES: Mapping[str, Service] = {
    "github": github.GitHub(),
    "gitlab": gitlab.GitLab(),
    "gitea": gitea.Gitea(),
}
"""The services by kind. A new one is a module beside these and a line here."""

__all__ = [
    "SERVICES",
    "Action",
    "Call",
    "Commit",
    "Event",
    "Kind",
    "PullRequest",
    "Service",
    "State",
    "Status",
    "Unexpected",
    "Unreadable",
]

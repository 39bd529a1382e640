"""What people are told about setting up each service that hosts repositories."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Setup:
    """How a service is set up. `steps` are sentences; `fields` what is to be filled in there.

    A field is (its name there, what to put there); "url" and "secret" stand for the webhook's own.
    """

    kind: str
    title: str
    text: str
    token_help: str
    where: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    after: str = ""


SETUPS: Mapping[str, Setup] = {
    "github": Setup(
        "github",
        "GitHub",
        "github.com, or an Enterprise Server of your own.",
        "A fine-grained token with: Contents read, Commit statuses write, Pull requests write.",
        "In the repository (or the organisation): Settings, Webhooks, Add webhook.",
        (
            ("Payload URL", "url"),
            ("Content type", "application/json"),
            ("Secret", "secret"),
            ("Which events", "Let me select: Pushes, Pull requests"),
        ),
        "GitHub sends a ping at once, by which you see that it works.",
    ),
    "gitlab": Setup(
        "gitlab",
        "GitLab",
        "gitlab.com, or a GitLab of your own.",
        "A project or group access token of role Developer with the scope api.",
        "In the project (or the group): Settings, Webhooks, Add new webhook.",
        (
            ("URL", "url"),
            ("Secret token", "secret"),
            ("Trigger", "Push events, Tag push events, Merge request events"),
        ),
        "Newer versions can sign with a token of their own: put that here as the webhook secret.",
    ),
    "gitea": Setup(
        "gitea",
        "Gitea or Forgejo",
        "A server of your own, or Codeberg.",
        "An access token with: repository read and write, issue write, user read.",
        "In the repository (or the organisation): Settings, Webhooks, Add webhook, Gitea.",
        (
            ("Target URL", "url"),
            ("HTTP method", "POST"),
            ("Content type", "application/json"),
            ("Secret", "secret"),
            ("Trigger on", "Push, Pull request, Pull request synchronized"),
        ),
        "“Test delivery” there shows at once whether it works.",
    ),
    "git": Setup(
        "git",
        "Plain git",
        "Any other server, by https or ssh. It is looked at now and then.",
        "The password or token for https; empty for a repository that everybody may read.",
    ),
}
"""By kind of integration."""

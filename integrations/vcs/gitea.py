"""Gitea and Forgejo.

Webhooks: https://docs.gitea.com/usage/webhooks, https://forgejo.org/docs/latest/user/webhooks/
(signature: `X-Gitea-Signature` or `X-Forgejo-Signature`, plain hexadecimal; the body has GitHub's
form). API: commit statuses, issue comments under /api/v1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from integrations.vcs import calls, github, reading, signing
from integrations.vcs.calls import Call, Comment, RepositoryFacts, Status
from integrations.vcs.event import Event

STATES = github.STATES
NAMES = ("gitea", "forgejo", "gogs")


class Gitea:
    """Gitea's wire format; Forgejo's is the same under another name."""

    title = "Gitea or Forgejo"
    clone_user = "gantry"

    def is_signed(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
        """By the HMAC in the header of either name."""
        digest = _header(headers, "signature")
        return bool(digest) and signing.is_hmac(secrets, body, digest)

    def delivery_id(self, headers: Mapping[str, str], _body: bytes) -> str:
        """Gitea's own."""
        return _header(headers, "delivery")

    def read(self, headers: Mapping[str, str], body: bytes) -> Event:
        """As GitHub's, but it does not say whether a push was forced: git has the last word."""
        name, sent = _header(headers, "event"), reading.payload(headers, body)
        event = github.event_of("pull_request" if name == "pull_request_sync" else name, sent)
        return replace(event, has_all_paths=False)

    def pull_refs(self, number: int) -> tuple[str, str]:
        """The head is kept; of a merge result there is no ref."""
        return f"refs/pull/{number}/head", ""

    def whoami(self, base: str, token: str) -> Call:
        """The user of the token."""
        return calls.call("GET", f"{base}/api/v1/user", _headers(token))

    def name_of(self, answer: bytes) -> str:
        """The login."""
        return reading.text(calls.answered(answer), "login")

    def look_at(self, base: str, token: str, repository: str) -> Call:
        """The repository."""
        return calls.call("GET", f"{base}/api/v1/repos/{repository}", _headers(token))

    def repository_of(self, answer: bytes) -> RepositoryFacts:
        """Its name, and whether the token may write."""
        return github.facts_of(calls.answered(answer))

    def set_status(self, base: str, token: str, repository: str, sha: str, status: Status) -> Call:
        """A commit status; of one context the newest counts."""
        content = {
            "state": STATES[status.state],
            "context": status.context,
            "description": calls.shortened(status.description),
            "target_url": status.url,
        }
        url = f"{base}/api/v1/repos/{repository}/statuses/{sha}"
        return calls.call("POST", url, _headers(token), content)

    def is_settled(self, _code: int, _answer: bytes) -> bool:
        """The same status again is accepted again."""
        return False

    def comments(self, base: str, token: str, repository: str, number: int, page: int) -> Call:
        """All at once, whatever page is asked for."""
        url = f"{base}/api/v1/repos/{repository}/issues/{number}/comments?page={page}&limit=100"
        return calls.call("GET", url, _headers(token))

    def comments_of(self, answer: bytes) -> list[Comment]:
        """The comments."""
        return calls.comments(answer)

    def add_comment(self, base: str, token: str, repository: str, number: int, text: str) -> Call:
        """A pull request's conversation is that of its issue."""
        url = f"{base}/api/v1/repos/{repository}/issues/{number}/comments"
        return calls.call("POST", url, _headers(token), {"body": text})

    def edit_comment(
        self, base: str, token: str, repository: str, _number: int, comment: str, text: str
    ) -> Call:
        """A comment is known by its id alone."""
        url = f"{base}/api/v1/repos/{repository}/issues/comments/{comment}"
        return calls.call("PATCH", url, _headers(token), {"body": text})


def _header(headers: Mapping[str, str], what: str) -> str:
    found = (headers.get(f"x-{name}-{what}", "") for name in NAMES)
    return next(filter(None, found), "")


def _headers(token: str) -> dict[str, str]:
    return {
        "Accept": "application/json",
        "Authorization": f"token {token}",
        "User-Agent": "gantry",
    }

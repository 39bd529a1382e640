"""GitHub, and GitHub Enterprise Server.

Webhooks: https://docs.github.com/en/webhooks/webhook-events-and-payloads (signature: header
`X-Hub-Signature-256`, delivery id: `X-GitHub-Delivery`). API: commit statuses, issue comments.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from integrations.vcs import calls, reading, signing
from integrations.vcs.calls import Call, Comment, RepositoryFacts, State, Status
from integrations.vcs.event import NO_COMMIT, Action, Commit, Event, Kind, PullRequest

STATES = {
    State.PENDING: "pending",
    State.RUNNING: "pending",
    State.SUCCESS: "success",
    State.FAILURE: "failure",
    State.ERROR: "error",
    State.CANCELLED: "error",
}
ACTIONS = {
    "opened": Action.CREATED,
    "synchronize": Action.UPDATED,
    "synchronized": Action.UPDATED,  # Gitea's spelling.
    "reopened": Action.REOPENED,
    "closed": Action.CLOSED,
}


class GitHub:
    """GitHub's wire format. Others have taken it over; what differs there, they say themselves."""

    title = "GitHub"
    clone_user = "x-access-token"
    page_size = "per_page"

    def is_signed(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
        """By the HMAC in `X-Hub-Signature-256`."""
        kind, _, digest = headers.get("x-hub-signature-256", "").partition("=")
        return kind == "sha256" and signing.is_hmac(secrets, body, digest)

    def delivery_id(self, headers: Mapping[str, str], _body: bytes) -> str:
        """GitHub's own."""
        return headers.get("x-github-delivery", "")

    def read(self, headers: Mapping[str, str], body: bytes) -> Event:
        """A push, a pull request, a ping, or something else."""
        return event_of(headers.get("x-github-event", ""), reading.payload(headers, body))

    def pull_refs(self, number: int) -> tuple[str, str]:
        """Kept by GitHub for every pull request; the merge only while it is possible."""
        return f"refs/pull/{number}/head", f"refs/pull/{number}/merge"

    def whoami(self, base: str, token: str) -> Call:
        """The user of the token."""
        return calls.call("GET", f"{self.api(base)}/user", self.headers(token))

    def name_of(self, answer: bytes) -> str:
        """The login."""
        return reading.text(calls.answered(answer), "login")

    def look_at(self, base: str, token: str, repository: str) -> Call:
        """The repository."""
        return calls.call("GET", f"{self.api(base)}/repos/{repository}", self.headers(token))

    def repository_of(self, answer: bytes) -> RepositoryFacts:
        """Its name, and whether the token may push, which setting a status takes."""
        return facts_of(calls.answered(answer))

    def set_status(self, base: str, token: str, repository: str, sha: str, status: Status) -> Call:
        """A commit status; of one context the newest counts."""
        content = {
            "state": STATES[status.state],
            "context": status.context,
            "description": calls.shortened(status.description),
            "target_url": status.url,
        }
        url = f"{self.api(base)}/repos/{repository}/statuses/{sha}"
        return calls.call("POST", url, self.headers(token), content)

    def is_settled(self, _code: int, _answer: bytes) -> bool:
        """The same status again is accepted again."""
        return False

    def comments(self, base: str, token: str, repository: str, number: int, page: int) -> Call:
        """A hundred at a time."""
        place = f"{self.api(base)}/repos/{repository}/issues/{number}/comments"
        url = f"{place}?{self.page_size}=100&page={page}"
        return calls.call("GET", url, self.headers(token))

    def comments_of(self, answer: bytes) -> list[Comment]:
        """The comments."""
        return calls.comments(answer)

    def add_comment(self, base: str, token: str, repository: str, number: int, text: str) -> Call:
        """A pull request's conversation is that of its issue."""
        url = f"{self.api(base)}/repos/{repository}/issues/{number}/comments"
        return calls.call("POST", url, self.headers(token), {"body": text})

    def edit_comment(
        self, base: str, token: str, repository: str, _number: int, comment: str, text: str
    ) -> Call:
        """A comment is known by its id alone."""
        url = f"{self.api(base)}/repos/{repository}/issues/comments/{comment}"
        return calls.call("PATCH", url, self.headers(token), {"body": text})

    def api(self, base: str) -> str:
        """Where the API is, of the public service and of a server of one's own."""
        is_public = calls.host_of(base) in {"github.com", "www.github.com"}
        return "https://api.github.com" if is_public else f"{base}/api/v3"

    def headers(self, token: str) -> dict[str, str]:
        """What each call says of itself, and with whose token."""
        return {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {token}",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "gantry",
        }


def event_of(name: str, sent: Mapping[str, Any]) -> Event:
    """The event of this name, in the form that GitHub has and Gitea has taken over."""
    match name:
        case "ping":
            return Event(kind=Kind.PING, name=name, **_whose(sent))
        case "push":
            return _push(name, sent)
        case "pull_request":
            return _pull_request(name, sent)
        case _:
            return Event(kind=Kind.OTHER, name=name[:80], **_whose(sent))


def facts_of(repository: Mapping[str, Any]) -> RepositoryFacts:
    """What the repository object says, in the form that Gitea shares."""
    return RepositoryFacts(
        reading.text(repository, "full_name"),
        reading.text(repository, "default_branch"),
        reading.part(repository, "permissions").get("push") is True,
    )


def _push(name: str, sent: Mapping[str, Any]) -> Event:
    ref = reading.text(sent, "ref")
    before, after = reading.commit_id(sent, "before"), reading.commit_id(sent, "after")
    action = reading.branch_action(before, after)
    paths, is_complete = reading.listed_paths(reading.items(sent, "commits"))
    is_forced = sent.get("forced") is True
    # Only where it is said that the branch went straight on, its commits tell all that changed.
    is_straight = sent.get("forced") is False and action is Action.UPDATED
    is_tag = ref.startswith("refs/tags/")
    commit = _commit(reading.part(sent, "head_commit"))
    return Event(
        kind=Kind.TAG if is_tag else Kind.PUSH,
        action=action,
        name=name,
        **_whose(sent),
        ref=ref.removeprefix("refs/heads/").removeprefix("refs/tags/"),
        before=before,
        # Of an annotated tag, `after` is the tag itself, and the head commit its commit.
        after=commit.sha if is_tag and commit.sha else after,
        is_forced=is_forced,
        paths=paths,
        has_all_paths=is_complete and is_straight,
        commit=commit,
    )


def _pull_request(name: str, sent: Mapping[str, Any]) -> Event:
    pull = reading.part(sent, "pull_request")
    head, base = reading.part(pull, "head"), reading.part(pull, "base")
    own = reading.text(reading.part(base, "repo"), "full_name") or _whose(sent)["repository"]
    theirs = reading.text(reading.part(head, "repo"), "full_name")
    said = reading.text(sent, "action")
    action = ACTIONS.get(said, Action.NONE)
    if said == "edited" and "base" in reading.part(sent, "changes"):
        action = Action.UPDATED  # It is to go into another branch now.
    return Event(
        kind=Kind.PULL_REQUEST,
        action=action,
        name=f"{name}: {said}",
        **_whose(sent),
        ref=reading.text(head, "ref"),
        before=reading.commit_id(sent, "before"),
        commit=Commit(sha=reading.commit_id(head, "sha")),
        pull=PullRequest(
            number=reading.number(pull, "number") or reading.number(sent, "number"),
            title=reading.text(pull, "title"),
            url=reading.text(pull, "html_url", reading.LONGEST_TEXT),
            author=reading.text(reading.part(pull, "user"), "login"),
            head=reading.text(head, "ref"),
            head_sha=reading.commit_id(head, "sha"),
            head_repository=theirs,
            base=reading.text(base, "ref"),
            # A deleted fork is not named any more, and is a fork all the same.
            is_fork=theirs.lower() != own.lower(),
        ),
    )


def _commit(said: Mapping[str, Any]) -> Commit:
    author = reading.part(said, "author")
    return Commit(
        sha=reading.commit_id(said, "id").replace(NO_COMMIT, ""),
        message=reading.text(said, "message", reading.LONGEST_TEXT),
        author_name=reading.text(author, "name"),
        author_email=reading.text(author, "email"),
        url=reading.text(said, "url", reading.LONGEST_TEXT),
    )


def _whose(sent: Mapping[str, Any]) -> dict[str, Any]:
    repository = reading.part(sent, "repository")
    return {
        "repository": reading.text(repository, "full_name"),
        "web_url": reading.text(repository, "html_url", reading.LONGEST_TEXT),
        "default_branch": reading.text(repository, "default_branch"),
        "sender": reading.text(reading.part(sent, "sender"), "login"),
    }

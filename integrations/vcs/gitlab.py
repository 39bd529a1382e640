"""GitLab, hosted or one's own.

Webhooks: https://docs.gitlab.com/user/project/integrations/webhooks/ (secret token in
`X-Gitlab-Token`, or a signing token: `webhook-id`, `webhook-timestamp`, `webhook-signature` after
the Standard Webhooks specification). API: commit statuses, notes of merge requests under /api/v4.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from integrations.vcs import calls, reading, signing
from integrations.vcs.calls import Call, Comment, RepositoryFacts, State, Status
from integrations.vcs.event import Action, Commit, Event, Kind, PullRequest
from lib import clock

STATES = {
    State.PENDING: "pending",
    State.RUNNING: "running",
    State.SUCCESS: "success",
    State.FAILURE: "failed",
    State.ERROR: "failed",
    State.CANCELLED: "canceled",
}
ACTIONS = {
    "open": Action.CREATED,
    "reopen": Action.REOPENED,
    "close": Action.CLOSED,
    "merge": Action.CLOSED,
}
OLDEST_S = 300
DEVELOPER = 30  # The level of access from which on a status may be set.


class GitLab:
    """GitLab's wire format."""

    title = "GitLab"
    clone_user = "oauth2"

    def is_signed(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
        """By the signature where there is one; else the token that is the secret itself."""
        if "webhook-signature" in headers:
            return _is_standard_signature(headers, body, secrets)
        return signing.is_one_of(secrets, headers.get("x-gitlab-token", ""))

    def delivery_id(self, headers: Mapping[str, str], body: bytes) -> str:
        """The key that stays the same when GitLab tries again.

        Versions before 17.4 have none; their event's id can be shared by events that one webhook
        caused in another, so the body goes with it.
        """
        key = headers.get("idempotency-key") or headers.get("webhook-id")
        if key:
            return key
        event = headers.get("x-gitlab-event-uuid", "")
        return f"{event}:{hashlib.sha256(body).hexdigest()}" if event else ""

    def read(self, headers: Mapping[str, str], body: bytes) -> Event:
        """A push, a tag, a merge request, or something else."""
        sent = reading.payload(headers, body)
        match reading.text(sent, "object_kind"):
            case "push" | "tag_push" as kind:
                return _push(kind, sent)
            case "merge_request":
                return _merge_request(sent)
            case kind:
                name = kind or headers.get("x-gitlab-event", "")
                return Event(kind=Kind.OTHER, name=name[:80], **_whose(sent))

    def pull_refs(self, number: int) -> tuple[str, str]:
        """Kept by GitLab for every merge request; the merge only where pipelines ask for it."""
        return f"refs/merge-requests/{number}/head", f"refs/merge-requests/{number}/merge"

    def whoami(self, base: str, token: str) -> Call:
        """The user of the token."""
        return calls.call("GET", f"{base}/api/v4/user", _headers(token))

    def name_of(self, answer: bytes) -> str:
        """The user's name."""
        return reading.text(calls.answered(answer), "username")

    def look_at(self, base: str, token: str, repository: str) -> Call:
        """The project."""
        return calls.call("GET", _project(base, repository), _headers(token))

    def repository_of(self, answer: bytes) -> RepositoryFacts:
        """Its name, and whether the token's user is at least a developer there."""
        project = calls.answered(answer)
        levels = (
            reading.number(reading.part(project, "permissions", name), "access_level")
            for name in ("project_access", "group_access")
        )
        return RepositoryFacts(
            reading.text(project, "path_with_namespace"),
            reading.text(project, "default_branch"),
            max(levels) >= DEVELOPER,
        )

    def set_status(self, base: str, token: str, repository: str, sha: str, status: Status) -> Call:
        """A commit status; of one name the newest counts."""
        content = {
            "state": STATES[status.state],
            "name": status.context,
            "description": calls.shortened(status.description, 255),
            "target_url": status.url,
        }
        url = f"{_project(base, repository)}/statuses/{sha}"
        return calls.call("POST", url, _headers(token), content)

    def is_settled(self, code: int, answer: bytes) -> bool:
        """GitLab refuses to set the state in which a status is already."""
        return code == 400 and b"Cannot transition status" in answer

    def comments(self, base: str, token: str, repository: str, number: int, page: int) -> Call:
        """A hundred notes at a time."""
        query = f"sort=asc&order_by=created_at&per_page=100&page={page}"
        return calls.call("GET", f"{_notes(base, repository, number)}?{query}", _headers(token))

    def comments_of(self, answer: bytes) -> list[Comment]:
        """The notes."""
        return calls.comments(answer)

    def add_comment(self, base: str, token: str, repository: str, number: int, text: str) -> Call:
        """A note of the merge request."""
        url = _notes(base, repository, number)
        return calls.call("POST", url, _headers(token), {"body": text})

    def edit_comment(
        self, base: str, token: str, repository: str, number: int, comment: str, text: str
    ) -> Call:
        """A note is known by its merge request and its id."""
        url = f"{_notes(base, repository, number)}/{comment}"
        return calls.call("PUT", url, _headers(token), {"body": text})


def _push(name: str, sent: Mapping[str, Any]) -> Event:
    before, after = reading.commit_id(sent, "before"), reading.commit_id(sent, "after")
    commits = reading.items(sent, "commits")
    last = next((each for each in commits if each.get("id") == after), {})
    author = reading.part(last, "author")
    ref = reading.text(sent, "ref")
    return Event(
        kind=Kind.TAG if name == "tag_push" else Kind.PUSH,
        action=reading.branch_action(before, after),
        name=name,
        **_whose(sent),
        ref=ref.removeprefix("refs/heads/").removeprefix("refs/tags/"),
        before=before,
        # Of an annotated tag, `after` is the tag itself, and `checkout_sha` its commit.
        after=reading.commit_id(sent, "checkout_sha") if name == "tag_push" else after,
        # It does not say whether the push was forced: git has the last word.
        paths=reading.listed_paths(commits)[0],
        has_all_paths=False,
        commit=Commit(
            sha=reading.text(last, "id"),
            message=reading.text(last, "message", reading.LONGEST_TEXT),
            author_name=reading.text(author, "name"),
            author_email=reading.text(author, "email"),
            url=reading.text(last, "url", reading.LONGEST_TEXT),
        ),
    )


def _merge_request(sent: Mapping[str, Any]) -> Event:
    said = reading.part(sent, "object_attributes")
    commit = reading.part(said, "last_commit")
    theirs = reading.text(reading.part(said, "source"), "path_with_namespace")
    action = reading.text(said, "action")
    known = ACTIONS.get(action, Action.NONE)
    # An update without `oldrev` changed words, not code; but the branch it is to go into counts.
    moved = "target_branch" in reading.part(sent, "changes")
    if action == "update" and (said.get("oldrev") or moved):
        known = Action.UPDATED
    return Event(
        kind=Kind.PULL_REQUEST,
        action=known,
        name=f"merge_request: {action}",
        **_whose(sent),
        ref=reading.text(said, "source_branch"),
        before=reading.commit_id(said, "oldrev"),
        commit=Commit(
            sha=reading.commit_id(commit, "id"),
            message=reading.text(commit, "message", reading.LONGEST_TEXT),
            author_name=reading.text(reading.part(commit, "author"), "name"),
            author_email=reading.text(reading.part(commit, "author"), "email"),
            url=reading.text(commit, "url", reading.LONGEST_TEXT),
        ),
        pull=PullRequest(
            number=reading.number(said, "iid"),
            title=reading.text(said, "title"),
            url=reading.text(said, "url", reading.LONGEST_TEXT),
            author=reading.text(reading.part(sent, "user"), "username"),
            head=reading.text(said, "source_branch"),
            head_sha=reading.commit_id(commit, "id"),
            head_repository=theirs,
            base=reading.text(said, "target_branch"),
            is_fork=said.get("source_project_id") != said.get("target_project_id"),
        ),
    )


def _whose(sent: Mapping[str, Any]) -> dict[str, Any]:
    project = reading.part(sent, "project")
    user = reading.part(sent, "user")
    return {
        "repository": reading.text(project, "path_with_namespace"),
        "web_url": reading.text(project, "web_url", reading.LONGEST_TEXT),
        "default_branch": reading.text(project, "default_branch"),
        "sender": reading.text(sent, "user_username") or reading.text(user, "username"),
    }


def _is_standard_signature(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
    """The check of the Standard Webhooks specification, no older than five minutes."""
    identity, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (identity and at.isascii() and at.isdigit()):
        return False
    if abs(clock.now().timestamp() - int(at[:15])) > OLDEST_S:
        return False
    said = [word.removeprefix("v1,") for word in headers["webhook-signature"].split()]
    signed = f"{identity}.{at}.".encode() + body
    wanted = [
        base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
        for secret in secrets
        if secret
        for key in _keys(secret)
    ]
    return any(signing.same(one, other) for one in wanted for other in said)


def _keys(secret: str) -> list[bytes]:
    """What the secret can stand for: Base64 after `whsec_`, else itself."""
    if not secret.startswith("whsec_"):
        return [secret.encode()]
    try:
        return [base64.b64decode(secret.removeprefix("whsec_"), validate=True)]
    except binascii.Error:
        return [secret.encode()]


def _project(base: str, repository: str) -> str:
    return f"{base}/api/v4/projects/{quote(repository, safe='')}"


def _notes(base: str, repository: str, number: int) -> str:
    return f"{_project(base, repository)}/merge_requests/{number}/notes"


def _headers(token: str) -> dict[str, str]:
    return {"Accept": "application/json", "PRIVATE-TOKEN": token, "User-Agent": "gantry"}

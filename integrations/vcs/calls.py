"""Calls to a service's API, as values: what to ask, and how to read what it says."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import urlsplit

from integrations.vcs.event import Event

LONGEST_DESCRIPTION = 140


class Unexpected(Exception):
    """The service answered something that is not in its documentation; a sentence."""


class State(StrEnum):
    """The state of a commit, of which each service has its own words."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Status:
    """What a commit is to be marked with; `context` tells one mark from the others."""

    state: State
    context: str
    description: str
    url: str


@dataclass(frozen=True)
class Call:
    """An HTTP request. Headers hold the token, so they are never shown."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = None


@dataclass(frozen=True)
class Comment:
    """A comment of a pull request."""

    id: str
    text: str


@dataclass(frozen=True)
class RepositoryFacts:
    """What the service says of a repository: its branch of last resort, and what the token may."""

    name: str
    default_branch: str
    can_report: bool


class Service(Protocol):
    """What a service can be asked for. `base` is its address, `repository` a full name."""

    title: str
    clone_user: str
    """The user name beside a token when a repository is cloned by https."""

    def is_signed(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool:
        """Whether the delivery was signed with one of the secrets. `headers` are lower-case."""

    def delivery_id(self, headers: Mapping[str, str], body: bytes) -> str:
        """What tells this delivery from all others of the integration; the same when repeated."""

    def read(self, headers: Mapping[str, str], body: bytes) -> Event:
        """The delivery as an event. Raises Unreadable when it is none."""

    def pull_refs(self, number: int) -> tuple[str, str]:
        """(the ref of a pull request's head, the ref of its merge result)."""

    def whoami(self, base: str, token: str) -> Call:
        """Ask whose token it is."""

    def name_of(self, answer: bytes) -> str:
        """Whose token it is, of the answer to `whoami`."""

    def look_at(self, base: str, token: str, repository: str) -> Call:
        """Ask for a repository."""

    def repository_of(self, answer: bytes) -> RepositoryFacts:
        """What the answer to `look_at` says."""

    def set_status(self, base: str, token: str, repository: str, sha: str, status: Status) -> Call:
        """Mark a commit."""

    def is_settled(self, code: int, answer: bytes) -> bool:
        """Whether a refused mark stands already as asked for."""

    def comments(self, base: str, token: str, repository: str, number: int, page: int) -> Call:
        """Ask for a page (from 1) of a pull request's comments, the oldest first."""

    def comments_of(self, answer: bytes) -> list[Comment]:
        """The comments of that page; none when there is no more."""

    def add_comment(self, base: str, token: str, repository: str, number: int, text: str) -> Call:
        """Write a comment."""

    def edit_comment(
        self, base: str, token: str, repository: str, number: int, comment: str, text: str
    ) -> Call:
        """Write a comment anew."""


def call(
    method: str, url: str, headers: Mapping[str, str], content: Mapping[str, Any] | None = None
) -> Call:
    """A call whose body, if there is one, is JSON."""
    if content is None:
        return Call(method, url, headers)
    sent = {**headers, "Content-Type": "application/json"}
    return Call(method, url, sent, json.dumps(content).encode())


def answered(answer: bytes) -> Mapping[str, Any]:
    """The JSON object of an answer.

    Raises:
        Unexpected: when it is none.
    """
    read = _json(answer)
    if not isinstance(read, dict):
        raise Unexpected("The service answered something else than its documentation says.")
    return read


def comments(answer: bytes) -> list[Comment]:
    """The comments in an answer that is a list of them, as all services write it."""
    read = _json(answer)
    if not isinstance(read, list):
        raise Unexpected("The service answered something else than its documentation says.")
    return [
        Comment(str(each.get("id")), str(each.get("body") or ""))
        for each in read
        if isinstance(each, dict) and each.get("id") is not None
    ]


def host_of(base: str) -> str:
    """The host of an address."""
    return urlsplit(base).hostname or ""


def shortened(text: str, limit: int = LONGEST_DESCRIPTION) -> str:
    """The text in at most `limit` characters of one line."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _json(answer: bytes) -> Any:
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        raise Unexpected("The service answered something that is no JSON.") from None

"""What happened in a repository, in one form for every service."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

NO_COMMIT = "0" * 40
MOST_PATHS = 3000


class Unreadable(Exception):
    """A delivery's body is not what its service sends; the message is a sentence."""


class Kind(StrEnum):
    """What kind of thing happened."""

    PUSH = "push"
    TAG = "tag"
    PULL_REQUEST = "pull_request"
    PING = "ping"
    OTHER = "other"


class Action(StrEnum):
    """What was done to the branch, the tag or the pull request."""

    UPDATED = "updated"
    CREATED = "created"
    DELETED = "deleted"
    REOPENED = "reopened"
    CLOSED = "closed"
    NONE = "none"


@dataclass(frozen=True)
class Commit:
    """A commit as the service describes it; anything but the id may be empty."""

    sha: str = ""
    message: str = ""
    author_name: str = ""
    author_email: str = ""
    url: str = ""


@dataclass(frozen=True)
class PullRequest:
    """A pull (merge) request: its `head` branch is to go into its `base` branch."""

    number: int
    title: str
    url: str
    author: str
    head: str
    head_sha: str
    head_repository: str
    base: str
    is_fork: bool


@dataclass(frozen=True, kw_only=True)
class Event:
    """One delivery. `paths` are those it lists, complete only when `has_all_paths`.

    `repository` is the full name, such as `team/infra`; `ref` the short name of a branch or tag;
    `before` and `after` commit ids, NO_COMMIT where there is none. `name` is the service's own
    word for the event.
    """

    kind: Kind
    action: Action = Action.NONE
    name: str = ""
    repository: str = ""
    web_url: str = ""
    default_branch: str = ""
    sender: str = ""
    ref: str = ""
    before: str = NO_COMMIT
    after: str = NO_COMMIT
    is_forced: bool = False
    paths: tuple[str, ...] = ()
    has_all_paths: bool = False
    commit: Commit = Commit()
    pull: PullRequest | None = None

    @property
    def sha(self) -> str:
        """The commit this is about; empty when there is none."""
        if self.pull is not None:
            return self.pull.head_sha
        return "" if self.after == NO_COMMIT else self.after

    def as_json(self) -> dict[str, Any]:
        """The event as JSON can say it."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Event":
        """The event that `as_json` has kept."""
        pull = kept.get("pull")
        return cls(
            **{
                **kept,
                "kind": Kind(kept["kind"]),
                "action": Action(kept["action"]),
                "paths": tuple(kept["paths"]),
                "commit": Commit(**kept["commit"]),
                "pull": PullRequest(**pull) if pull else None,
            }
        )

    def limited(self) -> "Event":
        """The same with no more paths than are kept; what is left out, git will be asked for."""
        if len(self.paths) <= MOST_PATHS:
            return self
        return replace(self, paths=self.paths[:MOST_PATHS], has_all_paths=False)

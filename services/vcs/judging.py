"""What a delivery means for each deployment linked to its repository: a run, or a reason why none.

Nothing is written here, and git is asked only where the delivery itself does not say enough.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from integrations.git import GitError, Merge, Tips
from integrations.vcs import SERVICES, Action, Event, Kind
from integrations.vcs.event import NO_COMMIT
from models import vcs_lists
from models.project import Deployment, Stack
from models.run_state import RunState, RunType
from models.vcs import VcsDelivery, VcsIntegration, VcsLink, VcsRepository
from services.transaction import session
from services.vcs import links, rules
from services.vcs.links import LinkLine

UNFINISHED = frozenset({RunState.STOPPED, RunState.DISCARDED, RunState.CANCELED})


class Look(Protocol):
    """git, as it is asked about a repository. Everything raises GitError when it cannot say."""

    def tips(
        self, integration: VcsIntegration, repository: str, refs: tuple[str, ...] = ()
    ) -> Tips:
        """Where branches, tags and these refs stand now."""

    def changed(
        self, integration: VcsIntegration, repository: str, before: str, after: str
    ) -> tuple[str, ...]:
        """The paths that differ between two commits."""

    def to_merge(self, integration: VcsIntegration, repository: str, base: str, head: str) -> Merge:
        """What merging the commit `head` into the branch `base` changes."""


@dataclass(frozen=True)
class Place:
    """A link and the deployment it is of."""

    link: VcsLink
    deployment: Deployment
    stack: Stack


@dataclass(frozen=True)
class Wanted:
    """A run that is to be started. `seen` is the commit that the link has then seen, if any."""

    place: Place
    type: RunType
    source: Mapping[str, Any]
    message: str
    seen: str = ""


@dataclass(frozen=True)
class Passed:
    """Why no run is started. `supersedes` is set where older previews are outdated all the same."""

    place: Place
    verdict: str
    reason: str
    seen: str = ""
    supersedes: bool = False


Judgement = Wanted | Passed


@dataclass
class Case:
    """A delivery with what it is about. What git says is asked once."""

    delivery: VcsDelivery
    event: Event
    integration: VcsIntegration
    repository: VcsRepository
    look: Look
    _changed: dict[tuple[str, str], tuple[str, ...] | None] = field(default_factory=dict)

    @cached_property
    def tips(self) -> Mapping[str, str]:
        """Where branches, tags and the pull request's head stand now."""
        pull = self.event.pull
        refs = (self.head_ref,) if pull else ()
        return self.look.tips(self.integration, self.repository.name, refs).commits

    @cached_property
    def merge(self) -> Merge:
        """What merging the pull request changes."""
        pull = self.event.pull
        if pull is None:
            raise GitError("This is no pull request.")
        return self.look.to_merge(self.integration, self.repository.name, pull.base, pull.head_sha)

    @property
    def head_ref(self) -> str:
        """The ref under which the service keeps the pull request's head."""
        return _pull_refs(self.integration, self.event)[0]

    def line(self, place: Place) -> LinkLine:
        """The link of a place with what it leads to."""
        return LinkLine(place.link, place.deployment, self.repository, self.integration)

    def changed(self, before: str, after: str) -> tuple[str, ...] | None:
        """The paths that differ, or None when the earlier commit is not to be had any more."""
        key = (before, after)
        if key not in self._changed:
            try:
                paths = self.look.changed(self.integration, self.repository.name, before, after)
                self._changed[key] = paths
            except GitError:
                _ = self.tips  # Raises again when the repository cannot be asked at all.
                self._changed[key] = None
        return self._changed[key]


def judge(case: Case, place: Place) -> Judgement:
    """What the delivery means for a deployment.

    Raises:
        GitError: when git is needed and does not answer; try again later.
    """
    match case.event.kind:
        case Kind.PUSH:
            return _push(case, place)
        case Kind.TAG:
            return _tag(case, place)
        case _:
            return _pull_request(case, place)


def run_type(link: VcsLink, kind: Kind) -> RunType:
    """What an event of this kind starts."""
    if kind is Kind.PULL_REQUEST or link.on_push == "preview":
        return RunType.PREVIEW
    return RunType.APPLY


def source_of(line: LinkLine, event: Event, *, base: str = "") -> dict[str, Any]:
    """The source of a run for this event, pinned to its commit (and to its merge into `base`).

    Without a base, the worker takes the tip that the branch has then.
    """
    source = links.source_of(line, event.ref) | {"commit": event.sha}
    pull = event.pull
    if pull is None:
        return source
    merge_ref = _pull_refs(line.integration, event)[1]
    merge = {"base": base, "head": pull.head_sha, "branch": pull.base, "ref": merge_ref}
    shown = {name: getattr(pull, name) for name in ("number", "title", "url", "author", "base")}
    return source | {"merge": merge, "pull_request": shown}


def message_of(event: Event) -> str:
    """What the run is called: by its pull request, or by its commit."""
    if event.pull is not None:
        return f"#{event.pull.number} {event.pull.title}".strip()
    title = event.commit.message.partition("\n")[0].strip()
    return title or f"{event.ref} at {event.sha[:8]}"


def _push(case: Case, place: Place) -> Judgement:
    event, link = case.event, place.link
    branch = links.branch_of(link, case.repository)
    if event.ref != branch:
        follows = f"It follows {branch}" if branch else "Its branch is not known yet"
        return Passed(place, "skipped", f"{follows}; this is {event.ref}.")
    if link.on_push == "nothing":
        return Passed(place, "skipped", "Pushes start nothing here.", seen=event.after)
    if link.seen_sha == event.after:
        return Passed(place, "skipped", "This commit was dealt with already.")
    has_gap = link.seen_sha not in {"", event.before}
    if has_gap:
        tip = case.tips.get(f"refs/heads/{event.ref}")
        if tip != event.after:
            what = "A newer commit is on the branch" if tip else "The branch is gone"
            return Passed(place, "skipped", f"{what} by now.")
    since = link.seen_sha if has_gap else event.before
    if not _concerns(case, place, since, listed=not has_gap):
        return Passed(place, "skipped", _untouched(link), seen=event.after, supersedes=True)
    kind = run_type(link, event.kind)
    return Wanted(
        place, kind, source_of(case.line(place), event), message_of(event), seen=event.after
    )


def _concerns(case: Case, place: Place, since: str, *, listed: bool) -> bool:
    """Whether what changed since a commit concerns the deployment. In doubt it does."""
    link, event = place.link, case.event
    if since == NO_COMMIT or (not link.path and not link.globs):
        return True
    if listed and rules.touched(link.path, link.globs, event.paths) is not None:
        return True
    if listed and event.has_all_paths:
        return False
    paths = case.changed(since, event.after)
    return paths is None or rules.touched(link.path, link.globs, paths) is not None


def _tag(case: Case, place: Place) -> Judgement:
    event, link = case.event, place.link
    if not rules.matches(link.tags, event.ref):
        rule = f"It takes tags like {link.tags}" if link.tags else "Tags start nothing here"
        return Passed(place, "skipped", f"{rule}.")
    for run, told in session().execute(vcs_lists.runs_of_commit(link.id, event.sha, pull=None)):
        if told.kind == Kind.TAG and told.ref == event.ref:
            return Passed(place, "skipped", f"Run {run.number} was started for this already.")
    return Wanted(
        place, run_type(link, event.kind), source_of(case.line(place), event), message_of(event)
    )


def _pull_request(case: Case, place: Place) -> Judgement:
    event, link = case.event, place.link
    refused = _not_for(case, place)
    if refused is not None:
        return refused
    made = _already(place, event)
    if made or _is_stale(case):
        reason = made or "A newer commit is in the pull request by now."
        return Passed(place, "skipped", reason)
    if rules.touched(link.path, link.globs, case.merge.paths) is None:
        return Passed(place, "skipped", _untouched(link), supersedes=True)
    source = source_of(case.line(place), event, base=case.merge.base)
    return Wanted(place, RunType.PREVIEW, source, message_of(event))


def _not_for(case: Case, place: Place) -> Passed | None:
    """Why a pull request has nothing to do with a link, or must not have; or None."""
    link, pull = place.link, case.event.pull
    branch = links.branch_of(link, case.repository)
    if pull is None or not link.on_pull_request:
        return Passed(place, "skipped", "Pull requests start nothing here.")
    if pull.base != branch:
        follows = f"it follows {branch}" if branch else "its branch is not known yet"
        return Passed(place, "skipped", f"It is to go into {pull.base}; {follows}.")
    if pull.is_fork and not link.allow_forks:
        whose = f" ({pull.head_repository})" if pull.head_repository else ""
        reason = f"It comes from a fork{whose}, whose code would see the secrets here."
        return Passed(place, "refused", reason)
    return None


def _already(place: Place, event: Event) -> str | None:
    """That this very commit has its preview, or None. Stopped ones do not count if reopened."""
    pull = event.pull
    if pull is None:
        return None
    rows = vcs_lists.runs_of_commit(place.link.id, pull.head_sha, pull=pull.number)
    for run, told in session().execute(rows):
        is_over = run.state in UNFINISHED and event.action is Action.REOPENED
        if told.base == pull.base and not is_over:
            return f"Run {run.number} was started for this commit already."
    return None


def _is_stale(case: Case) -> bool:
    """Whether the pull request has gone on since, and that was told, too.

    A service may tell before its own refs have moved: then they still stand at the commit before.
    """
    event, pull = case.event, case.event.pull
    tip = case.tips.get(case.head_ref)
    if pull is None or tip is None or tip in {pull.head_sha, event.before}:
        return False
    told = vcs_lists.was_told(case.integration.id, event.repository, pull.number, tip)
    return session().scalars(told).first() is not None


def _pull_refs(integration: VcsIntegration, event: Event) -> tuple[str, str]:
    """(the ref of the pull request's head, that of its merge)."""
    service = SERVICES.get(integration.kind)
    return service.pull_refs(event.pull.number) if service and event.pull else ("", "")


def _untouched(link: VcsLink) -> str:
    also = f", nor of {', '.join(link.globs[:3])}" if link.globs else ""
    return f"No file below {link.path or 'the top'}{also} changed."

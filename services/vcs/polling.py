"""Looking at repositories now and then: what webhooks did not tell, or cannot.

What has moved since the last look becomes a delivery like any other, and the rules of links say
what it starts; a commit that a webhook told of was seen, and starts nothing again. The first look
starts nothing: it only learns where the branches stand.
"""

import datetime as dt
import random
from collections.abc import Mapping

from integrations.git import Tips
from integrations.vcs import Event, Kind
from integrations.vcs.event import NO_COMMIT, Commit
from integrations.vcs.reading import branch_action
from lib import clock
from models import vcs_lists
from models.vcs import VcsIntegration, VcsLink, VcsRepository
from services.transaction import session, transaction
from services.vcs import deliveries, links, rules

LONGEST_PAUSE_S = 3600
JITTER = 0.2
LEASE = dt.timedelta(minutes=10)
MOST_TIPS = 2000
MOST_FOUND = 100


def take() -> tuple[VcsRepository, VcsIntegration] | None:
    """A repository whose turn it is, now in the caller's hands for a while; or None."""
    with transaction() as here:
        now = clock.now()
        due = vcs_lists.due_polls(now).limit(1).with_for_update(skip_locked=True, of=VcsRepository)
        row = here.execute(due).first()
        if row is None:
            return None
        row[0].next_poll_at = now + LEASE
        return row[0], row[1]


def found(repository_id: str, tips: Tips) -> int:
    """Keep where branches and tags stand; a delivery for each that moved. Returns how many."""
    with transaction() as here:
        row = here.get(VcsRepository, repository_id, with_for_update=True, populate_existing=True)
        integration = here.get(VcsIntegration, row.integration_id) if row else None
        if row is None or integration is None:
            return 0
        row.default_branch = tips.default_branch or row.default_branch
        followed = _followed(row)
        before: Mapping[str, str] | None = row.tips
        now = {ref: sha for ref, sha in tips.commits.items() if _is_followed(ref, followed)}
        now = dict(list(now.items())[:MOST_TIPS])
        moved = [] if before is None else _moved(row, before, now)
        for event in moved[:MOST_FOUND]:
            name = f"poll:{event.kind.value}:{event.ref}:{event.before}:{event.after}"
            deliveries.keep_found(integration, event, f"{name}:{clock.now().isoformat()}"[:255])
        row.tips, row.polled_at, row.failures, row.problem = now, clock.now(), 0, ""
        row.next_poll_at = _next(integration.poll_every_s)
    return len(moved)


def failed(repository_id: str, reason: str) -> None:
    """Look again later, and later still each time it fails."""
    with transaction() as here:
        row = here.get(VcsRepository, repository_id, with_for_update=True, populate_existing=True)
        integration = here.get(VcsIntegration, row.integration_id) if row else None
        if row is None or integration is None:
            return
        row.failures += 1
        row.problem = reason[:2000]
        pause_s = min(integration.poll_every_s * 2 ** min(row.failures, 12), LONGEST_PAUSE_S)
        row.next_poll_at = _next(max(pause_s, integration.poll_every_s))


def _next(pause_s: float) -> dt.datetime:
    """When to look again; not all at once."""
    spread = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  Nobody gains by guessing it.
    return clock.now() + dt.timedelta(seconds=pause_s * spread)


def _followed(row: VcsRepository) -> tuple[set[str], set[str]]:
    """(branches, tag globs) that links of the repository follow."""
    branches, tags = set(), set()
    for link, _place, _stack in session().execute(vcs_lists.links_of_repository(row.id)):
        branches.add(links.branch_of(link, row))
        if link.tags:
            tags.add(link.tags)
    return branches, tags


def _is_followed(ref: str, followed: tuple[set[str], set[str]]) -> bool:
    branches, globs = followed
    if ref.startswith("refs/heads/"):
        return ref.removeprefix("refs/heads/") in branches
    name = ref.removeprefix("refs/tags/")
    return ref.startswith("refs/tags/") and any(rules.matches(glob, name) for glob in globs)


def _moved(row: VcsRepository, before: Mapping[str, str], now: Mapping[str, str]) -> list[Event]:
    """An event for each branch or tag that is elsewhere, or new, since the last look."""
    events = []
    for ref, sha in now.items():
        old = before.get(ref)
        if old == sha or (old is None and _was_not_followed(row, ref)):
            continue
        is_tag = ref.startswith("refs/tags/")
        since = old or NO_COMMIT
        events.append(
            Event(
                kind=Kind.TAG if is_tag else Kind.PUSH,
                action=branch_action(since, sha),
                name="poll",
                repository=row.name,
                default_branch=row.default_branch,
                ref=ref.removeprefix("refs/heads/").removeprefix("refs/tags/"),
                before=since,
                after=sha,
                commit=Commit(sha=sha),
            )
        )
    return events


def _was_not_followed(row: VcsRepository, ref: str) -> bool:
    """Whether a ref is new to the looks only because a link follows it since the last one."""
    if row.polled_at is None:
        return True
    name = ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    rows = session().execute(vcs_lists.links_of_repository(row.id))
    following = [each[0] for each in rows if _follows(each[0], row, ref, name)]
    return all(link.changed_at > row.polled_at for link in following)


def _follows(link: VcsLink, row: VcsRepository, ref: str, name: str) -> bool:
    if ref.startswith("refs/heads/"):
        return links.branch_of(link, row) == name
    return rules.matches(link.tags, name)

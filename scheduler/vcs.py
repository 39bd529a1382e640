"""Repositories, by those who may ask git and services: deliveries, polls, tests of integrations.

Two threads of the process that leads: one deals with deliveries and tests as they come, the other
looks at repositories whose turn it is, so that a slow server keeps no delivery waiting.
"""

import threading
import time
from collections.abc import Callable

import structlog

from integrations.git import GitError, Merge, Tips
from integrations.vcs import SERVICES, Call, Unexpected
from lib import net, outgoing
from models.vcs import VcsIntegration
from scheduler.execution.site import Site
from services import hints, hold
from services.errors import GantryError
from services.house import house
from services.vcs import integrations, polling, processing, secrets

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 5.0
TIMEOUT_S = 10.0
MOST_CHECKS = 5
LONGEST_BREATH_S = 0.05


class GitLook:
    """git, asked with the credentials of the integration: see `services.vcs.judging.Look`."""

    def __init__(self, site: Site) -> None:
        self._git = site.git

    def tips(
        self, integration: VcsIntegration, repository: str, refs: tuple[str, ...] = ()
    ) -> Tips:
        """Where branches, tags and these refs stand now."""
        url = integrations.clone_url(integration, repository)
        return self._git.tips(url, secrets.for_git(integration, url), [ref for ref in refs if ref])

    def changed(
        self, integration: VcsIntegration, repository: str, before: str, after: str
    ) -> tuple[str, ...]:
        """The paths that differ between two commits."""
        url = integrations.clone_url(integration, repository)
        return self._git.changed(url, before, after, secrets.for_git(integration, url))

    def to_merge(self, integration: VcsIntegration, repository: str, base: str, head: str) -> Merge:
        """What merging the commit `head` into the branch `base` changes."""
        url = integrations.clone_url(integration, repository)
        return self._git.to_merge(url, base, head, secrets.for_git(integration, url))


class Watch:
    """The two threads. They do nothing while another process leads."""

    def __init__(self, site: Site, leads: Callable[[], bool]) -> None:
        self._site, self._leads = site, leads
        self._wake, self._closing = threading.Event(), threading.Event()
        self._forget = hints.listen(self._hear)
        self._threads = [
            threading.Thread(target=self._work, args=(do, wake), name=name, daemon=True)
            for name, do, wake in (
                ("vcs deliveries", attend, self._wake),
                ("vcs polls", look_around, self._closing),
            )
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after what is in hand; the rest is for the next."""
        self._forget()
        self._closing.set()
        self._wake.set()
        for thread in self._threads:
            thread.join(timeout=10)

    def _hear(self, hint: hints.Hint) -> None:
        if isinstance(hint, hints.DeliveryWaiting):
            self._wake.set()

    def _work(self, do: Callable[[Site], bool], wake: threading.Event) -> None:
        while not self._closing.is_set():
            wake.wait(LOOK_EVERY_S)
            if wake is self._wake:
                wake.clear()
            try:
                while self._leads() and not self._closing.is_set() and do(self._site):
                    pass
            except GantryError as error:
                log.warning("repositories could not be looked after", reason=error.text)
            except Exception:
                # The database was away, say: the next look is in a few seconds.
                log.exception("a thread that looks after repositories stumbled")


def attend(site: Site) -> bool:
    """Deal with one delivery, or with the tests that are wanted; whether there was anything."""
    with site.unit():
        delivery_id = processing.take()
    if delivery_id is not None:
        began = time.monotonic()
        with site.unit():
            _process(site, delivery_id)
        # SQLite has one writer at a time, and services wait for an answer: let them come between.
        site.closing.wait(min(LONGEST_BREATH_S, time.monotonic() - began))
        return True
    with site.unit():
        wanted = integrations.checks_wanted(MOST_CHECKS)
        for integration in wanted:
            passed, text = check(site, integration)
            integrations.checked(integration.id, passed=passed, text=text)
        return bool(wanted)


def look_around(site: Site) -> bool:
    """Look at one repository whose turn it is; whether there was one."""
    with site.unit():
        taken = None if hold.is_on() else polling.take()
    if taken is None:
        return False
    repository, integration = taken
    try:
        with site.unit():
            tips = GitLook(site).tips(integration, repository.name)
            polling.found(repository.id, tips)
    except GitError as error:
        with site.unit():
            polling.failed(repository.id, str(error))
    return True


def check(site: Site, integration: VcsIntegration) -> tuple[bool, str]:
    """Really ask the service, and git for a repository: (whether all is well, what was said)."""
    said: list[str] = []
    try:
        if integration.kind in SERVICES:
            said.append(_ask_service(integration))
        names = _to_look_at(integration)
        for name in names:
            tips = GitLook(site).tips(integration, name)
            count = sum(1 for ref in tips.commits if ref.startswith("refs/heads/"))
            branches = "1 branch" if count == 1 else f"{count} branches"
            said.append(f"git reads {name}: {branches}, the default one is {tips.default_branch}.")
    except (GitError, OSError, Unexpected, net.Refused) as error:
        return False, " ".join([*said, str(error)])
    if not said:
        return False, "There is no repository to try: give one here, or link one first."
    return True, " ".join(said)


def _process(site: Site, delivery_id: str) -> None:
    try:
        processing.process(delivery_id, GitLook(site))
    except GantryError as error:
        processing.postpone(delivery_id, error.text)
    except Exception:
        # A delivery that breaks the code must not keep those behind it from being dealt with.
        log.exception("a delivery could not be dealt with", delivery=delivery_id)
        processing.postpone(delivery_id, "Gantry itself failed on this; see its log.")


def _to_look_at(integration: VcsIntegration) -> list[str]:
    if integration.check_repository:
        return [integration.check_repository]
    return integrations.some_repositories(integration, 3)


def _ask_service(integration: VcsIntegration) -> str:
    """Whose token it is, and whether it may report on a repository, if one is named."""
    service = SERVICES[integration.kind]
    token = secrets.opened(integration).get("token")
    if not token:
        raise Unexpected("There is no token, so nothing can be asked, and no status be set.")
    base = integration.base_url
    who = service.name_of(_ask(service.whoami(base, token), service.title))
    said = f"{service.title} knows the token as {who}."
    for name in _to_look_at(integration)[:1]:
        facts = service.repository_of(
            _ask(service.look_at(base, token, name), f"{service.title} about {name}")
        )
        if not facts.can_report:
            raise Unexpected(
                f"{said} It may read {name}, but not set the status of its commits: give it write "
                "access to statuses."
            )
        said += f" It may set statuses in {facts.name}."
    return said


def _ask(call: Call, who: str) -> bytes:
    answer = send(call)
    if answer.is_success:
        return answer.body
    raise Unexpected(f"{who}: {meaning(answer.status)}")


def send(call: Call) -> outgoing.Answer:
    """Send a call, to an address that may be asked.

    Raises:
        lib.net.Refused, lib.outgoing.NoAnswer: as `outgoing.request`.
    """
    allowed = net.AllowedHosts.parse(house().allowed_hosts)
    bounds = outgoing.Bounds(allowed=allowed, timeout_s=TIMEOUT_S)
    return outgoing.request(
        call.method, call.url, headers=call.headers, body=call.body, bounds=bounds
    )


def meaning(status: int) -> str:
    """What an answer's status means, and what to do about it."""
    match status:
        case 401:
            return "the token is not (or no longer) good (401). Give a new one."
        case 403:
            return "the token may not do this, or has asked too often (403)."
        case 404:
            return "there is nothing there, or not for this token (404)."
        case 422:
            return "the request was refused as wrong (422); is the commit still there?"
        case 429:
            return "it was asked too often (429); later again."
        case _:
            return f"it answered {status}."

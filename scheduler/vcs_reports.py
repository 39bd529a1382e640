"""Telling services what their commits and pull requests have led to: deliverers of the outbox.

A message is a reason to look: what is told is what is so when it is told.
"""

from collections.abc import Mapping
from typing import Any

from integrations.vcs import SERVICES, Call, Service, Unexpected
from lib import net, outgoing
from models.vcs import VcsIntegration
from scheduler.execution.site import Site
from scheduler.vcs import meaning, send
from services.vcs import reports, secrets
from services.vcs.reports import Comment, Told

MOST_PAGES = 10


class NotTold(OSError):
    """The service did not take it; the message is a sentence."""


def deliver_status(_site: Site, payload: Mapping[str, Any], _message_id: str) -> None:
    """Mark a commit with what its run has come to.

    Raises:
        NotTold: when the service did not take it; later again.
    """
    run_id = payload.get("run")
    if run_id is not None:
        told = reports.status_of_run(str(run_id))
    else:
        said = (str(payload[name]) for name in ("repository", "sha", "reason"))
        told = reports.status_of_refusal(*said)
    if told is None or told.is_told:
        return
    try:
        _set_status(told)
    except (NotTold, net.Refused, outgoing.NoAnswer) as error:
        reports.told_status(told, run_id, str(error))
        raise NotTold(str(error)) from error
    reports.told_status(told, run_id)


def deliver_comment(_site: Site, payload: Mapping[str, Any], _message_id: str) -> None:
    """Bring the one comment on a pull request up to date. Raises as `deliver_status`."""
    asked = reports.comment_on(str(payload["repository"]), int(payload["number"]))
    if asked is None or asked.is_told:
        return
    try:
        comment_id = _put_comment(asked)
    except (NotTold, net.Refused, outgoing.NoAnswer, Unexpected) as error:
        reports.told_comment(asked, asked.comment_id, str(error))
        raise NotTold(str(error)) from error
    reports.told_comment(asked, comment_id)


def _set_status(told: Told) -> None:
    service, base, token = _through(told.integration)
    answer = send(service.set_status(base, token, told.repository, told.sha, told.status))
    if answer.is_success or service.is_settled(answer.status, answer.body):
        return
    raise NotTold(f"{service.title} did not take a commit's status: {meaning(answer.status)}")


def _put_comment(asked: Comment) -> str:
    """Edit our comment, found by its id or its marker, or write it; its id."""
    service, base, token = _through(asked.integration)
    at = (base, token, asked.repository, asked.number)
    known = asked.comment_id or _find(service, at, asked.marker)
    if known:
        answer = send(service.edit_comment(*at, known, asked.text))
        if answer.status != 404:
            _taken(service, answer)
            return known
    answer = _taken(service, send(service.add_comment(*at, asked.text)))
    made = service.comments_of(b"[" + answer.body + b"]")
    return made[0].id if made else ""


def _find(service: Service, at: tuple[str, str, str, int], marker: str) -> str:
    """The id of the oldest comment with our marker: a copy of it is younger. Empty for none."""
    seen: set[str] = set()
    for page in range(1, MOST_PAGES + 1):
        call: Call = service.comments(*at, page)
        listed = service.comments_of(_taken(service, send(call)).body)
        fresh = [each for each in listed if each.id not in seen]
        for each in fresh:
            if marker in each.text:
                return each.id
        if not fresh:
            break
        seen.update(each.id for each in fresh)
    return ""


def _taken(service: Service, answer: outgoing.Answer) -> outgoing.Answer:
    if not answer.is_success:
        raise NotTold(f"{service.title} did not take the comment: {meaning(answer.status)}")
    return answer


def _through(integration: VcsIntegration) -> tuple[Service, str, str]:
    """(service, base address, token)."""
    token = secrets.opened(integration).get("token", "")
    if not token:
        raise NotTold(f"The integration {integration.name} has no token any more.")
    return SERVICES[integration.kind], integration.base_url, token

"""Repositories as programs read them: integrations, links, deliveries."""

from blueprints._shared import api
from blueprints._shared.nouns import run_link
from blueprints._shared.shapes import vcs as shapes
from models import vcs as models
from models.project import Project
from services.vcs import integrations
from services.vcs.deliveries import DeliveryLine, OutcomeLine
from services.vcs.fields import KINDS
from services.vcs.links import LinkLine


def integration_json(
    row: models.VcsIntegration, project: Project | None, webhook_secret: str = ""
) -> shapes.VcsIntegration:
    """An integration, without its secrets but the one that was just made."""
    said: shapes.VcsIntegration = {
        "id": row.id,
        "project": project.name if project else None,
        "name": row.name,
        "kind": row.kind,
        "base_url": row.base_url,
        "clone_url": row.clone_url,
        "username": row.username,
        "known_hosts": row.known_hosts,
        "repositories": row.repositories,
        "holds": [name for name in row.holds if not name.startswith("old_")],
        "is_paused": row.is_paused,
        "max_runs": row.max_runs,
        "poll_every_s": row.poll_every_s,
        "hook_url": integrations.hook_url(row) if KINDS[row.kind].has_webhooks else "",
        "heard_at": api.instant(row.heard_at),
        "check": {
            "wanted": row.check_wanted_at is not None,
            "at": api.instant(row.checked_at),
            "passed": row.check_passed,
            "text": row.check_text,
        },
        "report_problem": row.report_problem,
        "created_at": api.instant(row.created_at),
        "created_by": row.created_by_name,
        "version": row.version,
    }
    if webhook_secret:
        said["webhook_secret"] = webhook_secret
    return said


def link_json(line: LinkLine) -> shapes.VcsLink:
    """A deployment's link."""
    link = line.link
    return {
        "project": line.deployment.project_name,
        "stack": line.deployment.stack_name,
        "workspace": line.deployment.workspace_name,
        "integration": line.integration.id,
        "repository": line.repository.name,
        "url": line.url,
        "branch": link.branch,
        "path": link.path,
        "globs": link.globs,
        "tags": link.tags,
        # What is kept is one of these.
        "on_push": link.on_push,  # type: ignore[typeddict-item]
        "on_pull_request": link.on_pull_request,
        "allow_forks": link.allow_forks,
        "owner": link.owner_name,
        "seen": link.seen_sha,
        "seen_at": api.instant(link.seen_at),
        "version": link.version,
    }


def delivery_json(line: DeliveryLine) -> shapes.Delivery:
    """A delivery with what became of it."""
    row = line.delivery
    return {
        "id": row.id,
        "integration": row.integration_id,
        "delivery": row.delivery_id,
        "via": "poll" if row.via == "poll" else "webhook",
        "event": row.name or row.kind,
        "repository": row.repository,
        "ref": row.ref,
        "sha": row.sha,
        "pull_request": row.number,
        "title": row.title,
        "sender": row.sender,
        "received_at": api.instant(row.received_at),
        "processed_at": api.instant(row.processed_at),
        "verdict": row.verdict,
        "reason": row.reason,
        "outcomes": [_outcome(each) for each in line.outcomes],
    }


def _outcome(line: OutcomeLine) -> shapes.Outcome:
    return {
        "project": line.deployment.project_name,
        "stack": line.deployment.stack_name,
        "workspace": line.deployment.workspace_name,
        "verdict": line.outcome.verdict,
        "reason": line.outcome.reason,
        "run": run_link(line.run),
    }

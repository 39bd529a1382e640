"""E-mail triggers and received mail as programs read them."""

from blueprints._shared.nouns import instant, moment, run_link
from blueprints._shared.shapes import emails as shapes
from models.run import Run
from services.email_triggers import TriggerLine
from services.emails import EmailLine, Headers, Trial


def trigger_json(line: TriggerLine) -> shapes.EmailTrigger:
    """A trigger as this caller may see it."""
    row = line.trigger
    return {
        "id": row.id,
        "name": row.name,
        "project": row.project_name,
        "stack": row.stack_name,
        "workspace": row.workspace_name,
        "address": line.address,
        "type": row.type.value,
        "auto_apply": row.auto_apply,
        "senders": row.senders,
        "mapping": row.mapping,
        "attachments": row.attachments,
        "paused": row.paused,
        "owner": {"id": row.owner_id, "name": row.owner_name},
        "received": line.count,
        "last_received_at": instant(line.last_at),
        "created_at": moment(row.created_at),
        "rotated_at": instant(row.rotated_at),
        "version": row.version,
    }


def email_json(line: EmailLine) -> shapes.ReceivedEmail:
    """A received message."""
    row = line.email
    return {
        "id": row.id,
        "trigger": row.trigger_id,
        "verdict": row.verdict.value,
        "reason": row.reason,
        "run": run_link(line.run),
        "sender": row.sender,
        "subject": row.subject,
        "recipient": line.recipient,
        "message_id": row.message_id,
        "service": row.service,
        "authentication": line.authentication,
        "size_bytes": row.size_bytes,
        "repeats": row.repeats,
        "received_at": moment(row.received_at),
        "processed_at": instant(row.processed_at),
        "replied_at": instant(row.replied_at),
        "kept": row.blob_id is not None,
    }


def headers_json(found: Headers) -> shapes.EmailHeaders:
    """The headers of a message."""
    return {"items": [{"name": name, "value": value} for name, value in found.lines]}


def trial_json(trial: Trial, run: Run | None = None) -> shapes.EmailTrial:
    """What became of a pasted message."""
    return {
        "verdict": trial.verdict.value,
        "reason": trial.reason,
        "sender": trial.sender,
        "subject": trial.subject,
        "variables": [{"name": name, "value": value} for name, value in trial.variables],
        "files": [{"path": path, "size_bytes": size} for path, size in trial.files],
        "run": run_link(run),
    }

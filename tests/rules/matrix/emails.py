"""The routes of e-mail triggers and of received mail."""

from dataclasses import replace
from typing import Any

from sqlalchemy import select

from models.base import db
from models.email import Email, EmailTrigger
from services import blobs, email_triggers
from services.email_triggers import NewTrigger
from services.house import MailRoom, house, move_in
from tests.rules.matrix.case import DEPLOYERS, EVERYONE, MEMBERS, OWNERS, Case

SAM = "sam"
BODY = {"project": "shop", "stack": "web", "workspace": "staging"}
PASTED = {"message": "From: dave@example.com\nSubject: Hi\n\nHello\n"}


def open_room(_world):
    """Let mail come, as an administrator's setting would."""
    move_in(replace(house(), mail=MailRoom(domain="in.example.com")))


def _one(world):
    open_room(world)
    email_triggers.create(world.alice, NewTrigger(**BODY))


def _paused(world):
    _one(world)
    email_triggers.pause(world.alice, _id(world))


def _received(world):
    _one(world)
    trigger = db.session.get_one(EmailTrigger, _id(world))
    blob = blobs.put("email", b"Subject: Hi\r\n\r\nHello")
    db.session.add(
        Email(
            trigger_id=trigger.id,
            project_id=trigger.project_id,
            stack_id=trigger.stack_id,
            workspace_id=trigger.workspace_id,
            service="raw",
            message_key="1" * 64,
            blob_id=blob.id,
        )
    )
    db.session.commit()


def _id(_world):
    return db.session.scalars(select(EmailTrigger.id)).one()


def _email_id(_world):
    return db.session.scalars(select(Email.id)).one()


ONE: dict[str, Any] = {"names": {"trigger_id": _id}, "blind": SAM, "before": _one}
MAIL: dict[str, Any] = {"names": {"email_id": _email_id}, "blind": SAM, "before": _received}


def _api(endpoint, may, status=200, **more):
    return Case(f"api_email_triggers.{endpoint}", may, status, **(ONE | more))


CASES = [
    Case("api_email_triggers.index", EVERYONE),
    Case("api_email_triggers.create", DEPLOYERS, 201, blind=SAM, send=BODY, before=open_room),
    _api("show", MEMBERS),
    _api("edit", DEPLOYERS, send={"name": "Orders"}),
    _api("delete", OWNERS, 204),
    _api("rotate", OWNERS),
    _api("pause", DEPLOYERS),
    _api("resume", DEPLOYERS, before=_paused),
    _api("attempt", DEPLOYERS, send=PASTED, audits=0),
    Case("api_emails.index", EVERYONE),
    Case("api_emails.show", MEMBERS, **MAIL),
    Case("api_emails.headers", OWNERS, **MAIL),
]

"""The routes of e-mail triggers and of received mail."""

from dataclasses import replace
from typing import Any

from sqlalchemy import select

from models.base import db
from models.email import Email, EmailTrigger
from services import blobs, email_triggers
from services.email_triggers import NewTrigger
from services.house import MailRoom, house, move_in
from tests.rules.matrix.case import ADMIN, DEPLOYERS, EVERYONE, MEMBERS, OWNERS, Case

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


FORM = {"project": "shop", "stack": "web", "workspace": "staging", "type": "preview",
        "senders": "members"}  # fmt: skip
PLACE = {"project": "shop", "stack": "web"}
DEEP = {**PLACE, "workspace": "staging"}
WHERE = "?project=shop&stack=web&workspace=staging"


def _page(endpoint, may, status=200, **more):
    return Case(f"email_triggers.{endpoint}", may, status, **(ONE | more))


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
    Case("email_triggers.of_stack", MEMBERS, blind=SAM, names=PLACE, before=_one),
    Case("email_triggers.of_deployment", MEMBERS, blind=SAM, names=DEEP, before=_one),
    Case("email_triggers.new", DEPLOYERS, blind=SAM, query=WHERE, before=open_room),
    Case("email_triggers.create", DEPLOYERS, 303, blind=SAM, send=FORM, before=open_room),
    _page("show", MEMBERS),
    _page("attempt", DEPLOYERS, send=PASTED, audits=0),
    _page("edit", DEPLOYERS),
    _page("save", DEPLOYERS, 303, send=FORM | {"name": "Orders"}),
    _page("pause", DEPLOYERS, 303),
    _page("resume", DEPLOYERS, 303, before=_paused),
    _page("confirm_rotate", OWNERS, refused=403),
    _page("rotate", OWNERS, 303),
    _page("confirm_delete", OWNERS),
    _page("delete", OWNERS, 303),
    Case("emails.show", MEMBERS, **MAIL),
    Case("mail_room.show", ADMIN),
    Case("mail_room.send_test", ADMIN, 303, audits=0),
    Case("notices.show", EVERYONE),
    Case("notices.choose", EVERYONE, 303, send={"waits": "1"}),
    Case("api_notices.show", EVERYONE),
    Case(
        "api_notices.choose",
        EVERYONE,
        send={"waits": True, "fails": True, "ends": False},
    ),
]

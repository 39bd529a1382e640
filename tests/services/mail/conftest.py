"""A house with a mail room, a trigger, and mail to it."""

import pytest
from sqlalchemy import select

from lib import clock
from models.base import db
from models.email import Email
from models.run import Run
from models.run_content import RunVariable
from services import email_triggers, emails
from services.email_triggers import NewTrigger
from services.house import house
from tests import inbound, mail_room, mailbox
from tests.services.runs.workshop import SOURCE

MAPPING = {"size": "body:size", "title": "subject", "by": "sender"}


@pytest.fixture
def room(app):
    """How mail comes in; `furnished(…)` of tests.mail_room changes it."""
    with mail_room.furnished(keys=inbound.keys()) as furnished:
        yield furnished


@pytest.fixture
def sourced(world, room):
    """The world, with code in its stack."""
    world.stack.source = SOURCE
    db.session.commit()
    return world


@pytest.fixture
def make(sourced):
    """`make(type="apply", by="dave")` is a new trigger."""

    def make_one(by="alice", **fields):
        usual = {"project": "shop", "stack": "web", "workspace": "staging"}
        return email_triggers.create(sourced.actor(by), NewTrigger(**(usual | fields)))

    return make_one


@pytest.fixture
def send(app):
    """`send(trigger, …)` is what became of a message to it, looked at already."""

    def send_one(trigger, *, results=None, envelope="dave@example.com", head=b"", **fields):
        message = inbound.letter(email_triggers.address_of(trigger), **fields)
        kept = take_in(message, results=results, envelope=envelope, head=head)
        for email_id in kept:
            emails.process(email_id)
        db.session.rollback()
        found = db.session.query(Email).order_by(Email.id.desc())
        return found.first()

    return send_one


def take_in(message, *, results=None, envelope="dave@example.com", head=b""):
    """Keep a message as our own mail server would have posted it; the ids of what is new."""
    _, headers, body = inbound.raw_mime(message, results=results, envelope=envelope, head=head)
    post = inbound.posted(headers, body)
    return emails.take_in(inbound.raw.receive(post, house().mail.keys, clock.now(), None))


def run_of(row):
    """The run that a message started."""
    return db.session.get(Run, row.run_id)


@pytest.fixture
def box(app):
    """A real SMTP server, to which this house sends its mail."""
    with (
        mailbox.listening() as found,
        mail_room.furnished(keys=inbound.keys(), url=found.url),
    ):
        yield found


def values(run):
    """What a run was given: name → value."""
    rows = db.session.scalars(select(RunVariable).where(RunVariable.run_id == run.id))
    return {row.name: row.value for row in rows}

"""A letter that shows whether the mail server takes letters."""

from integrations.mail import smtp
from integrations.mail.smtp import Letter, NotSent
from lib import clock, ids
from models.user import User
from services import audit
from services.access import Actor, require_admin
from services.errors import Forbidden, Unavailable
from services.house import house
from services.mail.sending import own_id
from services.transaction import session, transaction


def send_test(actor: Actor) -> str:
    """Send the actor a letter at once, past the outbox; the address it went to.

    Raises:
        Forbidden: when the actor is no administrator.
        Unavailable: with what the server said, or that there is none.
    """
    require_admin(actor)
    user = session().get(User, actor.id) if actor.id else None
    if user is None or user.is_service:
        raise Forbidden("A test letter goes to whoever asks for it; sign in for that.")
    room = house().mail
    if room.server is None:
        raise Unavailable("GANTRY_SMTP_URL is not set, so no mail goes out.")
    with transaction():
        audit.record(actor, "mail.test", "mail", after={"to": user.email})
    letter = Letter(
        to=user.email,
        subject="A test from Gantry",
        text=f"Gantry at {house().base_url} can send mail.\n",
        message_id=own_id(ids.new_id()),
        sender=room.sender,
        at=clock.now(),
    )
    try:
        smtp.send(room.server, letter)
    except NotSent as error:
        raise Unavailable(f"The letter was not taken: {error}.") from error
    return user.email

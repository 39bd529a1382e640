"""Administration of mail: which services are open, the server, a test, and what went astray."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response

from blueprints._shared import current, paging, places
from blueprints._shared.current import Crumb
from blueprints._shared.respond import page, respond_after
from integrations.mail.known import SERVICES
from services import emails, mail, outbox
from services.access import require_admin
from services.emails import EmailLine, Query
from services.errors import Unavailable
from services.house import house
from services.page import Page

blueprint = Blueprint("mail_room", __name__, url_prefix="/administration/mail")
SETTINGS = {
    "mailgun": "GANTRY_MAILGUN_SIGNING_KEY",
    "sendgrid": "GANTRY_SENDGRID_PUBLIC_KEY",
    "postmark": "GANTRY_POSTMARK_CREDENTIALS",
    "ses": "GANTRY_SES_TOPICS",
    "raw": "GANTRY_MAIL_SIGNING_KEY",
}


@dataclass(frozen=True)
class Service:
    """A mail service as the page shows it."""

    title: str
    is_open: bool
    setting: str
    url: str


@dataclass(frozen=True)
class Show:
    """What administration/mail.html reads."""

    domain: str
    server: str
    sender: str
    waiting: int
    services: Sequence[Service]
    strays: Page[EmailLine]
    next_url: str


@blueprint.get("")
def show() -> Response:
    """How mail comes in and goes out."""
    actor, room = current.actor(), house().mail
    require_admin(actor)
    strays = emails.page(actor, Query(strays=True, after=paging.after(), limit=20))
    context = Show(
        domain=room.domain,
        server=room.server.text if room.server else "",
        sender=room.sender,
        waiting=outbox.depths().get(mail.KIND, 0),
        services=[_service(name) for name in SERVICES],
        strays=strays,
        next_url=places.next_url(strays),
    )
    crumbs = (Crumb("Administration", "/administration"), Crumb("Mail"))
    return page("administration/mail.html", context, crumbs=crumbs)


@blueprint.post("/test")
def send_test() -> Response:
    """Send a letter to whoever asks, and say at once whether the server took it."""
    try:
        to = mail.send_test(current.actor())
    except Unavailable as refusal:
        current.tell(refusal.text, "danger")
        return respond_after("/administration/mail")
    return respond_after("/administration/mail", said=f"The server took a letter to {to}.")


def _service(name: str) -> Service:
    room, module = house().mail, SERVICES[name]
    is_open = bool(room.domain) and module.is_open(room.keys)
    setting = SETTINGS[name] if room.domain else "GANTRY_EMAIL_DOMAIN"
    path = f"/hooks/email/{name}{'/mime' if name == 'mailgun' else ''}"
    return Service(module.TITLE, is_open, setting, f"{house().base_url}{path}")

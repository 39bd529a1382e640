"""What somebody is told by mail of their own runs."""

from dataclasses import dataclass

from flask import Blueprint, Response

from blueprints._shared import current
from blueprints._shared.current import Crumb
from blueprints._shared.forms import Form, parse_form
from blueprints._shared.respond import page, respond_after
from models.email import NoticeChoice
from services import mail
from services.mail import notices

blueprint = Blueprint("notices", __name__, url_prefix="/account/notices")


class Chosen(Form):
    """What the form sends; an unticked box is left out."""

    waits: bool = False
    fails: bool = False
    ends: bool = False


@dataclass(frozen=True)
class Show:
    """What account/notices.html reads."""

    choice: NoticeChoice
    is_possible: bool


@blueprint.get("")
def show() -> Response:
    """What one is told."""
    choice = notices.choice_of(current.visitor().user.id)
    crumbs = (Crumb("Account", "/account"), Crumb("Notices"))
    return page("account/notices.html", Show(choice, mail.is_possible()), crumbs=crumbs)


@blueprint.post("")
def choose() -> Response:
    """Choose what one is told."""
    chosen = parse_form(Chosen)
    notices.choose(current.actor(), **chosen.model_dump())
    return respond_after("/account/notices", said="Saved.")

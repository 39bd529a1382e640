"""Signing in and out."""

from dataclasses import dataclass

from flask import Blueprint, Response, redirect, request, url_for

from blueprints._shared import current, gate
from blueprints._shared.current import Visitor
from blueprints._shared.forms import Form, parse_form
from blueprints._shared.respond import page
from services import sessions
from services.errors import Invalid, TooMany

blueprint = Blueprint("sessions", __name__)


class SignIn(Form):
    """What the form sends."""

    email: str = ""
    password: str = ""
    next: str = ""


@dataclass(frozen=True)
class SignInPage:
    """What sessions/new.html reads."""

    email: str = ""
    next: str = ""
    error: str = ""


@blueprint.get("/sign-in")
def new() -> Response:
    """The form; who is signed in already goes on."""
    onward = request.args.get("next", "")
    if current.Current().is_signed_in:
        # Werkzeug's own Response is one for Flask, too.
        return redirect(_onward(onward))  # type: ignore[return-value]
    return page("sessions/new.html", SignInPage(next=onward))


@blueprint.post("/sign-in")
def create() -> Response:
    """Open a session, under a new id."""
    form = parse_form(SignIn)
    try:
        secret, user = sessions.sign_in(form.email, request.form["password"], current.origin())
    except Invalid as refused:
        shown = SignInPage(form.email, form.next, refused.text)
        return page("sessions/new.html", shown, status=422)
    except TooMany as refused:
        shown = SignInPage(form.email, form.next, refused.text)
        return page("sessions/new.html", shown, status=429)
    gate.sign_in(Visitor(user, secret=secret))
    # Werkzeug's own Response is one for Flask, too.
    return redirect(_onward(form.next), 303)  # type: ignore[return-value]


@blueprint.post("/sign-out")
def delete() -> Response:
    """End the session, for good."""
    visitor = current.visitor()
    if visitor.browser is not None:
        sessions.sign_out(visitor.actor, visitor.browser.id)
    gate.sign_out()
    # Werkzeug's own Response is one for Flask, too.
    return redirect(url_for("sessions.new"), 303)  # type: ignore[return-value]


def _onward(url: str) -> str:
    return url if gate.is_local_path(url) else url_for("dashboard.show")

"""The gate every request passes: default deny, the same site, a password of one's own."""

import flask_login
import structlog
from flask import Flask, Response, current_app, redirect, request, session, url_for
from flask_wtf.csrf import CSRFProtect

from blueprints._shared import current
from blueprints._shared.current import Visitor
from services import sessions, tokens
from services.errors import Forbidden, SignInNeeded

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
AT_FIRST = frozenset({"account.password", "account.change_password", "sessions.delete"})
"""What somebody may do before they have chosen a password of their own."""

csrf = CSRFProtect()


def install(app: Flask, open_endpoints: frozenset[str]) -> None:
    """Put the gate before every view of the app."""
    app.config["OPEN_ENDPOINTS"] = open_endpoints
    manager = flask_login.LoginManager()
    manager.session_protection = None  # It would sign people out when their address changes.
    manager.user_loader(_by_session)
    manager.request_loader(_by_token)
    manager.init_app(app)
    app.before_request(_name_request)
    app.before_request(_refuse_other_sites)
    csrf.init_app(app)
    app.before_request(_refuse_strangers)
    app.teardown_request(_forget_request)


def _name_request() -> None:
    """Have every line of the log that this request leaves carry its id, and its run's."""
    structlog.contextvars.bind_contextvars(request_id=current.request_id())
    run_id = (request.view_args or {}).get("run_id")
    if run_id:
        structlog.contextvars.bind_contextvars(run_id=run_id)


def _name_actor(visitor: Visitor) -> None:
    """And who asked, and with which token: ids, which can be looked up by who may."""
    user, token = visitor.user, visitor.token
    structlog.contextvars.bind_contextvars(actor_kind=user.kind.actor_kind, actor_id=user.id)
    if token is not None:
        structlog.contextvars.bind_contextvars(token_id=token.id)


def _forget_request(_error: BaseException | None) -> None:
    structlog.contextvars.unbind_contextvars(
        "request_id", "run_id", "actor_kind", "actor_id", "token_id"
    )


def _by_session(secret: str) -> Visitor | None:
    if current.is_api():
        return None
    found = sessions.find(secret)
    return Visitor(found.user, secret=secret, browser=found.session) if found else None


def _by_token(_request: object) -> Visitor | None:
    text = _token_text() if current.takes_token() else ""
    found = tokens.find(text, current.origin()) if text else None
    return Visitor(found[1], token=found[0]) if found else None


def _token_text() -> str:
    """The token that was sent; a state client may say it as the password of anybody."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return text.strip()
    basic = request.authorization if current.is_state_client() else None
    return (basic.password or "").strip() if basic is not None and basic.type == "basic" else ""


def _refuse_other_sites() -> None:
    """Browsers say where a request comes from; a change asked for by another site is refused."""
    site = request.headers.get("Sec-Fetch-Site", "none")
    if request.method in SAFE_METHODS or current.is_api() or site in {"same-origin", "none"}:
        return
    raise Forbidden("This was sent from another site. Open the page here and do it again.")


def _refuse_strangers() -> Response | None:
    """Default deny: whoever is not signed in gets no further, but to the short open list."""
    if request.endpoint is None or request.endpoint in current_app.config["OPEN_ENDPOINTS"]:
        return None
    if not flask_login.current_user.is_authenticated:
        raise SignInNeeded(
            "This token is not (or no longer) good for anything. Send one as “Authorization: "
            "Bearer gty_…”."
            if current.is_api()
            else "Sign in to go on."
        )
    visitor = current.visitor()
    _name_actor(visitor)
    if visitor.user.must_change_password and visitor.browser and request.endpoint not in AT_FIRST:
        # Werkzeug's own Response is one for Flask, too.
        return redirect(url_for("account.password"))  # type: ignore[return-value]
    return None


def sign_in(visitor: Visitor) -> None:
    """Put a fresh session into the cookie; nothing of the one before stays."""
    session.clear()
    session.permanent = True
    flask_login.login_user(visitor)


def sign_out() -> None:
    """Empty the cookie. The session itself is ended by `services.sessions`."""
    flask_login.logout_user()
    session.clear()


def is_local_path(url: str) -> bool:
    """Whether a link leads to a page of this portal, whatever a browser makes of its slashes."""
    has_odd = any(ord(letter) < 33 or letter == "\\" for letter in url)
    return url.startswith("/") and not url.startswith("//") and not has_odd

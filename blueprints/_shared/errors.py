"""Refusals as answers, in one place: a page for people, problem+json for programs."""

import json
from http import HTTPStatus

import structlog
from flask import (
    Flask,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError

from blueprints._shared import current, htmx, problems
from services import errors
from services.errors import GantryError

log = structlog.get_logger(__name__)

STATUS: dict[type[GantryError], int] = {
    errors.Unreadable: 400,
    errors.SignInNeeded: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.NotAsSeen: 412,
    errors.TooLarge: 413,
    errors.Invalid: 422,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}
SENTENCES = {
    400: "This request could not be read.",
    404: "There is nothing here that you may see. It may have been deleted, the address may have a "
    "slip in it, or it is in a place where you have no role, which its owner can give you.",
    405: "This address does not take that kind of request.",
    413: "More was sent than is taken here.",
    415: "Send JSON, with “Content-Type: application/json”.",
}
TITLES = {400: "Unreadable request", 404: "Not found", 405: "Not this way", 413: "Too large"}
UNEXPECTED = (
    "Something went wrong inside Gantry; it is not your doing, and what you asked for may not have "
    "happened. Try again; if it happens again, tell your administrator the request's id."
)


def install(app: Flask) -> None:
    """Answer every kind of error of the app."""
    app.register_error_handler(GantryError, _refused)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _refused(error: GantryError) -> Response:
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 400)
    if isinstance(error, errors.SignInNeeded) and not current.is_api():
        return _to_sign_in()
    response = _answer(status, error.title, error.text, getattr(error, "fields", None), error.kind)
    if isinstance(error, errors.TooMany | errors.Unavailable):
        response.headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, errors.SignInNeeded):
        response.headers["WWW-Authenticate"] = (
            'Basic realm="Gantry state"' if current.is_state_client() else "Bearer"
        )
    return response


def _to_sign_in() -> Response:
    """The way to sign in, and back to the page one was on; its tab keeps what was typed."""
    is_page = request.method == "GET" and not htmx.wants_fragment()
    came_from = (request.referrer or "").removeprefix(request.host_url.rstrip("/"))
    onward = request.full_path.rstrip("?") if is_page else came_from
    url = url_for("sessions.new", next=onward if onward.startswith("/") else None)
    if htmx.is_htmx():
        return htmx.redirect_to(url)
    # Werkzeug's own Response is one for Flask, too.
    return redirect(url, 303)  # type: ignore[return-value]


def _stale_form(_error: CSRFError) -> Response:
    if request.endpoint != "sessions.create" and not current.Current().is_signed_in:
        return _to_sign_in()
    text = "This form is from before you signed in, or from another site. Go back, reload, resend."
    return _answer(400, "Send this again", text)


def _http(error: HTTPException) -> Response:
    if error.response is not None or error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return make_response(error.get_response())
    if isinstance(error, SecurityError):
        host = "Gantry does not answer to this host name. Add it to GANTRY_TRUSTED_HOSTS."
        return _plain(400, host)
    text = SENTENCES.get(error.code) or f"{error.description or HTTPStatus(error.code).phrase}"
    response = _answer(error.code, TITLES.get(error.code) or HTTPStatus(error.code).phrase, text)
    if error.code == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = ", ".join(getattr(error, "valid_methods", None) or ())
    return response


def _unexpected(error: Exception) -> Response:
    if _is_exhausted(error):
        return _refused(errors.Unavailable("Gantry is too busy to answer. Try again in a moment."))
    log.error("request failed", path=request.path, method=request.method, exc_info=error)
    if current_app.config["PROPAGATE"]:
        raise error
    return _answer(500, "Something went wrong", UNEXPECTED)


def _is_exhausted(error: Exception) -> bool:
    """Whether the database, or a connection to it, could not be had in time."""
    return type(error).__module__.startswith("sqlalchemy") and type(error).__name__ in {
        "TimeoutError",
        "OperationalError",
        "InterfaceError",
        "PendingRollbackError",
    }


def _answer(
    status: int, title: str, text: str, fields: dict[str, str] | None = None, kind: str = ""
) -> Response:
    if current.is_api():
        return problem(status, title, text, fields, kind)
    error = {"status": status, "title": title, "text": text, "fields": fields or {}}
    error |= {"back_url": _way_back(), "keeps_typing": request.method == "POST"}
    try:
        return make_response(render_template("errors/error.html", error=error), status)
    except Exception as failure:
        log.exception("error page failed", failure=type(failure).__name__)
        return _plain(status, text)


def _way_back() -> str:
    """The page somebody came from, when it is one of this portal."""
    here, came_from = request.host_url, request.referrer or ""
    return came_from if came_from.startswith(here) and came_from != request.url else ""


def _plain(status: int, text: str) -> Response:
    body = f"{text}\nRequest {current.request_id()}\n"
    return Response(body, status, content_type="text/plain; charset=utf-8")


def problem(
    status: int, title: str, text: str, fields: dict[str, str] | None = None, kind: str = ""
) -> Response:
    """An answer as RFC 9457 has it; `fields` maps fields to sentences."""
    body = {
        "type": problems.type_of(kind, status),
        "title": title,
        "status": status,
        "detail": text,
        "request_id": current.request_id(),
    }
    if fields:
        body["errors"] = fields
    return Response(json.dumps(body), status, content_type="application/problem+json")

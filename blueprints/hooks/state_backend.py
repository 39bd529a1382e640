"""Terraform's HTTP state protocol, for people and tools outside; see docs/howto/state-backend.md.

A client takes 404 for “there is no state” and plans to create everything again. So 404 is said only
for a deployment that never had one; a name that is not known, or not seen, is 403.
"""

import base64
import binascii
import hashlib
import json
from typing import Any

from flask import Blueprint, Response, request

from blueprints._shared import current
from models.project import Deployment
from services import deployments, state_clients, tokens
from services.access import Actor
from services.errors import Forbidden, NotFound, Unreadable
from services.state_clients import Locked

blueprint = Blueprint("state_backend", __name__)
URL = "/state/<project>/<stack>/<workspace>"
SCOPE = "state"
ANY_METHOD = ["GET", "POST", "PUT", "DELETE", "LOCK", "UNLOCK"]


@blueprint.get(URL)
def read(**url: Any) -> Response:
    """The current state."""
    content = state_clients.read(*_who(url))
    return Response(content, content_type="application/json")


@blueprint.route(URL, methods=["POST", "PUT"])
def write(**url: Any) -> Response:
    """Make a state current; `?ID=` is the lock under which it is written."""
    content = request.get_data()
    _check_digest(content)
    state_clients.write(*_who(url), content, request.args.get("ID", ""))
    return Response(status=200)


@blueprint.route(URL, methods=["LOCK"])
@blueprint.post(f"{URL}/lock")
def lock(**url: Any) -> Response:
    """Take the lock."""
    state_clients.lock(*_who(url), request.get_data())
    return Response(status=200)


@blueprint.route(URL, methods=["UNLOCK"])
@blueprint.delete(f"{URL}/lock")
def unlock(**url: Any) -> Response:
    """Give the lock back; without lock info, force it open."""
    state_clients.unlock(*_who(url), request.get_data())
    return Response(status=200)


@blueprint.route("/state/", defaults={"rest": ""}, methods=ANY_METHOD)
@blueprint.route("/state/<path:rest>", methods=ANY_METHOD)
def elsewhere(rest: str) -> Response:
    """Addresses that are none. Not 404: see above."""
    raise Unreadable(
        f"“{rest[:100]}” is no state's address. Use /state/<project>/<stack>/<workspace>."
    )


@blueprint.errorhandler(Locked)
def _locked(refusal: Locked) -> Response:
    return Response(json.dumps(refusal.holder), 423, content_type="application/json")


def _who(url: dict[str, str]) -> tuple[Actor, Deployment]:
    visitor = current.visitor()
    if visitor.token is None:
        raise Forbidden("Send an API token, as the password or as “Authorization: Bearer gty_…”.")
    actor = tokens.actor_of(visitor.token, visitor.user, current.origin(), scope=SCOPE)
    try:
        return actor, deployments.at(actor, url["project"], url["stack"], url["workspace"])
    except NotFound:
        raise Forbidden("There is no such stack or workspace, or your token may not see it.") from (
            None
        )


def _check_digest(content: bytes) -> None:
    """Refuse a body that was damaged on its way, where the client says what it sent."""
    said = request.headers.get("Content-MD5")
    if said is None:
        return
    try:
        wanted = base64.b64decode(said, validate=True)
    except binascii.Error:
        raise Unreadable("The header Content-MD5 is no Base64.") from None
    if hashlib.md5(content, usedforsecurity=False).digest() != wanted:
        raise Unreadable("The body is not what its Content-MD5 says. Send it again.")

"""Members of projects and workspaces."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response

from blueprints._shared import current, places
from blueprints._shared.places import Frame
from blueprints._shared.respond import page, respond_after
from blueprints._shared.typed import Typed, posted
from models.member import Role
from services import members
from services.errors import Forbidden, Invalid
from services.members import Holder, MemberLine

blueprint = Blueprint("members", __name__)

PLACES: dict[str, tuple[str, Callable[[str, str], Frame]]] = {
    "project": ("/projects/<name>/members", places.of_project),
    "workspace": ("/workspaces/<name>/members", places.of_workspace),
}
ROLES = (
    ("viewer", "viewer", "sees everything but the values of variables"),
    ("deployer", "deployer", "starts, confirms and cancels runs, changes variables"),
    ("owner", "owner", "changes settings and members, deletes"),
)
KINDS = (("user", "Person"), ("team", "Team"), ("service_account", "Service account"))


@dataclass(frozen=True)
class Index:
    """What members/index.html reads."""

    frame: Frame
    members: Sequence[MemberLine]
    holders: Sequence[Holder]
    suggestions: Sequence[tuple[str, str]]
    roles: tuple[tuple[str, str, str], ...]
    kinds: tuple[tuple[str, str], ...]
    form: Typed


def _index(of: Callable[[str, str], Frame]) -> Callable[[str], Response]:
    def index(name: str) -> Response:
        """Who holds which role here."""
        return _page(of(name, "members"), Typed({"role": Role.VIEWER.value}))

    return index


def _put(of: Callable[[str, str], Frame]) -> Callable[[str], Response]:
    def put(name: str) -> Response:
        """Give somebody a role."""
        frame, form = of(name, "members"), posted()
        try:
            kind = form["kind"] or "user"
            members.put(current.actor(), frame.thing, form["who"].strip(), form["role"], kind)
        except (Invalid, Forbidden) as refusal:
            return _refused(frame, form, refusal)
        return respond_after(f"{frame.url}/members", said="Saved.")

    return put


def _delete(of: Callable[[str, str], Frame]) -> Callable[[str, str], Response]:
    def delete(name: str, holder_id: str) -> Response:
        """Take somebody's role away."""
        frame = of(name, "members")
        try:
            members.remove(current.actor(), frame.thing, holder_id)
        except Forbidden as refusal:
            return _refused(frame, Typed({}), refusal)
        return respond_after(f"{frame.url}/members", said="The member is removed.")

    return delete


def _page(frame: Frame, form: Typed, status: int = 200) -> Response:
    actor, place = current.actor(), frame.thing
    suggestions = members.suggestions(actor, place) if "manage_members" in frame.may else []
    lines, holders = members.of(actor, place), members.holders(actor, place)
    context = Index(frame, lines, holders, suggestions, ROLES, KINDS, form)
    return page("members/index.html", context, crumbs=frame.crumbs, status=status)


def _refused(frame: Frame, form: Typed, refusal: Invalid | Forbidden) -> Response:
    """Beside the form, unless the actor may not change members at all."""
    if "manage_members" not in frame.may:
        raise refusal
    if isinstance(refusal, Invalid):
        named = {
            "who" if key in members.KINDS else key: said for key, said in refusal.fields.items()
        }
        return _page(frame, form.refused(Invalid(named)), 422)
    return _page(frame, form.refused(refusal), 403)


for _noun, (_path, _of) in PLACES.items():
    blueprint.add_url_rule(_path, f"of_{_noun}", _index(_of), methods=["GET"])
    blueprint.add_url_rule(_path, f"put_of_{_noun}", _put(_of), methods=["POST"])
    _one = f"{_path}/<holder_id>/delete"
    blueprint.add_url_rule(_one, f"delete_of_{_noun}", _delete(_of), methods=["POST"])

"""Administration of service accounts, and of their tokens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask import Blueprint, Response, request, url_for

from blueprints._shared import current, paging, token_form
from blueprints._shared.current import Crumb
from blueprints._shared.filters import url_with
from blueprints._shared.respond import page, respond_after
from blueprints._shared.token_form import Offers
from blueprints._shared.typed import Typed, posted
from models.user import User
from services import service_accounts, teams, tokens
from services.access import require_admin
from services.errors import Conflict, Invalid
from services.teams import RoleLine
from services.tokens import NewToken, TokenLine

blueprint = Blueprint("service_accounts", __name__, url_prefix="/administration/service-accounts")
NOTHING = Typed({})
MOST_TOKENS = 200


@dataclass(frozen=True)
class Index:
    """What service_accounts/index.html reads."""

    accounts: Sequence[User]
    older_url: str
    q: str
    form: Typed


@dataclass(frozen=True)
class Show:
    """What service_accounts/show.html reads. `form` is of the settings, `typed` of a new token."""

    account: User
    responsible: User | None
    tokens: Sequence[TokenLine]
    roles: Sequence[RoleLine]
    offers: Offers
    form: Typed
    errors: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    new_token: NewToken | None = None


@blueprint.get("")
def index() -> Response:
    """Every service account, and the form for another."""
    return _index(NOTHING)


@blueprint.post("")
def create() -> Response:
    """Make a service account."""
    form = posted()
    try:
        made = service_accounts.create(
            current.actor(),
            form["name"],
            description=form["description"],
            responsible=form["responsible"],
        )
    except (Invalid, Conflict) as refusal:
        status = 422 if isinstance(refusal, Invalid) else 409
        return _index(form.refused(refusal, beside="name"), status)
    said = "It is there. Give it roles on the members pages, and a token below."
    return respond_after(url_for(".show", account=made.name), said=said)


@blueprint.get("/<account>")
def show(account: str) -> Response:
    """A service account."""
    return _show(_account(account))


@blueprint.post("/<account>")
def edit(account: str) -> Response:
    """Change description, the person to ask, or whether it administers."""
    found, form = _account(account), posted()
    changes = {
        "description": form["description"],
        "responsible": form["responsible"],
        "is_admin": "is_admin" in form.values,
    }
    try:
        service_accounts.edit(current.actor(), found.id, changes, version=form.version)
    except (Invalid, Conflict) as refusal:
        status = 422 if isinstance(refusal, Invalid) else 409
        return _show(found, form.refused(refusal), status=status)
    return respond_after(url_for(".show", account=found.name), said="Saved.")


@blueprint.post("/<account>/deactivate")
def deactivate(account: str) -> Response:
    """Shut a service account out."""
    found = service_accounts.edit(current.actor(), account, {"is_active": False})
    said = f"{found.name} is shut out; its tokens work no more."
    return respond_after(url_for(".show", account=found.name), said=said)


@blueprint.post("/<account>/activate")
def activate(account: str) -> Response:
    """Let a service account in again."""
    found = service_accounts.edit(current.actor(), account, {"is_active": True})
    said = f"{found.name} may act again; tokens that have not expired work."
    return respond_after(url_for(".show", account=found.name), said=said)


@blueprint.post("/<account>/tokens")
def create_token(account: str) -> Response:
    """Make a token for a service account, and show it."""
    found = _account(account)
    try:
        made = token_form.create(found)
    except Invalid as refused:
        return _show(found, errors=refused.fields, status=422)
    return _show(found, new_token=made)


@blueprint.post("/<account>/tokens/<token_id>/revoke")
def revoke_token(account: str, token_id: str) -> Response:
    """Make a token useless."""
    found = _account(account)
    tokens.revoke(current.actor(), token_id)
    return respond_after(url_for(".show", account=found.name), said="The token works no more.")


def _account(name: str) -> User:
    require_admin(current.actor())
    return service_accounts.get(current.actor(), name)


def _index(form: Typed, status: int = 200) -> Response:
    q = request.args.get("q", "")
    found = service_accounts.listed(
        current.actor(), q=q, after=paging.after(), limit=paging.limit()
    )
    older = url_with(cursor=paging.encode(found.next)) if found.next else ""
    shown = Index(found.items, older, q, form)
    return page("service_accounts/index.html", shown, crumbs=_crumbs(), status=status)


def _show(
    account: User,
    form: Typed = NOTHING,
    *,
    errors: Mapping[str, str] | None = None,
    new_token: NewToken | None = None,
    status: int = 200,
) -> Response:
    actor = current.actor()
    shown = Show(
        account=account,
        responsible=service_accounts.responsible_for(account),
        tokens=tokens.listed(actor, owner_id=account.id, after=None, limit=MOST_TOKENS).items,
        roles=teams.roles_of_user(actor, account),
        offers=token_form.offers(),
        form=form,
        errors=errors or {},
        typed=request.form if errors else {},
        new_token=new_token,
    )
    return page("service_accounts/show.html", shown, crumbs=_crumbs(account.name), status=status)


def _crumbs(name: str = "") -> list[Crumb]:
    above = [
        Crumb("Administration", url_for("administration.show")),
        Crumb("Service accounts", url_for(".index")),
    ]
    return [*above, Crumb(name)] if name else above

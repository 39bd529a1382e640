"""Service accounts, for administrators: who programs are."""

from typing import Annotated, Any

from flask import Response, request, url_for
from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared import api, current, paging
from blueprints._shared.describe import describe
from blueprints._shared.forms import Body
from blueprints._shared.shapes import (
    Email,
    Id,
    Instant,
    Paging,
    PersonName,
    Slug,
    Version,
    Words,
    list_of,
    shape,
)
from models.user import User
from services import service_accounts

blueprint = api.blueprint("service_accounts", __name__, tag="service-account")


@shape
class ServiceAccount(TypedDict):
    """Who a program is."""

    id: Id
    """Its id."""
    name: Slug
    """Its name; it never changes."""
    description: Annotated[str, Field(examples=["Deploys from CI"])]
    """What it is for."""
    responsible: Email | None
    """The person to ask about it."""
    is_admin: bool
    """Whether it may do everything."""
    is_active: Annotated[bool, Field(examples=[True])]
    """Whether its tokens are good."""
    created_at: Instant | None
    """When it was made."""
    created_by: PersonName
    """Who made it."""
    version: Version
    """Rises with each change."""


class NewAccount(Body):
    """A service account to be made."""

    name: Slug
    """Its name: small letters, digits and hyphens. It never changes."""
    description: Annotated[str, Field(examples=["Deploys from CI"])] = ""
    """What it is for."""
    responsible: Annotated[str, Field(examples=[""])] = ""
    """The person to ask about it, by address or id; whoever makes it when left out."""
    is_admin: bool = False
    """Whether it may do everything."""


class AccountChanges(Body):
    """What is to be changed; what is left out stays as it is."""

    description: Annotated[str, Field(examples=["Deploys from CI"])] = ""
    """What it is for."""
    responsible: Annotated[str, Field(examples=[""])] = ""
    """The person to ask about it, by address or id; empty for nobody."""
    is_admin: bool = False
    """Whether it may do everything."""
    is_active: Annotated[bool, Field(examples=[True])] = True
    """Whether its tokens are good; `false` makes them useless at once."""
    version: int | None = None
    """The version you saw; with another one by now the change is refused."""


@blueprint.get("/service-accounts")
@describe(list_of(ServiceAccount), query=[Paging, Words])
def index() -> dict[str, Any]:
    """List service accounts.

    By name. For administrators.
    """
    words = request.args.get("q", "")
    found = service_accounts.listed(
        current.actor(), q=words, after=paging.after(), limit=paging.limit()
    )
    return api.listing(found, as_json)


@blueprint.post("/service-accounts")
@describe(
    ServiceAccount,
    status=201,
    takes=NewAccount,
    once=True,
    refuses={409: "The name is taken."},
)
def create() -> Response:
    """Make a service account.

    For administrators. It cannot sign in, and has no token yet: `POST /tokens` makes one for it.
    """
    sent, actor = api.body(NewAccount), current.actor()
    made, is_new = api.once(
        "service_account",
        lambda: service_accounts.create(actor, **sent.model_dump()),
        name=lambda one: one.id,
        find=lambda one: service_accounts.get(actor, one),
    )
    return api.created(as_json(made), url_for(".show", account=made.name), is_new=is_new)


@blueprint.get("/service-accounts/<account>")
@describe(ServiceAccount)
def show(account: str) -> ServiceAccount:
    """Show a service account.

    By name or id. Administrators see all, an account sees itself.
    """
    return as_json(service_accounts.get(current.actor(), account))


@blueprint.patch("/service-accounts/<account>")
@describe(ServiceAccount, takes=AccountChanges, refuses={409: "Somebody changed it meanwhile."})
def edit(account: str) -> ServiceAccount:
    """Change a service account.

    What is left out stays as it is. Shut out (`is_active` false), its tokens are useless at once;
    roles and history stay.
    """
    changes = api.body(AccountChanges).model_dump(exclude_unset=True)
    version = changes.pop("version", None)
    return as_json(service_accounts.edit(current.actor(), account, changes, version=version))


def as_json(account: User) -> ServiceAccount:
    """A service account as the API answers it."""
    person = service_accounts.responsible_for(account)
    return {
        "id": account.id,
        "name": account.name,
        "description": account.description,
        "responsible": person.email if person else None,
        "is_admin": account.is_admin,
        "is_active": account.is_active,
        "created_at": api.instant(account.created_at),
        "created_by": account.created_by_name,
        "version": account.version,
    }

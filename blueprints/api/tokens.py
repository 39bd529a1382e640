"""API tokens: one's own, and by administrators those of others."""

from typing import Annotated, Any, NotRequired

from flask import Response, request, url_for
from pydantic import AwareDatetime, Field
from typing_extensions import TypedDict

from blueprints._shared import api, current, paging
from blueprints._shared.describe import describe
from blueprints._shared.forms import Body
from blueprints._shared.nouns import query_flag
from blueprints._shared.shapes import Id, Instant, Paging, PersonName, list_of, shape
from models.user import ApiToken, User
from services import service_accounts, tokens, users
from services.tokens import TokenLine

blueprint = api.blueprint("tokens", __name__, tag="token")


@shape
class Owner(TypedDict):
    """Whose a token is."""

    kind: Annotated[str, Field(examples=["service_account"])]
    """A person (`user`) or a `service_account`."""
    id: Id
    """Their id."""
    name: PersonName
    """What they are called."""


@shape
class Token(TypedDict):
    """What a program signs in with; never its text."""

    id: Id
    """Its id, which stands in its text, too."""
    name: Annotated[str, Field(examples=["ci"])]
    """What its owner calls it."""
    user: Id
    """The id of whose rights it has."""
    owner: Owner
    """The same, by kind and name."""
    scopes: Annotated[list[str], Field(examples=[["read", "run"]])]
    """What it may do at the most: `read`, `run`, `administer`, `state`."""
    role: Annotated[str | None, Field(examples=[None])]
    """The most it is anywhere; null for its owner's role."""
    project: Annotated[str | None, Field(examples=["shop"])]
    """The project it is bound to; with one of the three it sees and touches nothing else."""
    stack: Annotated[str | None, Field(examples=["web"])]
    """The stack it is bound to."""
    workspace: Annotated[str | None, Field(examples=["staging"])]
    """The workspace it is bound to."""
    created_at: Instant | None
    """When it was made."""
    created_by: PersonName
    """Who made it; empty for one of the first start."""
    expires_at: Instant | None
    """When it stops being good; null for never."""
    last_used_at: Instant | None
    """When it was last used, to the minute; null for never."""
    last_used_from: Annotated[str, Field(examples=["192.0.2.7"])]
    """From which address it was last used; empty for never."""
    token: NotRequired[Annotated[str, Field(examples=["gty_user_06gzq1k2v5c8m9r3tw4x_secret"])]]
    """Its text, in the answer that makes it and never again."""


@shape
class OfUser(TypedDict, total=False):
    """Whose tokens are listed."""

    user: Annotated[str, Field(examples=["dave@example.com"])]
    """Somebody's, by id or e-mail address; for administrators."""
    service_account: Annotated[str, Field(examples=["ci"])]
    """A service account's, by name or id; for administrators."""
    all: Annotated[bool, Field(examples=[False])]
    """`true` for everybody's; for administrators."""


class NewToken(Body):
    """A token to be made: for oneself, or by administrators for a user or a service account."""

    name: Annotated[str, Field(examples=["ci"])]
    """What to know it by."""
    user: Annotated[str | None, Field(examples=[None])] = None
    """Whose it is to be, by id or e-mail address; oneself when left out."""
    service_account: Annotated[str | None, Field(examples=["ci"])] = None
    """A service account, by name or id, whose it is to be."""
    scopes: Annotated[tuple[str, ...], Field(examples=[["read", "run"]])] = tokens.SCOPES
    """What it may do at the most."""
    expires_at: Annotated[AwareDatetime | None, Field(examples=["2027-01-01T00:00:00Z"])] = None
    """When it stops being good; null for never."""
    role: Annotated[str, Field(examples=["deployer"])] = ""
    """The most it may be anywhere: `viewer`, `deployer` or `owner`; empty for its owner's role."""
    project: Annotated[str, Field(examples=["shop"])] = ""
    """A project to bind it to."""
    stack: Annotated[str, Field(examples=["web"])] = ""
    """A stack of the project (or `project/stack`) to bind it to."""
    workspace: Annotated[str, Field(examples=["staging"])] = ""
    """A workspace to bind it to."""


@blueprint.get("/tokens")
@describe(list_of(Token), query=[Paging, OfUser])
def index() -> dict[str, Any]:
    """List tokens.

    One's own, newest first; by administrators somebody's, or everybody's. A token that may do less
    than its owner sees only itself.
    """
    actor, asked = current.actor(), request.args
    owner = _owner(asked.get("user"), asked.get("service_account"))
    found = tokens.listed(
        actor,
        owner_id=owner.id if owner else None,
        everybody=query_flag("all"),
        after=paging.after(),
        limit=paging.limit(),
    )
    return api.listing(found, as_json)


@blueprint.post("/tokens")
@describe(
    Token,
    status=201,
    takes=NewToken,
    once=True,
    refuses={404: "There is no such user, or none that the caller may see."},
)
def create() -> Response:
    """Make a token.

    For oneself, or by administrators for somebody else. Its text is in this answer, and never
    again: a repetition with the same Idempotency-Key answers without it. Made with a token, that
    must be one of scope `administer` with neither role nor place; the new one does not outlive it.
    """
    sent, actor = api.body(NewToken), current.actor()
    owner = _owner(sent.user, sent.service_account)
    within = tokens.Within(sent.role, sent.project, sent.stack, sent.workspace)
    text: list[str] = []

    def make() -> ApiToken:
        made = tokens.create(
            actor,
            sent.name,
            owner=owner,
            scopes=sent.scopes,
            expires_at=sent.expires_at,
            within=within,
        )
        text.append(made.text)
        return made.token

    token, is_new = api.once(
        "token", make, name=lambda one: one.id, find=lambda one: tokens.get(actor, one)
    )
    answer = as_json(tokens.line_of(token))
    if text:
        answer["token"] = text[0]
    return api.created(answer, url_for(".show", token_id=token.id), is_new=is_new)


@blueprint.get("/tokens/<token_id>")
@describe(Token)
def show(token_id: str) -> Token:
    """Show a token.

    One's own, or by administrators anybody's; never its text.
    """
    return as_json(tokens.line_of(tokens.get(current.actor(), token_id)))


@blueprint.delete("/tokens/<token_id>")
@describe()
def revoke(token_id: str) -> Response:
    """Revoke a token.

    It is good for nothing from then on. Every token may end itself.
    """
    tokens.revoke(current.actor(), token_id)
    return api.no_content()


def _owner(user: str | None, service_account: str | None) -> User | None:
    if service_account:
        return service_accounts.get(current.actor(), service_account)
    return users.get(current.actor(), user) if user else None


def as_json(line: TokenLine) -> Token:
    """A token as the API answers it, without its text."""
    token = line.token
    return {
        "id": token.id,
        "name": token.name,
        "user": token.user_id,
        "owner": {"kind": line.owner.kind.actor_kind, "id": token.user_id, "name": line.owner.name},
        "scopes": token.scopes,
        "role": token.role.value if token.role else None,
        "project": line.project,
        "stack": line.stack,
        "workspace": line.workspace,
        "created_at": api.instant(token.created_at),
        "created_by": token.created_by_name,
        "expires_at": api.instant(token.expires_at),
        "last_used_at": api.instant(token.last_used_at),
        "last_used_from": token.last_used_from,
    }

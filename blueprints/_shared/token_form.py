"""The form for a new token, wherever it stands: what it sends, what it offers, what comes of it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from blueprints._shared import current
from blueprints._shared.forms import Form, parse_form
from lib import clock
from models.user import User
from services import projects, tokens, workspaces
from services.errors import Invalid
from services.tokens import NewToken, Within

MOST_OFFERED = 200
SCOPES = (
    ("read", "See"),
    ("run", "Also work with runs, variables and locks, as a deployer"),
    ("administer", "Do all that its owner may"),
    ("state", "Only read and write states, as terraform’s backend"),
)
EXPIRIES = (
    ("30", "In 30 days"),
    ("90", "In 90 days"),
    ("365", "In a year"),
    ("date", "On the day below"),
    ("never", "Never"),
)
ROLES = (
    ("", "Its owner’s, whatever that is"),
    ("viewer", "viewer at most"),
    ("deployer", "deployer at most"),
    ("owner", "owner at most, but no administrator"),
)


class TokenForm(Form):
    """What the form for a new token sends. `within` is `project` or `project/stack`."""

    name: str = ""
    scope: str = "administer"
    days: str = ""
    until: str = ""
    role: str = ""
    within: str = ""
    workspace: str = ""


@dataclass(frozen=True)
class Offers:
    """What the form offers beside its fields."""

    projects: Sequence[str]
    workspaces: Sequence[str]
    scopes: tuple[tuple[str, str], ...] = SCOPES
    expiries: tuple[tuple[str, str], ...] = EXPIRIES
    roles: tuple[tuple[str, str], ...] = ROLES


def offers() -> Offers:
    """What whoever asks can choose from."""
    actor = current.actor()
    return Offers(projects.names(actor, MOST_OFFERED), workspaces.names(actor, MOST_OFFERED))


def create(owner: User | None = None) -> NewToken:
    """Make the token that the posted form asks for, for oneself or an owner.

    Raises:
        Invalid: with a sentence per field of the form.
        Forbidden: as `tokens.create`.
    """
    form = parse_form(TokenForm)
    project, _, stack = form.within.partition("/")
    try:
        return tokens.create(
            current.actor(),
            form.name,
            owner=owner,
            scopes=_scopes(form.scope),
            expires_at=_expiry(form),
            within=Within(form.role, project, stack, form.workspace),
        )
    except Invalid as refused:
        raise Invalid({_FIELDS.get(key, key): said for key, said in refused.fields.items()}) from (
            refused
        )


_FIELDS = {"project": "within", "stack": "within", "scopes": "scope", "expires_at": "days"}


def _scopes(scope: str) -> Sequence[str]:
    if scope == "state" or scope not in tokens.SCOPES:
        return (scope,)
    return tokens.SCOPES[: tokens.SCOPES.index(scope) + 1]


def _expiry(form: TokenForm) -> dt.datetime | None:
    if form.days == "date":
        try:
            on = dt.date.fromisoformat(form.until)
        except ValueError:
            raise Invalid({"until": "Give a date, such as 2027-06-30."}) from None
        # It is good until the end of that day.
        return dt.datetime.combine(on, dt.time(), dt.UTC) + dt.timedelta(days=1)
    days = int(form.days[:5]) if form.days.isdecimal() else None
    return clock.now() + dt.timedelta(days=days) if days is not None else None

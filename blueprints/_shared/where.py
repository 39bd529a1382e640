"""The first question of what is made for a deployment: of which stack, and where to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Response, request

from blueprints._shared import current
from blueprints._shared.current import Crumb
from blueprints._shared.respond import page
from services import drafts

PLACE = ("project", "stack", "workspace")
LONGEST = 200

Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Where:
    """What places/where.html reads. `noun` is made at `action`; `rest` goes along."""

    noun: str
    icon: str
    action: str
    back: str
    stacks: Choices
    workspaces: Choices
    stack: str
    workspace: str
    is_possible: bool
    rest: Mapping[str, str]


def asked() -> dict[str, str]:
    """The place asked for, with empty names for what was not; `stack` may be `shop/web`."""
    given = {name: _name(request.values.get(name, "")) for name in PLACE}
    if "/" in given["stack"]:
        given["project"], _, given["stack"] = given["stack"].partition("/")
    return given


def ask(noun: str, place: Mapping[str, str], *, list_url: str, icon: str, **rest: str) -> Response:
    """The page that asks for the place; its answer goes to `<list_url>/new`, with `rest`."""
    actor = current.actor()
    stacks, workspaces = drafts.stacks_to_run(actor), drafts.workspaces_to_run(actor)
    context = Where(
        noun=noun,
        icon=icon,
        action=f"{list_url}/new",
        back=list_url,
        stacks=_choices(stacks),
        workspaces=_choices(workspaces),
        stack=f"{place['project']}/{place['stack']}" if place["stack"] else "",
        workspace=place["workspace"],
        is_possible=bool(stacks and workspaces),
        rest=rest,
    )
    crumbs = (Crumb(f"{noun.title()}s", list_url), Crumb("New"))
    return page("places/where.html", context, crumbs=crumbs)


def _choices(names: Sequence[str]) -> list[tuple[str, str]]:
    return [("", "Choose …"), *((name, name) for name in names)]


def _name(text: str) -> str:
    return text.strip()[:LONGEST].replace("\x00", "")

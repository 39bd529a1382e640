"""Variables of projects, workspaces, stacks and deployments: the same pages under four places."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response

from blueprints._shared import current, places
from blueprints._shared.current import Crumb
from blueprints._shared.places import Frame
from blueprints._shared.respond import page, respond_after
from blueprints._shared.typed import Typed, posted
from models.variable import Category
from services import variables
from services.access import Action, require
from services.errors import Conflict, Invalid
from services.variables import UNSET, EffectiveVariable, NewValue, VariableLine

blueprint = Blueprint("variables", __name__)
Find = Callable[[Mapping[str, str]], Frame]

PLACES: dict[str, tuple[str, Find]] = {
    "project": (
        "/projects/<project>/variables",
        lambda url: places.of_project(url["project"], "variables"),
    ),
    "workspace": (
        "/workspaces/<workspace>/variables",
        lambda url: places.of_workspace(url["workspace"], "variables"),
    ),
    "stack": (
        "/projects/<project>/stacks/<stack>/variables",
        lambda url: places.of_stack(url["project"], url["stack"], "variables"),
    ),
    "deployment": (
        "/projects/<project>/stacks/<stack>/workspaces/<workspace>/variables",
        lambda url: places.of_deployment(
            url["project"], url["stack"], url["workspace"], "variables"
        ),
    ),
}


@dataclass(frozen=True)
class Index:
    """What variables/index.html reads. `effective` is None but for a deployment."""

    frame: Frame
    lines: Sequence[VariableLine]
    effective: Sequence[EffectiveVariable] | None
    form: Typed


@dataclass(frozen=True)
class Edit:
    """What variables/edit.html reads."""

    frame: Frame
    line: VariableLine
    form: Typed


def _index(find: Find) -> Callable[..., Response]:
    def index(**url: str) -> Response:
        """The variables of a place."""
        return _list(find(url), Typed({"category": Category.TERRAFORM.value}))

    return index


def _create(find: Find) -> Callable[..., Response]:
    def create(**url: str) -> Response:
        """Make a variable."""
        frame, form = find(url), posted()
        name = form["name"].strip()
        try:
            _refuse_taken(frame, name)
            written = variables.put(current.actor(), frame.thing, name, _new(form))
        except (Invalid, Conflict) as refusal:
            return _list(frame, form.refused(refusal, beside="name"), 422)
        return _after(frame, f"{name} is set.", written.warnings)

    return create


def _show(find: Find) -> Callable[..., Response]:
    def show(**url: str) -> Response:
        """The form of a variable."""
        frame = find(url)
        line = variables.get(current.actor(), frame.thing, url["name"])
        return _form(frame, line, _typed(line))

    return show


def _edit(find: Find) -> Callable[..., Response]:
    def edit(**url: str) -> Response:
        """Change a variable."""
        frame, form, actor = find(url), posted(), current.actor()
        line = variables.get(actor, frame.thing, url["name"])
        try:
            keeps = line.secret and not form["value"]
            new = _new(form, keeps=keeps)
            written = variables.put(actor, frame.thing, line.name, new, version=form.version)
        except (Invalid, Conflict) as refusal:
            status = 422 if isinstance(refusal, Invalid) else 409
            return _form(frame, line, form.refused(refusal), status)
        return _after(frame, f"{line.name} is saved.", written.warnings)

    return edit


def _delete(find: Find) -> Callable[..., Response]:
    def delete(**url: str) -> Response:
        """Take a variable away."""
        frame = find(url)
        variables.delete(current.actor(), frame.thing, url["name"])
        return _after(frame, f"{url['name']} is gone.", ())

    return delete


def _refuse_taken(frame: Frame, name: str) -> None:
    """A form that makes a variable must not overwrite one that its author did not see."""
    if any(line.name == name for line in variables.of(current.actor(), frame.thing)):
        raise Conflict(f"There is a variable “{name}” here already; change that one.")


def _new(form: Typed, *, keeps: bool = False) -> NewValue:
    category = form["category"]
    is_secret = bool(form["secret"])
    value = UNSET if keeps else _value(form["value"], category, is_secret=is_secret)
    return NewValue(value, category, is_secret)


def _value(text: str, category: str, *, is_secret: bool = False) -> Any:
    """What was typed: text for the environment; for the code JSON where it is some, else text.

    A secret is text unless it looks like more: a password of digits must keep its zeros.
    """
    text = text.replace("\r\n", "\n")
    if category != Category.TERRAFORM.value or (is_secret and text[:1] not in {"{", "[", '"'}):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def written(value: Any) -> str:
    """A value as the form shows it, so that saving it unchanged changes nothing."""
    if isinstance(value, str) and _value(value, Category.TERRAFORM.value) == value:
        return value
    return json.dumps(
        value, ensure_ascii=False, indent=2 if isinstance(value, dict | list) else None
    )


def _typed(line: VariableLine) -> Typed:
    is_text = line.category is Category.ENVIRONMENT
    value = "" if line.hidden else line.value if is_text else written(line.value)
    return Typed(
        {
            "value": value,
            "category": line.category.value,
            "secret": "1" if line.secret else "",
            "version": str(line.version),
        }
    )


def _list(frame: Frame, form: Typed, status: int = 200) -> Response:
    actor, effective = current.actor(), None
    if status != 200:
        require(actor, Action.WRITE_VARIABLES, frame.thing)
    if frame.noun == "deployment":
        effective = variables.of_deployment(actor, frame.thing)
    context = Index(frame, variables.of(actor, frame.thing), effective, form)
    return page("variables/index.html", context, crumbs=frame.crumbs, status=status)


def _form(frame: Frame, line: VariableLine, form: Typed, status: int = 200) -> Response:
    require(current.actor(), Action.WRITE_VARIABLES, frame.thing)
    crumbs = (*frame.crumbs, Crumb(line.name))
    return page("variables/edit.html", Edit(frame, line, form), crumbs=crumbs, status=status)


def _after(frame: Frame, said: str, warnings: Sequence[str]) -> Response:
    for warning in warnings:
        current.tell(warning, "warning")
    return respond_after(f"{frame.url}/variables", said=said)


@blueprint.app_template_filter("written")
def written_filter(value: Any, pretty: bool = True) -> str:  # noqa: FBT001, FBT002 - a filter
    """A value as people write it; on one line unless `pretty`."""
    is_nested = isinstance(value, dict | list)
    return json.dumps(value, ensure_ascii=False) if is_nested and not pretty else written(value)


for _noun, (_path, _find) in PLACES.items():
    _one = f"{_path}/<name>"
    blueprint.add_url_rule(_path, f"of_{_noun}", _index(_find), methods=["GET"])
    blueprint.add_url_rule(_path, f"create_of_{_noun}", _create(_find), methods=["POST"])
    blueprint.add_url_rule(_one, f"show_of_{_noun}", _show(_find), methods=["GET"])
    blueprint.add_url_rule(_one, f"edit_of_{_noun}", _edit(_find), methods=["POST"])
    _gone = f"{_one}/delete"
    blueprint.add_url_rule(_gone, f"delete_of_{_noun}", _delete(_find), methods=["POST"])

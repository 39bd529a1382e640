"""Variables of projects, workspaces, stacks and deployments: the same calls under four places."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from flask import Response

from blueprints._shared import api, current
from blueprints._shared.forms import Body
from blueprints._shared.nouns import (
    deployment_at,
    project_of,
    stack_of,
    variable_json,
    workspace_of,
)
from services import variables
from services.page import Page
from services.variables import UNSET, NewValue, Place

blueprint = api.blueprint("variables", __name__, tag="Variables")

PLACES: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Place]]] = {
    "project": ("/projects/<project>", project_of),
    "workspace": ("/workspaces/<workspace>", workspace_of),
    "stack": ("/projects/<project>/stacks/<stack>", stack_of),
    "deployment": ("/projects/<project>/stacks/<stack>/workspaces/<workspace>", deployment_at),
}


class Value(Body):
    """What a variable is to be. What is left out stays as it is."""

    value: Any = None
    category: str | None = None
    secret: bool | None = None
    version: int | None = None


def _index(find: Callable[[Mapping[str, Any]], Place]) -> Callable[..., Any]:
    def index(**url: Any) -> dict[str, Any]:
        """The variables of a place, by name; a secret's value is never among them."""
        return api.listing(Page(variables.of(current.actor(), find(url))), variable_json)

    return index


def _show(find: Callable[[Mapping[str, Any]], Place]) -> Callable[..., Any]:
    def show(**url: Any) -> dict[str, Any]:
        """One variable of a place."""
        return variable_json(variables.get(current.actor(), find(url), url["name"]))

    return show


def _put(find: Callable[[Mapping[str, Any]], Place]) -> Callable[..., Any]:
    def put(**url: Any) -> tuple[dict[str, Any], int]:
        """Make or change a variable."""
        asked = api.body(Value)
        value = asked.value if "value" in asked.model_fields_set else UNSET
        new = NewValue(value, asked.category, asked.secret)
        written = variables.put(current.actor(), find(url), url["name"], new, version=asked.version)
        answer = {**variable_json(written.line), "warnings": list(written.warnings)}
        return answer, HTTPStatus.CREATED if written.created else HTTPStatus.OK

    return put


def _delete(find: Callable[[Mapping[str, Any]], Place]) -> Callable[..., Any]:
    def delete(**url: Any) -> Response:
        """Take a variable away."""
        variables.delete(current.actor(), find(url), url["name"])
        return api.no_content()

    return delete


for _noun, (_path, _find) in PLACES.items():
    _one, _many = f"{_path}/variables/<name>", f"{_path}/variables"
    blueprint.add_url_rule(_many, f"of_{_noun}", _index(_find), methods=["GET"])
    blueprint.add_url_rule(_one, f"show_of_{_noun}", _show(_find), methods=["GET"])
    blueprint.add_url_rule(_one, f"put_of_{_noun}", _put(_find), methods=["PUT"])
    blueprint.add_url_rule(_one, f"delete_of_{_noun}", _delete(_find), methods=["DELETE"])

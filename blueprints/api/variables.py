"""Variables of projects, workspaces, stacks and deployments: the same calls under four places."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Any

from flask import Response
from pydantic import Field

from blueprints._shared import api, current
from blueprints._shared.describe import describe
from blueprints._shared.forms import Body
from blueprints._shared.nouns import (
    deployment_at,
    project_of,
    stack_of,
    variable_json,
    workspace_of,
)
from blueprints._shared.shapes import list_of
from blueprints._shared.shapes.nouns import Variable
from services import variables
from services.page import Page
from services.variables import UNSET, NewValue, Place

blueprint = api.blueprint("variables", __name__, tag="variable")

PLACES: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Place]]] = {
    "project": ("/projects/<project>", project_of),
    "workspace": ("/workspaces/<workspace>", workspace_of),
    "stack": ("/projects/<project>/stacks/<stack>", stack_of),
    "deployment": ("/projects/<project>/stacks/<stack>/workspaces/<workspace>", deployment_at),
}


class Value(Body):
    """What a variable is to be. What is left out stays as it is."""

    value: Annotated[Any, Field(examples=["large"])] = None
    """Any JSON for terraform, a string for the environment."""
    category: Annotated[str | None, Field(examples=["terraform"])] = None
    """`terraform` or `environment`."""
    secret: bool | None = None
    """Whether the value can never be read again."""
    version: int | None = None
    """The version you saw; with another one by now the change is refused."""


def _index(find: Callable[[Mapping[str, Any]], Place]) -> Callable[..., Any]:
    @describe(list_of(Variable))
    def index(**url: Any) -> dict[str, Any]:
        """List the variables of a place.

        By name. Viewers see names only, and a secret's value is never among them.
        """
        return api.listing(Page(variables.of(current.actor(), find(url))), variable_json)

    return index


def _show(find: Callable[[Mapping[str, Any]], Place]) -> Callable[..., Any]:
    @describe(Variable)
    def show(**url: Any) -> Variable:
        """Show a variable.

        As in the list.
        """
        return variable_json(variables.get(current.actor(), find(url), url["name"]))

    return show


def _put(find: Callable[[Mapping[str, Any]], Place]) -> Callable[..., Any]:
    @describe(
        {200: Variable, 201: Variable}, takes=Value, refuses={409: "Somebody changed it meanwhile."}
    )
    def put(**url: Any) -> tuple[dict[str, Any], int]:
        """Make or change a variable.

        201 when it is new. What is left out stays as it is; a secret one becomes plain only with a
        new value.
        """
        asked = api.body(Value)
        value = asked.value if "value" in asked.model_fields_set else UNSET
        new = NewValue(value, asked.category, asked.secret)
        written = variables.put(current.actor(), find(url), url["name"], new, version=asked.version)
        answer = {**variable_json(written.line), "warnings": list(written.warnings)}
        return answer, HTTPStatus.CREATED if written.created else HTTPStatus.OK

    return put


def _delete(find: Callable[[Mapping[str, Any]], Place]) -> Callable[..., Any]:
    @describe()
    def delete(**url: Any) -> Response:
        """Delete a variable.

        Runs that have it already keep it.
        """
        variables.delete(current.actor(), find(url), url["name"])
        return api.no_content()

    return delete


for _noun, (_path, _find) in PLACES.items():
    _one, _many = f"{_path}/variables/<name>", f"{_path}/variables"
    blueprint.add_url_rule(_many, f"of_{_noun}", _index(_find), methods=["GET"])
    blueprint.add_url_rule(_one, f"show_of_{_noun}", _show(_find), methods=["GET"])
    blueprint.add_url_rule(_one, f"put_of_{_noun}", _put(_find), methods=["PUT"])
    blueprint.add_url_rule(_one, f"delete_of_{_noun}", _delete(_find), methods=["DELETE"])

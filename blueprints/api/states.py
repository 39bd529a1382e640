"""State versions of a deployment: list, show, download, import, roll back, compare."""

from collections.abc import Callable
from typing import Annotated, Any

from flask import Response, request
from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared import api, current, paging
from blueprints._shared.describe import Content, describe
from blueprints._shared.forms import Body
from blueprints._shared.nouns import Json, deployment_at, moment, run_link
from blueprints._shared.shapes import Paging, list_of, shape
from blueprints._shared.shapes.states import StateComparison, StateVersion
from models import run_content
from services import states
from services.states import StateLine

blueprint = api.blueprint("states", __name__, tag="state-version")
STATE = Content(
    "application/json",
    '{"version": 4, "serial": 7, "lineage": "…"}',
    "A state file, as engines write it.",
)
PATH = "/projects/<project>/stacks/<stack>/workspaces/<workspace>/state-versions"


class Rollback(Body):
    """Why a state is rolled back."""

    note: Annotated[str, Field(examples=["The last apply went wrong"])] = ""
    """Why, for those who read the history."""


@shape
class Note(TypedDict, total=False):
    """Why a state is imported."""

    note: Annotated[str, Field(examples=["Moved here from a bucket"])]
    """Why, for those who read the history."""


@blueprint.get(PATH)
@describe(list_of(StateVersion), query=[Paging])
def index(**url: Any) -> Json:
    """List state versions.

    The newest first, facts only.
    """
    page = states.listed(
        current.actor(), deployment_at(url), after=paging.after(), limit=paging.limit()
    )
    return api.listing(page, line_json)


@blueprint.post(PATH)
@describe(
    StateVersion,
    status=201,
    takes=STATE,
    query=[Note],
    once=True,
    refuses={
        409: "The lineage is another, the serial is not higher, or the deployment is at work."
    },
)
def create(**url: Any) -> Response:
    """Import a state.

    The body is a state file; it becomes the current version. The same bytes again change nothing
    and answer 200.
    """
    deployment, note = deployment_at(url), request.args.get("note", "")
    content = request.get_data()
    line, is_new = _once(
        url, lambda: states.bring(current.actor(), deployment, content, note)[0].id
    )
    return api.created(line_json(line), f"{request.path}/{line.version.id}", is_new=is_new)


@blueprint.get(f"{PATH}/<version>")
@describe(StateVersion)
def show(**url: Any) -> Json:
    """Show a state version.

    By serial or id: facts, never its content.
    """
    return line_json(states.find(current.actor(), deployment_at(url), url["version"]))


@blueprint.get(f"{PATH}/<version>/download")
@describe(STATE)
def download(**url: Any) -> Response:
    """Download a state version.

    Its content, which holds secrets in clear. For owners; each download is audited.
    """
    version, content = states.download(current.actor(), deployment_at(url), url["version"])
    response = Response(content, content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name(url, version)}"'
    return response


@blueprint.get(f"{PATH}/<version>/compare/<other>")
@describe(StateComparison)
def compare(**url: Any) -> Json:
    """Compare two state versions.

    What differs, resource by resource. What is sensitive says only whether it changed.
    """
    found = states.compare(current.actor(), deployment_at(url), url["version"], url["other"])
    return {
        "before": line_json(found.left),
        "after": line_json(found.right),
        "summary": dict(found.counts),
        "changes": found.changes,
        "outputs": found.outputs,
        "more": found.more,
    }


@blueprint.post(f"{PATH}/<version>/rollback")
@describe(
    StateVersion,
    takes=Rollback,
    once=True,
    refuses={409: "The deployment is at work, or its state is kept elsewhere."},
)
def rollback(**url: Any) -> Json:
    """Roll back to a state version.

    Its content becomes current again, as a new version with a higher serial. Plans made before are
    outdated. For owners.
    """
    asked, deployment = api.body(Rollback), deployment_at(url)
    line, _ = _once(
        url, lambda: states.rollback(current.actor(), deployment, url["version"], asked.note).id
    )
    return line_json(line)


def _once(url: Json, make: Callable[[], str]) -> tuple[StateLine, bool]:
    """The version that `make` makes, by its id; once per Idempotency-Key."""

    def find(version_id: str) -> StateLine:
        return states.find(current.actor(), deployment_at(url), version_id)

    return api.once("state", lambda: find(make()), name=lambda line: line.version.id, find=find)


def line_json(line: StateLine) -> StateVersion:
    """A version with the run it came from."""
    version = line.version
    return {
        "id": version.id,
        "serial": version.serial,
        "lineage": version.lineage,
        "sha256": version.sha256,
        "size_bytes": version.size_bytes,
        "resource_count": version.resource_count,
        "kind": version.kind,
        "note": version.note,
        "from": version.from_id,
        "created_at": moment(version.created_at),
        "created_by": version.created_by_name,
        "run": run_link(line.run),
        "current": line.is_current,
    }


def file_name(names: dict[str, Any], version: run_content.StateVersion) -> str:
    """What a downloaded version is called; slugs and a number, so nothing needs quoting."""
    place = f"{names['project']}-{names['stack']}-{names['workspace']}"
    return f"{place}-{version.serial}.tfstate"

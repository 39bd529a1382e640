"""State versions of a deployment: list, show, download, import, roll back, compare."""

from collections.abc import Callable
from typing import Any

from flask import Response, request

from blueprints._shared import api, current, paging
from blueprints._shared.forms import Body
from blueprints._shared.nouns import Json, deployment_at, instant, run_link
from models.run_content import StateVersion
from services import states
from services.states import StateLine

blueprint = api.blueprint("states", __name__, tag="States")
PATH = "/projects/<project>/stacks/<stack>/workspaces/<workspace>/state-versions"


class Rollback(Body):
    """Why a state is rolled back."""

    note: str = ""


@blueprint.get(PATH)
def index(**url: Any) -> Json:
    """The versions, newest first."""
    page = states.listed(
        current.actor(), deployment_at(url), after=paging.after(), limit=paging.limit()
    )
    return api.listing(page, line_json)


@blueprint.post(PATH)
def create(**url: Any) -> Response:
    """Import a state (the body) and make it current; the same bytes again change nothing."""
    deployment, note = deployment_at(url), request.args.get("note", "")
    content = request.get_data()
    line, is_new = _once(
        url, lambda: states.bring(current.actor(), deployment, content, note)[0].id
    )
    return api.created(line_json(line), f"{request.path}/{line.version.id}", is_new=is_new)


@blueprint.get(f"{PATH}/<version>")
def show(**url: Any) -> Json:
    """One version, by serial or id: facts, never its content."""
    return line_json(states.find(current.actor(), deployment_at(url), url["version"]))


@blueprint.get(f"{PATH}/<version>/download")
def download(**url: Any) -> Response:
    """The content of a version. It holds secrets in clear; each download is audited."""
    version, content = states.download(current.actor(), deployment_at(url), url["version"])
    response = Response(content, content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{file_name(url, version)}"'
    return response


@blueprint.get(f"{PATH}/<version>/compare/<other>")
def compare(**url: Any) -> Json:
    """What differs between two versions; what is sensitive says only whether it changed."""
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
def rollback(**url: Any) -> Json:
    """Make an older version's content current again, as a new version with a higher serial."""
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


def line_json(line: StateLine) -> Json:
    """A version with the run it came from."""
    return _version_json(line.version) | {"run": run_link(line.run), "current": line.is_current}


def _version_json(version: StateVersion) -> Json:
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
        "created_at": instant(version.created_at),
        "created_by": version.created_by_name,
    }


def file_name(names: dict[str, Any], version: StateVersion) -> str:
    """What a downloaded version is called; slugs and a number, so nothing needs quoting."""
    place = f"{names['project']}-{names['stack']}-{names['workspace']}"
    return f"{place}-{version.serial}.tfstate"

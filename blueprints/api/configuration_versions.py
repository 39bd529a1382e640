"""Configuration versions: uploaded code."""

import hashlib
from typing import Annotated, Any, BinaryIO, cast

from flask import Response, request, url_for
from pydantic import Field
from typing_extensions import TypedDict

from blueprints._shared import api, current
from blueprints._shared.describe import Upload, describe
from blueprints._shared.nouns import Json, moment
from blueprints._shared.shapes import Id, Instant, PersonName, Sha256, Slug, shape
from models import configuration_version as models
from services import configuration_versions, projects
from services.errors import Invalid

blueprint = api.blueprint("configuration_versions", __name__, tag="configuration-version")
CHUNK_BYTES = 1 << 20


@shape
class ConfigurationVersion(TypedDict):
    """Code that was uploaded."""

    id: Id
    """What a `source` of kind `configuration_version` names."""
    project: Slug
    """The project whose runs may use it."""
    digest: Sha256
    """SHA-256 of the archive."""
    filename: Annotated[str, Field(examples=["code.tar.gz"])]
    """What the archive was called."""
    size_bytes: Annotated[int, Field(examples=[1834])]
    """How large the archive is."""
    file_count: Annotated[int, Field(examples=[4])]
    """How many files are in it."""
    created_at: Instant
    """When it was uploaded."""
    created_by: PersonName
    """Who uploaded it, by the name of that time."""


@blueprint.post("/configuration-versions")
@describe(
    ConfigurationVersion,
    status=201,
    takes=Upload({"project": "The project whose runs may use it.", "file": "The .tar.gz."}),
    once=True,
    refuses={404: "There is no such project, or none that the caller may see."},
)
def create() -> Response:
    """Upload code.

    A `.tar.gz` of at most the portal's upload limit. Links, devices and paths that lead outside are
    refused, and nothing of a refused archive is kept. Name the `id` in a `source` afterwards.
    """
    actor, file = current.actor(), request.files.get("file")
    name = request.form.get("project", "")
    missing = {"project": not name, "file": file is None or not file.filename}
    problems = {field: "This is needed." for field, is_missing in missing.items() if is_missing}
    if problems or file is None:
        raise Invalid(problems)
    project, stream = projects.towards(actor, name), cast("BinaryIO", file.stream)
    made, is_new = api.once(
        "configuration_version",
        lambda: configuration_versions.upload(actor, project, stream, file.filename or ""),
        name=lambda version: version.id,
        find=lambda version_id: configuration_versions.get(actor, version_id),
        digest=_digest(name, stream),
    )
    url = url_for("api_configuration_versions.show", version_id=made.id)
    return api.created(_json(made, name), url, is_new=is_new)


@blueprint.get("/configuration-versions/<version_id>")
@describe(ConfigurationVersion)
def show(**url: Any) -> Json:
    """Show a configuration version.

    Facts about it, never its content.
    """
    version = configuration_versions.get(current.actor(), url["version_id"])
    return _json(version, configuration_versions.project_name(version))


def _digest(project: str, stream: BinaryIO) -> str:
    """What stands for the body: the boundary of a multipart body differs each time it is sent."""
    digest = hashlib.sha256()
    while chunk := stream.read(CHUNK_BYTES):
        digest.update(chunk)
    stream.seek(0)
    return f"{project}:{digest.hexdigest()}"


def _json(version: models.ConfigurationVersion, project: str) -> ConfigurationVersion:
    return {
        "id": version.id,
        "project": project,
        "digest": version.digest,
        "filename": version.filename,
        "size_bytes": version.size_bytes,
        "file_count": version.file_count,
        "created_at": moment(version.created_at),
        "created_by": version.created_by_name,
    }

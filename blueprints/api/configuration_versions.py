"""Configuration versions: uploaded code."""

import hashlib
from typing import Any, BinaryIO, cast

from flask import Response, request, url_for

from blueprints._shared import api, current
from blueprints._shared.nouns import Json, instant
from models.configuration_version import ConfigurationVersion
from services import configuration_versions, projects
from services.errors import Invalid

blueprint = api.blueprint("configuration_versions", __name__, tag="Configuration versions")
CHUNK_BYTES = 1 << 20


@blueprint.post("/configuration-versions")
def create() -> Response:
    """Upload a .tar.gz of code: `multipart/form-data` with `project` and `file`."""
    actor, file = current.actor(), request.files.get("file")
    name = request.form.get("project", "")
    missing = {"project": not name, "file": file is None or not file.filename}
    problems = {field: "This is needed." for field, is_missing in missing.items() if is_missing}
    if problems or file is None:
        raise Invalid(problems)
    project, stream = projects.get(actor, name), cast("BinaryIO", file.stream)
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
def show(**url: Any) -> Json:
    """One configuration version."""
    version = configuration_versions.get(current.actor(), url["version_id"])
    return _json(version, configuration_versions.project_name(version))


def _digest(project: str, stream: BinaryIO) -> str:
    """What stands for the body: the boundary of a multipart body differs each time it is sent."""
    digest = hashlib.sha256()
    while chunk := stream.read(CHUNK_BYTES):
        digest.update(chunk)
    stream.seek(0)
    return f"{project}:{digest.hexdigest()}"


def _json(version: ConfigurationVersion, project: str) -> Json:
    return {
        "id": version.id,
        "project": project,
        "digest": version.digest,
        "filename": version.filename,
        "size_bytes": version.size_bytes,
        "file_count": version.file_count,
        "created_at": instant(version.created_at),
        "created_by": version.created_by_name,
    }

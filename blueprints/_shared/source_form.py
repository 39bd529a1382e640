"""The source part of a stack's form: nothing, an upload, a git repository, or deployments' links.

An upload is kept before the rest of the form is judged, so that a refusal elsewhere does not ask
for the file again.
"""

from typing import Any, BinaryIO, cast

from flask import request

from blueprints._shared.typed import Typed
from models.project import Project
from services import configuration_versions
from services.access import Actor
from services.errors import Invalid


def values(source: dict[str, Any] | None) -> dict[str, str]:
    """A source as the form's fields."""
    match source:
        case {"kind": "git", "url": url, **rest}:
            return {
                "source": "git",
                "url": url,
                "ref": rest.get("ref") or "",
                "path": rest.get("path") or "",
            }
        case {"kind": "vcs_link"}:
            return {"source": "link"}
        case {"kind": "configuration_version", "id": version_id, **rest}:
            return {
                "source": "upload",
                "version_id": version_id,
                "filename": rest.get("filename") or "",
            }
        case _:
            return {"source": "none"}


def read(actor: Actor, project: Project, form: Typed) -> tuple[dict[str, Any] | None, Typed]:
    """The source the form asks for, and the form with what was uploaded by it.

    Raises:
        Invalid: when there is no file, or one that is no harmless archive.
    """
    match form["source"]:
        case "git":
            source = {
                "kind": "git",
                "url": form["url"],
                "ref": form["ref"] or None,
                "path": form["path"],
            }
            return source, form
        case "link":
            return {"kind": "vcs_link", "ref": None}, form
        case "upload":
            return _uploaded(actor, project, form)
        case _:
            return None, form


def _uploaded(actor: Actor, project: Project, form: Typed) -> tuple[dict[str, Any] | None, Typed]:
    file = request.files.get("file")
    if file is not None and file.filename:
        stream = cast("BinaryIO", file.stream)
        version = configuration_versions.upload(actor, project, stream, file.filename)
        kept = {"version_id": version.id, "filename": version.filename}
        form = Typed({**form.values, **kept}, form.errors, form.said)
    if not form["version_id"]:
        raise Invalid({"file": "Choose a .tar.gz archive of the code."})
    return {"kind": "configuration_version", "id": form["version_id"]}, form

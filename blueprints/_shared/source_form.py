"""The source part of a form, of a stack's or of a schedule's: where the code comes from.

An upload is kept before the rest of the form is judged, so that a refusal elsewhere does not ask
for the file again.
"""

from collections.abc import Mapping
from typing import Any, BinaryIO, cast

from flask import request

from blueprints._shared.typed import Typed
from models.project import Project, Stack
from services import configuration_versions, drafts
from services.access import Actor
from services.errors import GantryError, Invalid

_TELLING = ("kind", "id", "url", "ref", "path")
"""The fields of a source that a form shows."""


def values(source: Mapping[str, Any] | None, nothing: str = "none") -> dict[str, str]:
    """A source as the form's fields; `nothing` is the choice that stands for no source."""
    kept: dict[str, Any] = dict(source or {})
    match kept:
        case {"kind": "git", "url": url, **rest}:
            return {
                "source": "git",
                "url": url,
                "ref": rest.get("ref") or "",
                "path": rest.get("path") or "",
            }
        case {"kind": "vcs_link", **rest}:
            return {"source": "link", "link_ref": rest.get("ref") or ""}
        case {"kind": "configuration_version", "id": version_id, **rest}:
            return {
                "source": "upload",
                "version_id": version_id,
                "filename": rest.get("filename") or "",
            }
        case _:
            return {"source": nothing}


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
            return {"kind": "vcs_link", "ref": form["link_ref"].strip() or None}, form
        case "earlier":
            return {"kind": "configuration_version", "id": form["earlier"]}, form
        case "upload":
            return _uploaded(actor, project, form)
        case _:
            return None, form


def uploads(actor: Actor, stack: Stack) -> list[tuple[str, str]]:
    """What was uploaded to the stack's project lately, as a choice: (id, words)."""
    rows = drafts.uploads(actor, stack.project_name)
    return [(row.id, f"{row.filename} · {row.digest[:12]}") for row in rows]


def is_same(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    """Whether two sources look the same in a form: then what it does not show stays, too."""
    had, has = one or {}, other or {}
    return all((had.get(name) or None) == (has.get(name) or None) for name in _TELLING)


def flat(refusal: GantryError, choice: str) -> GantryError:
    """The same refusal, with the source's fields named as the form names them."""
    if not isinstance(refusal, Invalid):
        return refusal
    fields = {name.removeprefix("source."): text for name, text in refusal.fields.items()}
    if choice == "link" and "ref" in fields:
        fields["link_ref"] = fields.pop("ref")
    return Invalid(fields, refusal.text)


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

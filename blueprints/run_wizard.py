"""The wizard that makes a run: four steps, each a page of a draft that the server keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from flask import Blueprint, Response, redirect, request

from blueprints._shared import current, source_form, where
from blueprints._shared.current import Crumb
from blueprints._shared.pairs_form import field_text, posted_variables
from blueprints._shared.respond import page, respond_after
from blueprints._shared.wizard_words import Words, words_of
from models.draft import Draft
from models.project import Stack
from services import configuration_versions, drafts, projects, sources, stacks, workspaces
from services.access import Action, require
from services.errors import GantryError, Invalid, NotFound, TooLarge
from services.vcs import links
from services.vcs.links import LinkLine

blueprint = Blueprint("run_wizard", __name__)
STEPS = ("source", "type", "options", "review")
DEFAULT_TYPE = "preview"
_OPTIONS = "command targets replace message priority".split()
_SWITCHES = "auto_apply refresh_only without_init".split()


@dataclass(frozen=True)
class Step:
    """What the templates of the steps read. `draft` is None while there is none yet."""

    step: str
    draft: Draft | None
    url: str
    data: Mapping[str, Any]
    errors: Mapping[str, str]
    words: Words
    stack: Stack
    engine_types: frozenset[str]
    is_protected: bool
    uploads: Sequence[tuple[str, str]]
    variables: Sequence[tuple[str, str, str, bool]]
    variable_error: str
    link: LinkLine | None


@blueprint.get("/runs/new")
def new() -> Response:
    """The first step, with what is preset; or where to run, when that is not."""
    asked = _presets()
    if not (asked["stack"] and asked["workspace"]):
        return _ask(asked)
    return _page("source", None, asked, {})


@blueprint.post("/runs/new")
def create() -> Response:
    """Make the draft with what was typed at the first step."""
    asked = _presets()
    if not (asked["stack"] and asked["workspace"]):
        return _ask(asked)
    draft = drafts.start(current.actor(), asked)
    return _took_source(draft)


@blueprint.get("/runs/drafts/<draft_id>/<any(source, type, options, review):step>")
def show(draft_id: str, step: str) -> Response:
    """A step of a draft; what it became, once it is a run."""
    return _gone(draft_id) or _step(draft_id, step)


@blueprint.post("/runs/drafts/<draft_id>/source")
def source(draft_id: str) -> Response:
    """Keep where the code comes from."""
    return _gone(draft_id) or _took_source(drafts.get(current.actor(), draft_id))


@blueprint.post("/runs/drafts/<draft_id>/type")
def kind(draft_id: str) -> Response:
    """Keep what the run does."""
    gone = _gone(draft_id)
    if gone:
        return gone
    drafts.keep(current.actor(), draft_id, {"type": _word(request.form.get("type", ""))})
    return _on(draft_id, "type")


@blueprint.post("/runs/drafts/<draft_id>/options")
def options(draft_id: str) -> Response:
    """Keep the options and variables."""
    gone = _gone(draft_id)
    if gone:
        return gone
    typed: dict[str, Any] = {name: field_text(name) for name in _OPTIONS}
    typed |= {name: name in request.form for name in _SWITCHES}
    drafts.keep_variables(current.actor(), draft_id, posted_variables(), {"options": typed})
    return _on(draft_id, "options")


@blueprint.post("/runs/drafts/<draft_id>/create")
def finish(draft_id: str) -> Response:
    """Make the run; the draft is a key that counts once, so two presses make one run."""
    try:
        made = drafts.finish(current.actor(), draft_id)
    except drafts.Expired:
        return _expired()
    except NotFound:
        raise
    except GantryError as refusal:
        errors = refusal.fields if isinstance(refusal, Invalid) else {"type": refusal.text}
        return _page("review", drafts.get(current.actor(), draft_id), {}, errors, status=422)
    # Werkzeug's own Response is one for Flask, too.
    return redirect(f"/runs/{made.id}", 303)  # type: ignore[return-value]


@blueprint.post("/runs/drafts/<draft_id>/delete")
def delete(draft_id: str) -> Response:
    """Cancel a draft."""
    data = drafts.drop(current.actor(), draft_id).data
    url = f"/projects/{data['project']}/stacks/{data['stack']}/workspaces/{data['workspace']}"
    return respond_after(url, said="The draft is gone; no run was created.")


# Between the steps.


def _gone(draft_id: str) -> Response | None:
    """The page instead of a step: of the run that the draft became, or that its day is over."""
    try:
        drafts.get(current.actor(), draft_id)
    except drafts.Expired:
        return _expired()
    made = drafts.run_of(draft_id)
    # Werkzeug's own Response is one for Flask, too.
    return redirect(f"/runs/{made.id}", 303) if made else None  # type: ignore[return-value]


def _expired() -> Response:
    return page("runs/new/expired.html", status=404)


def _step(draft_id: str, step: str) -> Response:
    draft = drafts.get(current.actor(), draft_id)
    errors = drafts.objections(current.actor(), draft) if step == "review" else {}
    return _page(step, draft, {}, errors)


def _on(draft_id: str, step: str) -> Response:
    """The next step, when nothing stands against this one; else this one again."""
    draft = drafts.get(current.actor(), draft_id)
    errors = drafts.objections(current.actor(), draft)
    if any(step_of(name) == step for name in errors):
        return _page(step, draft, {}, errors, status=422)
    following = "review" if request.form.get("go") == "review" else STEPS[STEPS.index(step) + 1]
    # Werkzeug's own Response is one for Flask, too.
    return redirect(f"/runs/drafts/{draft.id}/{following}", 303)  # type: ignore[return-value]


def step_of(field: str) -> str:
    """The step at which a field is asked for."""
    if field in {"type", "destroy"}:
        return "type"
    return "source" if field.partition(".")[0] in {"source", "file"} else "options"


def _ask(asked: Mapping[str, str]) -> Response:
    return where.ask("run", asked, list_url="/runs", icon="runs", type=asked["type"])


def _page(
    step: str,
    draft: Draft | None,
    asked: Mapping[str, Any],
    errors: Mapping[str, str],
    *,
    status: int = 200,
) -> Response:
    actor, data = current.actor(), draft.data if draft else asked
    stack = stacks.get(actor, data["project"], data["stack"])
    workspace = workspaces.get(actor, data["workspace"])
    for place in (stack, workspace):
        require(actor, Action.CREATE_RUN, place)
    shown = drafts.shown_variables(draft) if draft else []
    context = Step(
        step=step,
        draft=draft,
        url=f"/runs/drafts/{draft.id}/" if draft else "/runs/",
        data=data,
        errors=errors,
        words=words_of(actor, data, stack, workspace),
        stack=stack,
        engine_types=_types(stack),
        is_protected=stack.protected or workspace.protected,
        uploads=source_form.uploads(actor, stack) if step == "source" else (),
        variable_error=" ".join(
            f"{name.partition('.')[2]}: {text}"
            for name, text in errors.items()
            if name.startswith("variables.")
        ),
        link=links.at(actor, stack, workspace) if step == "source" else None,
        variables=[(each.name, each.value, each.category, each.secret) for each in shown],
    )
    return page(
        f"runs/new/{step}.html", context, crumbs=_crumbs(stack, workspace.name), status=status
    )


def _crumbs(stack: Stack, workspace: str) -> tuple[Crumb, ...]:
    project = f"/projects/{stack.project_name}"
    home = f"{project}/stacks/{stack.name}"
    return (
        Crumb("Projects", "/projects"),
        Crumb(stack.project_name, project),
        Crumb(stack.name, home),
        Crumb(workspace, f"{home}/workspaces/{workspace}"),
        Crumb("New run"),
    )


def _types(stack: Stack) -> frozenset[str]:
    able = drafts.types_of(stack)
    return frozenset(name for name, (kind, _) in drafts.KINDS.items() if kind in able)


# What was typed.


def _presets() -> dict[str, str]:
    """The presets of the query or of the first form; a stack may be named `project/stack`."""
    return where.asked() | {"type": _word(request.values.get("type", ""))}


def _word(text: str) -> str:
    return text if text in drafts.KINDS else DEFAULT_TYPE


def _took_source(draft: Draft) -> Response:
    """Keep the source as it was typed, and go on if it holds."""
    choice = request.form.get("source", "stack")
    typed: dict[str, Any] = {
        "choice": choice,
        "refused": {},
        **{f"git_{name}": field_text(name).strip() for name in ("url", "ref", "path")},
    }
    if "type" in request.form:
        typed["type"] = _word(request.form["type"])
    try:
        typed["source"], kept = _source(choice, draft)
        typed |= kept
    except (Invalid, TooLarge) as refusal:
        text = refusal.fields if isinstance(refusal, Invalid) else {"file": refusal.text}
        typed["refused"] = dict(text)
    drafts.keep(current.actor(), draft.id, typed)
    return _on(draft.id, "source")


def _source(choice: str, draft: Draft) -> tuple[dict[str, Any] | None, dict[str, str]]:
    match choice:
        case "git":
            git = {name: field_text(name).strip() or None for name in ("ref", "path")}
            return {
                "kind": "git",
                "url": field_text("url").strip(),
                **git,
                "path": git["path"] or "",
            }, {}
        case "upload":
            return _upload(draft)
        case "link":
            ref = field_text("link_ref").strip()
            return {"kind": "vcs_link", "ref": ref or None}, {"link_ref": ref}
        case "earlier":
            return {"kind": "configuration_version", "id": field_text("earlier")}, {
                "earlier": field_text("earlier")
            }
        case _:
            return None, {}


def _upload(draft: Draft) -> tuple[dict[str, Any], dict[str, str]]:
    file = request.files.get("file")
    if file is None or not file.filename:
        if draft.data.get("uploaded"):
            return {"kind": "configuration_version", "id": draft.data["uploaded"]}, {}
        raise Invalid({"file": "Choose a .tar.gz archive of the code."})
    actor = current.actor()
    project = projects.get(actor, draft.data["project"])
    stream = cast("BinaryIO", file.stream)
    version = configuration_versions.upload(actor, project, stream, file.filename)
    source = {"kind": "configuration_version", "id": version.id}
    return source, {
        "uploaded": version.id,
        "uploaded_name": sources.describe({**source, "filename": version.filename}),
    }

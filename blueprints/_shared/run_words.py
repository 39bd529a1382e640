"""A run in words: its title, what confirming it would do, where its code comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from models.project import Deployment
from models.run import Run
from models.run_state import RunState, RunType

_TITLES = {
    RunType.GENERATE: "Spec of",
    RunType.PREVIEW: "Preview of",
    RunType.APPLY: "Apply of",
    RunType.DESTROY: "Destroy of",
    RunType.TASK: "Task on",
    RunType.TEST: "Test of",
}
TRIGGERS = {
    "manual": "from the browser",
    "api": "through the API",
    "schedule": "by a schedule",
    "email": "by e-mail",
    "vcs": "from a repository",
    "dependency": "after another run",
    "drift": "by the drift check",
    "ttl": "at its end of life",
    "demo": "by the demo",
}
_EFFECTS = (
    ("destroy", "destroys"),
    ("replace", "replaces"),
    ("add", "creates"),
    ("change", "changes"),
    ("import", "imports"),
    ("move", "moves"),
    ("forget", "forgets"),
)
_COMMIT_PATHS = {"gitlab": "/-/commit/", "bitbucket": "/commits/"}


def title(run: Run) -> str:
    """“Preview of web in staging”."""
    return f"{kind(run)} {run.stack_name} in {run.workspace_name}"


def kind(run: Run) -> str:
    """How the title begins."""
    if run.drift and run.type is RunType.PREVIEW:
        return "Drift check of"
    if run.destroy and run.type is RunType.PREVIEW:
        return "Destroy preview of"
    return _TITLES[run.type]


def trigger(run: Run) -> str:
    """How the run was started: “from the browser”, “by the schedule nightly”."""
    # Nobody but the demo starts runs by hand without being somebody.
    kind = "demo" if run.trigger_kind == "manual" and not run.created_by_id else run.trigger_kind
    said = TRIGGERS.get(kind, f"by {kind}")
    if kind == "email" and run.trigger_name:
        return f"{said} to {run.trigger_name}"
    return f"{said.replace(' a ', ' the ')} {run.trigger_name}" if run.trigger_name else said


def change_count(changes: Mapping[str, Any]) -> int:
    """How many resources a plan touches."""
    return sum(int(changes.get(name) or 0) for name, _ in _EFFECTS)


def confirm_label(run: Run) -> str:
    """The words of the button: “Confirm and apply 3 changes”."""
    changes = run.changes or {}
    count = change_count(changes)
    if run.type is RunType.DESTROY:
        return f"Confirm and destroy {count} resource{'' if count == 1 else 's'}"
    if not count:
        return "Confirm and apply output changes" if changes.get("outputs") else "Confirm and apply"
    return f"Confirm and apply {count} change{'' if count == 1 else 's'}"


def effect(run: Run, deployment: Deployment) -> str:
    """What applying does: “destroys 3 of 41, creates 1 in prod”."""
    changes, total = run.changes or {}, deployment.resource_count
    parts = []
    for name, verb in _EFFECTS:
        count = int(changes.get(name) or 0)
        if count:
            whole = f" of {total}" if total >= count and name in {"destroy", "replace"} else ""
            parts.append(f"{verb} {count}{whole}")
    if changes.get("outputs"):
        outputs = int(changes["outputs"])
        parts.append(f"changes {outputs} output{'' if outputs == 1 else 's'}")
    listed = ", ".join(parts) or "changes no resource"
    return f"{listed} in {run.workspace_name}"


@dataclass(frozen=True)
class SourceWords:
    """Where the code comes from, as a page shows it. Each part may be empty."""

    kind: str
    label: str
    url: str
    ref: str
    commit: str
    commit_url: str
    author: str
    message: str
    path: str
    digest: str
    pull: str = ""
    pull_url: str = ""

    @property
    def short_commit(self) -> str:
        """The commit as people write it."""
        return self.commit[:7]


def source(run: Run) -> SourceWords:
    """Where the run's code comes from."""
    wanted: Mapping[str, Any] = run.source or {}
    pin: Mapping[str, Any] = run.pin or {}
    url = _public_url(str(wanted.get("web_url") or wanted.get("url") or ""))
    commit = str(pin.get("commit") or wanted.get("commit") or "")
    name = str(wanted.get("kind") or "")
    words = {"configuration_version": "upload", "vcs_link": "repository"}
    pull: Mapping[str, Any] = wanted.get("pull_request") or {}
    return SourceWords(
        kind=words.get(name, name.replace("_", " ")),
        label=url.removeprefix("https://")
        or str(wanted.get("name") or wanted.get("filename") or wanted.get("id") or ""),
        url=url if url.startswith("https://") else "",
        ref=str(pin.get("branch") or wanted.get("ref") or wanted.get("version") or ""),
        commit=commit,
        commit_url=_commit_url(url, commit, str(wanted.get("service") or "")),
        author=str(pin.get("author_name") or ""),
        message=str(pin.get("commit_message") or "").split("\n", 1)[0],
        path=str(wanted.get("path") or ""),
        digest=str(pin.get("digest") or ""),
        pull=f"#{pull['number']} {pull['title']}" if pull else "",
        pull_url=_link(str(pull.get("url") or "")),
    )


def _link(url: str) -> str:
    """An address that may be a link; empty for any other."""
    return url if url.startswith("https://") else ""


def _public_url(url: str) -> str:
    """A repository's URL without what must not be shown: names and passwords."""
    parts = urlsplit(url)
    if parts.scheme not in {"https", "ssh"} or not parts.hostname:
        return url if "://" not in url else ""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path.removesuffix('.git')}"


def _commit_url(url: str, commit: str, service: str) -> str:
    """The commit's page at its host, for hosts that are spoken to by https."""
    if not url.startswith("https://") or not commit:
        return ""
    host = service or urlsplit(url).hostname or ""
    middle = next((path for name, path in _COMMIT_PATHS.items() if name in host), "/commit/")
    return f"{url.rstrip('/')}{middle}{quote(commit, safe='')}"


NOTES = {
    RunState.UNCONFIRMED: "needs a person",
    RunState.PENDING_REVIEW: "needs a review",
}
"""What is said beside the state's word."""

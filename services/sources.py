"""Sources: where a run's code comes from, checked when saved and again when used.

A source is a dict with a `kind`: `configuration_version` (uploaded code, by its `id`), `git`
(`url`, `ref`, `path`) or `vcs_link` (the repository linked to the deployment, at its own branch or
at `ref`; see services.vcs.links). A run that repeats another carries the `commit` it is pinned to.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lib import net
from lib.ids import is_id
from models.configuration_version import ConfigurationVersion
from models.project import Project
from services.errors import Invalid
from services.house import house
from services.transaction import session

Source = dict[str, Any]

GIT_SCHEMES = ("https", "ssh")
LONGEST_REF = 255
LONGEST_PATH = 1024
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SCP_LIKE = re.compile(r"(?P<user>[\w.-]+)@(?P<host>[\w.-]+):(?P<path>[^/:\\-][^:\\]*)")
# What `git check-ref-format` refuses, and whatever could be read as an option or a range.
_BAD_REF = re.compile(r"^[-/.@]|\.\.|//|@\{|\.lock($|/)|/\.|[\x00-\x20\x7f~^:?*\[\\]|[/.]$")
_NOT_YET = {"module": "Modules"}


def resolve(source: Any, project: Project | None) -> Source | None:
    """The source in its usual form, or None for none.

    Raises:
        Invalid: with a sentence per field, named `source.<field>`.
    """
    if source is None:
        return None
    if not isinstance(source, Mapping):
        raise Invalid({"source": "A source is an object with a kind."})
    kind = source.get("kind")
    if isinstance(kind, str) and kind in _NOT_YET:
        raise Invalid({"source.kind": f"{_NOT_YET[kind]} are not available yet."})
    check = _KINDS.get(kind) if isinstance(kind, str) else None
    if check is None:
        raise Invalid({"source.kind": f"Say one of: {', '.join(sorted(_KINDS))}."})
    fields, required, reader = check
    _refuse_unknown(source, fields, required)
    return reader(source, project)


def check_git_url(url: str) -> str:
    """The URL of a repository in its usual form, if git may ask it.

    A name that means nothing just now passes: it is looked at again each time it is used.

    Raises:
        Invalid: with the reason under `source.url`.
    """
    text = url.strip()
    scp_like = _SCP_LIKE.fullmatch(text)
    if scp_like:
        text = "ssh://{user}@{host}/{path}".format(**scp_like.groupdict())
    problem = address_problem(text, GIT_SCHEMES)
    if problem:
        raise Invalid({"source.url": problem})
    return text


def address_problem(url: str, schemes: Iterable[str]) -> str | None:
    """Why an address may not be asked, or None. A name that means nothing just now passes."""
    unknown: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        found = [host] if _is_address(host) else net.resolve(host, port)
        if not found:
            unknown.append(host)
        return found

    allowed = net.AllowedHosts.parse(house().allowed_hosts)
    try:
        net.check(url, allowed=allowed, schemes=schemes, resolver=resolver)
    except net.Refused as refusal:
        return str(refusal) if not unknown or url.startswith("http:") else None
    return None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def describe(source: Mapping[str, Any] | None) -> str:
    """The source in a few words, for people."""
    match source:
        case {"kind": "git", "url": url, "ref": ref, **rest}:
            path = f" in {rest['path']}" if rest.get("path") else ""
            return f"{url} at {ref or 'its default branch'}{path}"
        case {"kind": "vcs_link", "repository": repository, "ref": ref, **rest}:
            path = f" in {rest['path']}" if rest.get("path") else ""
            return f"{repository} at {ref or 'its default branch'}{path}"
        case {"kind": "vcs_link", **rest}:
            at = f" at {rest['ref']}" if rest.get("ref") else ""
            return f"the repository linked to the deployment{at}"
        case {"kind": "configuration_version", **rest}:
            return f"uploaded {rest.get('filename') or 'archive'}"
        case _:
            return "no source of its own"


def _refuse_unknown(
    source: Mapping[str, Any], fields: frozenset[str], required: frozenset[str]
) -> None:
    problems = {
        f"source.{name}": "A source of this kind has no such field."
        for name in source
        if name not in fields
    }
    problems |= {f"source.{name}": "Give this." for name in required if not source.get(name)}
    problems |= {
        f"source.{name}": "Give text here."
        for name in fields & set(source)
        if not isinstance(source[name], str | None)
    }
    if problems:
        raise Invalid(problems)


def _configuration_version(source: Mapping[str, Any], project: Project | None) -> Source:
    wanted = source["id"]
    row = session().get(ConfigurationVersion, wanted) if is_id(wanted) else None
    if row is None or project is None or row.project_id != project.id:
        raise Invalid({"source.id": "This project has no configuration version with that id."})
    return {
        "kind": "configuration_version",
        "id": row.id,
        "digest": row.digest,
        "filename": row.filename,
    }


def _git(source: Mapping[str, Any], _project: Project | None) -> Source:
    problems = {
        "source.ref": ref_problem(source.get("ref") or ""),
        "source.path": path_problem(source.get("path") or ""),
        "source.commit": _commit_problem(source.get("commit")),
    }
    found = {name: text for name, text in problems.items() if text}
    try:
        url = check_git_url(source["url"])
    except Invalid as refusal:
        raise Invalid({**refusal.fields, **found}) from refusal
    if found:
        raise Invalid(found)
    path = (source.get("path") or "").strip("/").removeprefix("./")
    made = {"kind": "git", "url": url, "ref": source.get("ref") or None, "path": path}
    return {**made, "commit": source["commit"]} if source.get("commit") else made


def _vcs_link(source: Mapping[str, Any], _project: Project | None) -> Source:
    problem = ref_problem(source.get("ref") or "")
    if problem:
        raise Invalid({"source.ref": problem})
    return {"kind": "vcs_link", "ref": source.get("ref") or None}


def ref_problem(ref: str) -> str | None:
    """Why this is no ref, or None."""
    if len(ref) > LONGEST_REF or (ref and _BAD_REF.search(ref)):
        return "This is not a branch, a tag or a commit that git would have."
    return None


def path_problem(path: str) -> str | None:
    """Why this is no directory of a repository, or None."""
    parts = path.split("/")
    hostile = re.search(r"[\x00-\x1f\x7f\\]", path) or ".." in parts or ".git" in parts
    if len(path) > LONGEST_PATH or hostile or path.startswith(("/", "-")):
        return "Give a directory within the repository, such as “modules/web”."
    return None


def _commit_problem(commit: str | None) -> str | None:
    if commit and not COMMIT.fullmatch(commit):
        return "A commit is its full id: 40 hexadecimal digits."
    return None


_Reader = Callable[[Mapping[str, Any], Project | None], Source]
_KINDS: Mapping[str, tuple[frozenset[str], frozenset[str], _Reader]] = {
    "configuration_version": (
        frozenset({"kind", "id", "digest", "filename"}),
        frozenset({"id"}),
        _configuration_version,
    ),
    "git": (frozenset({"kind", "url", "ref", "path", "commit"}), frozenset({"url"}), _git),
    "vcs_link": (frozenset({"kind", "ref"}), frozenset(), _vcs_link),
}

"""A run's code from a git repository, at the commit it is pinned to, or merged as asked for."""

from collections.abc import Mapping
from typing import Any

from integrations.git import Commit, Credentials, GitError, Pair
from scheduler.execution.desk import Desk, Failed
from services.errors import GantryError
from services.vcs import cloning as sources


def clone(desk: Desk) -> dict[str, Any]:
    """Write the code into the desk's directory; returns the pin.

    Raises:
        Failed: when it cannot be had.
    """
    source = desk.order.source
    try:
        credentials = sources.credentials(source)
        merge = _merge(desk, source, credentials)
        commit = _check_out(desk, source, merge, credentials)
    except (GitError, GantryError) as error:
        text = error.text if isinstance(error, GantryError) else str(error)
        raise Failed("configuration", text) from error
    title = commit.message.splitlines()[0] if commit.message else ""
    merged = f", merged into {merge['branch']} at {merge['base'][:12]}" if merge else ""
    place = source.get("repository") or source["url"]
    desk.say(f"Source: {place} at {commit.sha[:12]}, “{title}” by {commit.author_name}{merged}.")
    pin = {
        "kind": "git",
        "url": source["url"],
        "ref": source.get("ref"),
        "path": source.get("path"),
        "branch": source.get("ref"),
        "commit": commit.sha,
        "author_name": commit.author_name,
        "author_email": commit.author_email,
        "commit_message": commit.message,
        "committed_at": commit.committed_at.isoformat(),
    }
    return pin | ({"merge": merge} if merge else {})


def _check_out(
    desk: Desk,
    source: Mapping[str, Any],
    merge: Mapping[str, str] | None,
    credentials: Credentials | None,
) -> Commit:
    git, url = desk.site.git, str(source["url"])
    if merge:
        pair = Pair(merge["base"], merge["head"], merge["ref"])
        return git.checkout_merge(url, pair, desk.code_dir, credentials=credentials)
    wanted = source.get("commit") or (desk.order.pin or {}).get("commit") or source.get("ref")
    return git.checkout(url, str(wanted or "HEAD"), desk.code_dir, credentials=credentials)


def _merge(
    desk: Desk, source: Mapping[str, Any], credentials: Credentials | None
) -> dict[str, str] | None:
    """The merge to be made, its base known: what was pinned, else the branch as it stands now."""
    asked = source.get("merge")
    if not asked:
        return None
    base = asked.get("base") or ((desk.order.pin or {}).get("merge") or {}).get("base")
    if not base:
        tips = desk.site.git.tips(str(source["url"]), credentials)
        base = tips.commits.get(f"refs/heads/{asked['branch']}")
    if not base:
        raise GitError(f"The branch {asked['branch']}, into which this is to go, is not there.")
    return {**asked, "base": base}

"""Reading other people's JSON: whatever it holds, what comes out has the type asked for."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from integrations.vcs.event import NO_COMMIT, Action, Unreadable

LONGEST_TEXT = 2000
LONGEST_NAME = 255
# A service lists at most this many commits of a push, or files of a commit; beyond it git is asked.
MOST_LISTED_COMMITS = 20
MOST_LISTED_FILES = 1000
_COMMIT_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def payload(headers: Mapping[str, str], body: bytes) -> Mapping[str, Any]:
    """The JSON object of a delivery, sent as it is or as the field `payload` of a form.

    Raises:
        Unreadable: when it is none.
    """
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        fields = parse_qs(body.decode("utf-8", "replace"))
        body = fields.get("payload", [""])[0].encode()
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("The body is not the JSON that this service sends.") from None
    if not isinstance(read, dict):
        raise Unreadable("The body is not a JSON object.")
    return read


def part(thing: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """The object found by following `names`; an empty one when there is none."""
    found: Any = thing
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def text(thing: Mapping[str, Any], name: str, limit: int = LONGEST_NAME) -> str:
    """The text under `name`, of at most `limit` characters; empty when there is none."""
    found = thing.get(name)
    if not isinstance(found, str):
        return ""
    return found.replace("\x00", "").encode("utf-8", "replace").decode()[:limit]


def number(thing: Mapping[str, Any], name: str) -> int:
    """The whole number under `name`; 0 when there is none."""
    found = thing.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def items(thing: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The objects in the list under `name`."""
    found = thing.get(name)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def commit_id(thing: Mapping[str, Any], name: str) -> str:
    """The commit id under `name`, or NO_COMMIT (as for the id of noughts).

    Raises:
        Unreadable: when it is something else.
    """
    found = thing.get(name)
    if found is None or found == "" or (isinstance(found, str) and set(found) == {"0"}):
        return NO_COMMIT
    if not isinstance(found, str) or not _COMMIT_ID.fullmatch(found):
        raise Unreadable(f"The field “{name}” is not a commit id.")
    return found


def branch_action(before: str, after: str) -> Action:
    """What a push did to its branch or tag."""
    if after == NO_COMMIT:
        return Action.DELETED
    return Action.CREATED if before == NO_COMMIT else Action.UPDATED


def listed_paths(commits: list[Mapping[str, Any]]) -> tuple[tuple[str, ...], bool]:
    """(the paths that the commits of a push touch, deleted ones too; whether all are listed)."""
    paths: dict[str, None] = {}
    is_complete = len(commits) < MOST_LISTED_COMMITS
    for commit in commits:
        for name in ("added", "removed", "modified"):
            files = commit.get(name)
            if not isinstance(files, list) or len(files) >= MOST_LISTED_FILES:
                is_complete = False
                continue
            paths.update(dict.fromkeys(each for each in files if isinstance(each, str)))
    return tuple(paths), is_complete

"""What of a repository concerns a deployment: its paths, globs, branches and tags. Pure.

A path is a directory: everything below it counts, and the empty one is the whole repository. A
glob adds to it: `*` stands for anything within one directory, `**` for any directories, `?` for
one letter, as people know it from `.gitignore`.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

LONGEST_GLOB = 255
MOST_GLOBS = 50


def touched(path: str, globs: Sequence[str], changed: Iterable[str]) -> str | None:
    """The first changed path that concerns a deployment of the directory `path`, or None."""
    top = path.strip("/")
    below = f"{top}/" if top else ""
    for name in changed:
        if name.startswith(below) or name == top or any(_fits(glob, name) for glob in globs):
            return name
    return None


def matches(glob: str, name: str) -> bool:
    """Whether a tag, a branch or a path is one that the glob names; an empty glob names none."""
    return bool(glob) and _fits(glob, name)


def glob_problem(glob: str) -> str | None:
    """Why this is no glob, or None."""
    if not glob.strip() or len(glob) > LONGEST_GLOB or not glob.isprintable():
        return f"A pattern has 1 to {LONGEST_GLOB} printable characters."
    if glob.startswith("/") or ".." in glob.split("/"):
        return "Patterns begin at the top of the repository, without “/” or “..”."
    return None


# What a glob is made of, beside letters that stand for themselves.
_ONE, _STAR, _ANY, _FORK = object(), object(), object(), object()
_Parts = tuple[Any, ...]


@lru_cache(maxsize=1024)
def _compiled(glob: str) -> tuple[str, _Parts]:
    """(the letters before the first sign, the parts of the glob).

    A fork before `**/` leads on behind it, too: no directory is one of any number.
    """
    parts: list[Any] = []
    for word in re.findall(r"\*\*/|\*\*|\*|\?|.", glob, re.DOTALL):
        match word:
            case "**/":
                parts += [_FORK, _ANY, "/"]
            case "**":
                parts.append(_ANY)
            case "*":
                parts.append(_STAR)
            case "?":
                parts.append(_ONE)
            case letter:
                parts.append(letter)
    return re.split(r"[*?]", glob, maxsplit=1)[0], tuple(parts)


def _fits(glob: str, name: str) -> bool:
    """Whether the whole name fits, in a time that grows with both lengths and no faster."""
    prefix, parts = _compiled(glob)
    if not name.startswith(prefix):
        return False
    states = _reached(parts, {0})
    for letter in name:
        following = set()
        for at in states:
            part = parts[at] if at < len(parts) else None
            if part is _ANY or (part is _STAR and letter != "/"):
                following.add(at)
            elif part == letter or (part is _ONE and letter != "/"):
                following.add(at + 1)
        if not following:
            return False
        states = _reached(parts, following)
    return len(parts) in states


def _reached(parts: _Parts, states: set[int]) -> set[int]:
    """The states with those that are reached from them without a letter."""
    found, new = set(states), list(states)
    while new:
        at = new.pop()
        part = parts[at] if at < len(parts) else None
        onward: tuple[int, ...] = ()
        if part is _FORK:
            onward = (at + 1, at + 3)
        elif part is _ANY or part is _STAR:
            onward = (at + 1,)
        new += [each for each in onward if each not in found]
        found.update(onward)
    return found

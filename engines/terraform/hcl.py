"""Just enough of terraform's language: writing values, and finding a backend in configuration."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engines.base import Json

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")
_DEEPEST = 60
_LARGEST_FILE_BYTES = 4 << 20

# What may hide a brace or the name "backend": comments, heredocs, quoted strings.
_TOKENS = re.compile(
    r"""
      (?P<skip> \#[^\n]* | //[^\n]* | /\*.*?(?:\*/|\Z) | \s+ )
    | (?P<heredoc> <<-?(?P<tag>[A-Za-z_]\w*)\n.*?\n[ \t]*(?P=tag)(?=\n|\Z) )
    | (?P<string> "(?:\\.|[^"\\\n])*" )
    | (?P<name> [A-Za-z_][\w-]* )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Backend:
    """A backend that the code declares; ``type`` is ``cloud`` for a cloud block."""

    type: str
    settings: dict[str, str]


def as_hcl(value: Json, indent: int = 0) -> str:
    """Return a value as terraform prints outputs."""
    inner = "  " * (indent + 1)
    end = "  " * indent
    if indent > _DEEPEST:
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict) and value:
        lines = (f"{inner}{_key(k)} = {as_hcl(v, indent + 1)}\n" for k, v in value.items())
        return "{\n" + "".join(lines) + end + "}"
    if isinstance(value, list) and value:
        lines = (f"{inner}{as_hcl(v, indent + 1)},\n" for v in value)
        return "[\n" + "".join(lines) + end + "]"
    return json.dumps(value, ensure_ascii=False)


def declared_backend(root: Path) -> Backend | None:
    """Return the backend declared in the root module's files, the last file's if there are more.

    Override files come last, as in terraform. Reads only literal settings; unreadable files are
    left to terraform, which says what is wrong with them.
    """
    found = None
    for path, text in _sources(root):
        found = (_in_json(text) if path.name.endswith(".json") else _in_native(text)) or found
    return found


def declared_variables(root: Path) -> set[str]:
    """Return the names of the root module's input variables."""
    names: set[str] = set()
    for path, text in _sources(root):
        if path.name.endswith(".json"):
            names |= set(_json_blocks(text, "variable"))
        else:
            names |= _native_variables(text)
    return names


def _sources(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield the root module's files in the order terraform reads them, override files last."""
    for path in sorted(root.iterdir(), key=lambda p: (_is_override(p.name), p.name)):
        known = path.name.endswith((".tf", ".tofu", ".tf.json", ".tofu.json"))
        if known and path.is_file() and path.stat().st_size <= _LARGEST_FILE_BYTES:
            yield path, path.read_text(errors="replace")


def _words(text: str) -> list[str]:
    return [m.group() for m in _TOKENS.finditer(text) if m.lastgroup != "skip"]


def _native_variables(text: str) -> set[str]:
    words = _words(text)
    depth = 0
    names = set()
    for at, word in enumerate(words):
        if word in "{}":
            depth = max(0, depth + (1 if word == "{" else -1))
        elif depth == 0 and word == "variable" and words[at + 2 : at + 3] == ["{"]:
            names.add(words[at + 1].strip('"'))
    return names


def _json_blocks(text: str, name: str) -> dict[str, Json]:
    """Return what stands under a top-level name of a .tf.json file, lists merged."""
    try:
        found = json.loads(text).get(name, {})
    except (ValueError, AttributeError, RecursionError):
        return {}
    merged: dict[str, Json] = {}
    for block in found if isinstance(found, list) else [found]:
        merged |= block if isinstance(block, dict) else {}
    return merged


def _key(name: str) -> str:
    return name if _NAME.match(name) else json.dumps(name, ensure_ascii=False)


def _is_override(name: str) -> bool:
    stem = name.partition(".")[0]
    return stem == "override" or stem.endswith("_override")


def _in_native(text: str) -> Backend | None:
    words = _words(text)
    depth = 0
    in_terraform = False
    for at, word in enumerate(words):
        if word == "{":
            in_terraform = in_terraform or (depth == 0 and at > 0 and words[at - 1] == "terraform")
            depth += 1
        elif word == "}":
            depth = max(0, depth - 1)
            in_terraform = in_terraform and depth > 0
        elif in_terraform and depth == 1:
            found = _backend_at(words, at)
            if found is not None:
                return found
    return None


def _backend_at(words: list[str], at: int) -> Backend | None:
    rest = words[at : at + 3]
    if rest[:2] == ["cloud", "{"]:
        return Backend("cloud", {})
    if rest[:1] != ["backend"] or rest[2:] != ["{"]:
        return None
    return Backend(rest[1].strip('"'), _literals(words[at + 3 :]))


def _literals(words: list[str]) -> dict[str, str]:
    settings = {}
    for at, word in enumerate(words):
        if word == "}":
            break
        if words[at + 1 : at + 2] == ["="] and words[at + 2 : at + 3]:
            value = words[at + 2]
            if value.startswith('"') and "${" not in value:
                settings[word] = value[1:-1]
    return settings


def _in_json(text: str) -> Backend | None:
    block = _json_blocks(text, "terraform")
    if "cloud" in block:
        return Backend("cloud", {})
    backend = block.get("backend")
    for kind, body in backend.items() if isinstance(backend, dict) else ():
        literal = body.items() if isinstance(body, dict) else ()
        return Backend(kind, {k: v for k, v in literal if isinstance(v, str)})
    return None

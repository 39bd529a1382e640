"""Terraform's diagnostics: from JSON to a record, and to the box a person knows from a terminal."""

from __future__ import annotations

from engines.base import Diagnostic, Json
from engines.terraform import providers

RESET = "\x1b[0m"
BOLD = "\x1b[1m"
UNDERLINE = "\x1b[4m"
RED = "\x1b[31m"
GREEN = "\x1b[32m"
YELLOW = "\x1b[33m"
CYAN = "\x1b[36m"
DIM = "\x1b[90m"

# Terraform repeats this beside every syntax error; it says nothing that the other does not.
_ECHO = "Terraform encountered problems during initialisation"


def read(raw: Json) -> Diagnostic | None:
    """Return the record of one ``diagnostic`` object, or None when it says nothing of its own."""
    if not isinstance(raw, dict):
        return None
    summary = str(raw.get("summary") or "")
    if summary.startswith((_ECHO, _ECHO.replace("Terraform", "OpenTofu"))):
        return None
    place = _object(raw.get("range"))
    start = _object(place.get("start"))
    snippet = _object(raw.get("snippet"))
    summary, detail = providers.explain(summary, str(raw.get("detail") or ""))
    return Diagnostic(
        severity="warning" if raw.get("severity") == "warning" else "error",
        summary=summary,
        detail=detail,
        address=_text(raw.get("address")),
        file=_text(place.get("filename")),
        line=start.get("line") if isinstance(start.get("line"), int) else None,
        snippet=_text(snippet.get("code")),
        context=_text(snippet.get("context")),
    )


def boxed(diagnostic: Diagnostic, raw: Json) -> str:
    """Return the diagnostic as terraform's own box, with colours."""
    colour = YELLOW if diagnostic.severity == "warning" else RED
    severity = f"{BOLD}{colour}{diagnostic.severity.capitalize()}: {RESET}"
    title = f"{severity}{BOLD}{diagnostic.summary}{RESET}"
    lines = [title, "", *_where(diagnostic, raw)]
    if diagnostic.detail:
        lines += diagnostic.detail.splitlines()
    while lines and not lines[-1]:
        lines.pop()
    bar = f"{colour}│{RESET} "
    body = "".join(f"{bar}{line}\n" for line in lines)
    return f"{colour}╷{RESET}\n{body}{colour}╵{RESET}\n"


def _where(diagnostic: Diagnostic, raw: Json) -> list[str]:
    lines = [f"  with {diagnostic.address},"] if diagnostic.address else []
    if diagnostic.file:
        line = f" line {diagnostic.line}" if diagnostic.line else ""
        inside = f", in {diagnostic.context}" if diagnostic.context else ""
        lines.append(f"  on {diagnostic.file}{line}{inside}:")
    lines += _code(raw.get("snippet"))
    return [*lines, ""] if lines else []


def _code(snippet: Json) -> list[str]:
    if not isinstance(snippet, dict) or not snippet.get("code"):
        return []
    first = snippet.get("start_line")
    first = first if isinstance(first, int) else 1
    numbered = enumerate(_underlined(snippet).splitlines(), start=first)
    lines = [f"  {number:>3}: {text}" for number, text in numbered]
    values = [v for v in snippet.get("values") or [] if isinstance(v, dict)]
    if values:
        lines.append(f"    {DIM}├────────────────{RESET}")
    for value in values:
        what = f"{BOLD}{value.get('traversal')}{RESET} {value.get('statement')}"
        lines.append(f"    {DIM}│{RESET} {what}")
    return lines


def _underlined(snippet: dict[str, Json]) -> str:
    """Return the code, the offending part underlined unless it spans lines. Offsets are bytes."""
    code = str(snippet["code"]).encode()
    start, end = snippet.get("highlight_start_offset"), snippet.get("highlight_end_offset")
    plain = code.decode()
    if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(code)):
        return plain
    marked = code[start:end]
    if b"\n" in marked:
        return plain
    parts = (code[:start], UNDERLINE.encode(), marked, RESET.encode(), code[end:])
    return b"".join(parts).decode(errors="replace")


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None

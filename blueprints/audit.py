"""The audit log: who did what, on what, from where, when."""

import csv
import datetime as dt
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flask import Blueprint, Response, current_app, request, stream_with_context, url_for

from blueprints._shared import current, paging
from blueprints._shared.current import Crumb
from blueprints._shared.filters import url_with
from blueprints._shared.respond import page
from models.audit import AuditEvent
from services import audit_log
from services.audit_log import Filters
from services.errors import Invalid

blueprint = Blueprint("audit", __name__)

NOUNS = (
    "run project stack workspace deployment variable member user team service_account session token"
).split()
FILTERS = {"who": "by", "target": "on", "since": "from", "until": "to", "q": "text"}
COLUMNS = (
    "at actor_kind actor_id actor_name action target_kind target_id target_name "
    "project_id workspace_id address request_id token_id before after"
).split()


@dataclass(frozen=True)
class AuditPage:
    """What audit/index.html reads."""

    events: list[AuditEvent]
    older_url: str
    filters: Filters
    in_force: list[tuple[str, str]]
    nouns: list[str] = field(default_factory=lambda: NOUNS)


class Change(NamedTuple):
    """One value of an event, before and after, in words; None where there was none."""

    name: str
    before: str | None
    after: str | None


@blueprint.get("/audit")
def index() -> Response:
    """The log, filtered by the URL."""
    filters = _filters()
    after, limit = paging.after(), paging.limit()
    found = audit_log.listed(current.actor(), filters, after=after, limit=limit)
    older = url_with(cursor=paging.encode(found.next)) if found.next else ""
    shown = AuditPage(list(found.items), older, filters, _in_force())
    return page("audit/index.html", shown, crumbs=[Crumb("Audit")])


@blueprint.get("/audit/export.csv")
def export_csv() -> Response:
    """All that the filters let through, as CSV, sent as it is read."""
    return _send(_as_csv(audit_log.every(current.actor(), _filters())), "text/csv", "csv")


@blueprint.get("/audit/export.jsonl")
def export_jsonl() -> Response:
    """The same as one JSON object per line."""
    events = audit_log.every(current.actor(), _filters())
    lines = (json.dumps(record(event), ensure_ascii=False) + "\n" for event in events)
    return _send(lines, "application/jsonl", "jsonl")


def _send(lines: Iterator[str], mimetype: str, suffix: str) -> Response:
    response = Response(stream_with_context(lines), content_type=f"{mimetype}; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="gantry-audit.{suffix}"'
    return response


def _as_csv(events: Iterable[AuditEvent]) -> Iterator[str]:
    yield _row(COLUMNS)
    for event in events:
        yield _row(_cell(value) for value in record(event).values())


def _row(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def record(event: AuditEvent) -> dict[str, Any]:
    """An event as programs read it."""
    values = {name: getattr(event, name) for name in COLUMNS}
    return values | {"at": event.at.isoformat().replace("+00:00", "Z")}


def _filters() -> Filters:
    words = {name: request.args.get(name, "").strip() for name in "who action target q".split()}
    return Filters(**words, since=_instant("since"), until=_instant("until"))


def _instant(name: str) -> dt.datetime | None:
    """A date or an instant of the query; a date is the beginning of its day, the last one its end.

    Raises:
        Invalid: when it is neither.
    """
    text = request.args.get(name, "").strip()
    if not text:
        return None
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise Invalid({name: "Give a date, such as 2026-11-21."}) from None
    is_day = len(text) == len("2026-11-21")
    whole = found + dt.timedelta(days=1) if is_day and name == "until" else found
    return whole if whole.tzinfo else whole.replace(tzinfo=dt.UTC)


def _in_force() -> list[tuple[str, str]]:
    """(words, the URL without it) of each filter that the chips of kinds do not show."""
    given = {name: request.args.get(name, "").strip() for name in FILTERS}
    return [(f"{FILTERS[n]} {v}", url_with(**{n: None})) for n, v in given.items() if v]


@blueprint.app_template_global("audit_changes")
def changes(event: AuditEvent) -> list[Change]:
    """What an event changed, by name; what stayed as it was is left out."""
    before, after = event.before or {}, event.after or {}
    names = sorted({*before, *after}, key=str)
    return [
        Change(name, _words(before, name), _words(after, name))
        for name in names
        if name not in before or name not in after or before[name] != after[name]
    ]


def _words(values: dict[str, Any], name: str) -> str | None:
    return _in_words(values[name]) if name in values else None


def _in_words(value: Any) -> str:
    """A value as people write it: “yes”, “none”, plain text, a list with commas."""
    match value:
        case bool():
            return "yes" if value else "no"
        case None | "" | [] | {}:
            return "none"
        case str():
            return value
        case list() if all(isinstance(item, str | int) for item in value):
            return ", ".join(map(str, value))
        case dict() if all(isinstance(part, str | int) for part in value.values()):
            return ", ".join(f"{key} {part}" for key, part in value.items())
    return json.dumps(value, ensure_ascii=False)


@blueprint.app_template_global("audit_target_url")
def target_url(event: AuditEvent) -> str:
    """The page of what an event happened to, or '' when it has none."""
    names = event.target_name.split("/")
    ways: dict[str, tuple[str, dict[str, Any]]] = {
        "run": ("runs.show", {"run_id": event.target_id}),
        "project": ("projects.show", {"project": event.target_name}),
        "workspace": ("workspaces.show", {"workspace": event.target_name}),
        "stack": ("stacks.show", {"project": names[0], "stack": names[-1]}),
    }
    endpoint, values = ways.get(event.target_kind, ("", {}))
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else ""

"""(d) The list of runs as finished HTML with 10,000, 100,000 and 1,000,000 runs."""

import re
import sqlite3
from pathlib import Path

from sqlalchemy import event

from bench.common import PASSWORD, PROJECT, Api, Browser, Portal, Row, milliseconds, portal

SIZES = (10_000, 100_000, 1_000_000)
DEPLOYMENTS, LOOKS = 20, 60
PAGES = {
    "all runs": "/runs",
    "failed runs": "/runs?status=failed",
    "a project's runs": f"/projects/{PROJECT}/runs",
    "runs with a text": "/runs?q=release+7",
}
_STATES = "CASE i % 10 WHEN 0 THEN 'failed' WHEN 1 THEN 'discarded' ELSE 'finished' END"
_TYPES = "CASE i % 3 WHEN 0 THEN 'apply' WHEN 1 THEN 'task' ELSE 'preview' END"


def measure() -> list[Row]:
    """The same portal, fuller each time."""
    rows, reached = [], 0
    with portal() as running:
        api = Api(running)
        stacks = [api.stack(f"stack-{number}") for number in range(DEPLOYMENTS)]
        for stack in stacks:
            api.ended(api.task(stack, "true")["id"])
        browser = Browser(running)
        for size in SIZES:
            fill(running.data_dir / "gantry.db", reached, size)
            reached = size
            for name, path in PAGES.items():
                rows += _looks(browser, name, path, size)
        rows.append(Row("d", "queries of /runs", [_queries(running)], "", 8))
    return rows


def _looks(browser: Browser, name: str, path: str, size: int) -> list[Row]:
    body = browser.get(path)
    for _ in range(5):
        browser.get(path)
    times = [milliseconds(lambda: browser.get(path)) for _ in range(LOOKS)]
    _, packed, _ = browser.ask("GET", path, more={"Accept-Encoding": "gzip"})
    target = 5 if name == "all runs" else None
    note = f"{len(body) / 1024:.0f} KB of HTML, {len(packed) / 1024:.1f} KB over the wire"
    return [Row("d", f"{name}, {size:,}", times, "ms", target, note=note)]


def fill(database: Path, reached: int, size: int) -> None:
    """Copy the runs that are there, with other numbers, until there are `size` of them."""
    with sqlite3.connect(database, timeout=60) as here:
        columns = [row[1] for row in here.execute("PRAGMA table_info(run)")]
        changed = {
            "id": "printf('01%018d', i)",
            "number": "1000 + i",
            "state": _STATES,
            "type": _TYPES,
            "message": "'Release ' || i",
            "search": "'#' || (1000 + i) || ' release ' || i || ' ' || run.search",
            "draft_id": "NULL",
        }
        values = ", ".join(changed.get(name, f"run.{name}") for name in columns)
        here.execute("CREATE TEMP TABLE pattern AS SELECT rowid AS n, id FROM run LIMIT 20")
        here.execute(
            f"INSERT INTO run ({', '.join(columns)}) "  # noqa: S608 - names of columns
            "WITH RECURSIVE counted(i) AS "
            f"(SELECT {reached + 1} UNION ALL SELECT i + 1 FROM counted WHERE i < {size}) "
            f"SELECT {values} FROM counted "
            "JOIN pattern ON pattern.n = 1 + counted.i % 20 JOIN run ON run.id = pattern.id"
        )
        here.execute("DROP TABLE pattern")
        here.execute("ANALYZE")


def _queries(running: Portal) -> int:
    """How many statements the page sends: asked of the same application in this process."""
    from app import create_app  # noqa: PLC0415 - the other measurements talk HTTP only
    from config import Settings  # noqa: PLC0415 - loaded only when it is needed
    from models.base import db  # noqa: PLC0415 - loaded only when it is needed

    app = create_app(Settings(data_dir=running.data_dir))
    visitor, seen = app.test_client(), list[str]()
    page = visitor.get("/sign-in").text
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    form = {"csrf_token": found.group(1), "email": "bench@example.com", "password": PASSWORD}
    assert visitor.post("/sign-in", data=form).status_code == 303
    with app.app_context():
        engine = db.engine

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    answer = visitor.get("/runs")
    assert answer.status_code == 200
    return len(seen)

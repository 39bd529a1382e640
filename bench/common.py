"""What every measurement shares: a portal that is ready, its clients, rows of figures."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.clients import PROJECT, WORKSPACE, Api, Browser, Connection, Stream
from bench.figures import HEAD, ROOT, Row, machine, milliseconds
from bench.portal import PASSWORD, Portal, memory_kib, peak_kib

__all__ = [
    "HEAD",
    "PASSWORD",
    "PROJECT",
    "ROOT",
    "WORKSPACE",
    "Api",
    "Browser",
    "Connection",
    "Portal",
    "Row",
    "Stream",
    "machine",
    "memory_kib",
    "milliseconds",
    "peak_kib",
    "portal",
]


@contextlib.contextmanager
def portal(**settings: object) -> Iterator[Portal]:
    """A portal that is ready, with a project and a workspace; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="gantry-bench-") as folder:
        data_dir = Path(folder, "data")
        data_dir.mkdir()
        with Portal(data_dir, **settings) as running:
            running.wait_until_ready()
            api = Api(running)
            api.post("/projects", {"name": PROJECT})
            api.post("/workspaces", {"name": WORKSPACE})
            yield running

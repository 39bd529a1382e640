"""(g) Starting, idling, and what goes over the wire."""

import re
import tempfile
import time
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from bench.common import PROJECT, WORKSPACE, Api, Browser, Portal, Row, Stream, portal

STARTS, IDLE_S, SETTLE_S = 5, 20, 5
_ASSETS = re.compile(r'<(?:link[^>]+href|script[^>]+src|img[^>]+src|use[^>]+href)="([^"#]+)')
_IMPORTS = re.compile(
    r"""(?:@import\s+(?:url\()?|url\(|from\s+|import\s+|import\()["']([^"']+)["']"""
)


def measure() -> list[Row]:
    """Starts on empty directories, then one portal that is left alone."""
    starts = [_start() for _ in range(STARTS)]
    rows = [
        Row("g", "start → first page, empty directory", [page for page, _ in starts], "s"),
        Row("g", "start → first finished run", [run for _, run in starts], "s", 1.5),
    ]
    with portal() as running:
        rows += _wire(running)
        time.sleep(SETTLE_S)
        before = running.cpu_s()
        time.sleep(IDLE_S)
        busy = (running.cpu_s() - before) / IDLE_S * 100
        memory = running.pss_kib() / 1024
        rows.append(Row("g", "memory idle, all processes (PSS)", [memory], "MB", 110))
        rows.append(Row("g", f"processor idle over {IDLE_S} s", [busy], "% of one"))
    return rows


def _start() -> tuple[float, float]:
    with tempfile.TemporaryDirectory(prefix="gantry-bench-") as folder:
        data_dir = Path(folder, "data")
        data_dir.mkdir()
        with Portal(data_dir) as running:
            page = running.wait_until_ready()
            api, stream = Api(running), Stream(running, "runs")
            api.post("/projects", {"name": PROJECT})
            api.post("/workspaces", {"name": WORKSPACE})
            run = api.task(api.stack("first"), "echo hi")
            return page, stream.finished(run["id"]) - running.started_at


def _wire(running: Portal) -> list[Row]:
    """Bytes of a first visit and of a later page, compressed, headers left out."""
    api = Api(running)
    stack = api.stack("seen")
    for _ in range(30):
        api.task(stack, "echo hi")
    run_id = api.task(stack, "echo hi")["id"]
    api.ended(run_id)
    browser = Browser(running)
    cache: set[str] = set()
    first = _visit(browser, "/", cache)
    later = {
        path: _visit(browser, path, cache) for path in ("/runs", f"/runs/{run_id}", "/projects")
    }
    return [
        Row("g", "first visit (dashboard and all it loads)", [first / 1024], "KB", 120,
            note=f"{len(cache)} files"),
        *(
            Row("g", f"later page {path.replace(run_id, 'ID')}", [size / 1024], "KB", 15)
            for path, size in later.items()
        ),
    ]  # fmt: skip


def _visit(browser: Browser, path: str, cache: set[str]) -> int:
    size, text = _fetch(browser, path)
    waiting = [urljoin(path, found) for found in _ASSETS.findall(text)]
    while waiting:
        url = waiting.pop()
        if url in cache or urlsplit(url).netloc or url.startswith("data:"):
            continue
        cache.add(url)
        more, content = _fetch(browser, url)
        size += more
        if urlsplit(url).path.endswith((".css", ".js")):
            waiting += [urljoin(url, found) for found in _IMPORTS.findall(content)]
    return size


def _fetch(browser: Browser, path: str) -> tuple[int, str]:
    """Bytes over the wire, and the text."""
    accepted = {"Accept-Encoding": "gzip, deflate, br, zstd"}
    status, packed, _ = browser.ask("GET", path, more=accepted)
    if status != 200:
        print(f"    {path}: {status}")
        return 0, ""
    return len(packed), browser.get(path).decode(errors="replace")

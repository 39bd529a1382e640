"""(e) A task that prints 200,000 and 1,000,000 lines: stored when, exactly, and shown how fast."""

import hashlib
import random
import threading
import time
from functools import partial
from typing import Self

from bench.common import Api, Browser, Portal, Row, Stream, milliseconds, portal

LINE = "terraform_data.item[%.0f]: Still creating... [10s elapsed, nothing to see here]"
COUNTS, ROUNDS, LOOKS = (200_000, 1_000_000), 3, 20
SAMPLE_EVERY_S = 0.05


def measure() -> list[Row]:
    """Each count on one portal, so that the first round is the only cold one."""
    rows = []
    with portal() as running:
        api, browser = Api(running), Browser(running)
        stack = api.stack("loud")
        api.ended(api.task(stack, "true")["id"])
        for count in COUNTS:
            rows += _loud(running, api, browser, stack, count)
    return rows


def _loud(running: Portal, api: Api, browser: Browser, stack: str, count: int) -> list[Row]:
    stream = Stream(running, "runs")
    seconds, growth, run_id = [], [], ""
    for _ in range(ROUNDS if count < 500_000 else 1):
        with _Sampler(running) as sampler:
            started = time.perf_counter()
            run_id = api.task(stack, f"seq -f '{LINE}' {count}")["id"]
            seconds.append(stream.finished(run_id) - started)
        growth.append(sampler.growth_kib / 1024)
    kept = hashlib.sha256(api.get_bytes(f"/runs/{run_id}/logs")[0]).hexdigest()
    equal = kept == _expected(count)
    small = count == COUNTS[0]
    return [
        Row("e", f"{count:,} lines stored", seconds, "s", 0.4 if small else None,
            note=f"sha256 equal: {equal}"),
        Row("e", f"{count:,} lines: growth of all processes", growth, "MB", 30, judged="max"),
        *_pages(browser, run_id, count),
    ]  # fmt: skip


def _pages(browser: Browser, run_id: str, count: int) -> list[Row]:
    anywhere = random.Random(1)  # noqa: S311 - the same pages every time
    lines = {
        "first": [1] * LOOKS,
        "last": [count] * LOOKS,
        "any": [anywhere.randrange(count) + 1 for _ in range(LOOKS)],
    }
    return [
        Row("e", f"{count:,} lines: the {name} page", _times(browser, run_id, at), "ms", 20)
        for name, at in lines.items()
    ]


def _times(browser: Browser, run_id: str, lines: list[int]) -> list[float]:
    paths = [f"/runs/{run_id}/log?line={line}" for line in lines]
    return [milliseconds(partial(browser.get, path)) for path in paths]


def _expected(count: int) -> str:
    digest = hashlib.sha256()
    for number in range(1, count + 1):
        digest.update((LINE % number).encode() + b"\n")
    return digest.hexdigest()


class _Sampler:
    """The most memory the portal's processes have together, above what they had before."""

    def __init__(self, running: Portal) -> None:
        self._running = running
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._before = running.pss_kib()
        self.growth_kib = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(SAMPLE_EVERY_S):
            self.growth_kib = max(self.growth_kib, self._running.pss_kib() - self._before)

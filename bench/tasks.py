"""(a) One task at a time on an idle portal; (b) two hundred at once over twenty deployments."""

import datetime as dt
import threading
import time
from typing import Any

from bench.common import Api, Portal, Row, Stream, portal

SINGLE, WARM = 60, 10
MANY, DEPLOYMENTS = 200, 20


def measure() -> list[Row]:
    """Both figures, on one portal each."""
    with portal() as running:
        rows = _one_after_another(running)
    with portal(workers=4) as running:
        return rows + _at_once(running)


def _one_after_another(running: Portal) -> list[Row]:
    api, stream = Api(running), Stream(running, "runs")
    stack = api.stack("one")
    seen, inside, starts = [], [], []
    for number in range(SINGLE + WARM):
        started = time.perf_counter()
        run = api.task(stack, "echo hi")
        moment = stream.finished(run["id"])
        if number >= WARM:
            seen.append((moment - started) * 1000)
            ended = api.get(f"/runs/{run['id']}")
            inside.append(_ms(ended, "created_at", "finished_at"))
            starts.append(_ms(ended, "created_at", "started_at"))
        time.sleep(0.05)
    return [
        Row("a", "task `echo hi`: POST sent → end seen in the stream", seen, "ms", 40),
        Row("a", "created → finished, as the run says", inside, "ms", 40),
        Row("a", "created → claimed by a worker", starts, "ms"),
    ]


def _at_once(running: Portal) -> list[Row]:
    api = Api(running)
    stacks = [api.stack(f"many-{number}") for number in range(DEPLOYMENTS)]
    for stack in stacks:
        api.ended(api.task(stack, "true")["id"])
    minutes = [_round(running, stacks) for _ in range(3)]
    return [
        Row(
            "b",
            f"{MANY} tasks at once over {DEPLOYMENTS} deployments, 4 workers",
            [MANY / each for each in minutes],
            "runs/min",
            3000,
            at_least=True,
            note="first POST sent → last end seen; 4 clients",
        )
    ]


def _round(running: Portal, stacks: list[str]) -> float:
    """Minutes from the first POST to the last end."""
    stream, last = Stream(running, "runs"), list[float]()

    def watch() -> None:
        last.append(stream.finished_all(MANY))

    def ask(numbers: range) -> None:
        api = Api(running)
        for number in numbers:
            api.task(stacks[number % len(stacks)], "echo hi")

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    askers = [threading.Thread(target=ask, args=(range(n, MANY, 4),)) for n in range(4)]
    started = time.perf_counter()
    for asker in askers:
        asker.start()
    watcher.join(120)
    assert last, "not all of them ended"
    stream.close()
    return (last[0] - started) / 60


def _ms(run: Any, begin: str, end: str) -> float:
    return (_instant(run[end]) - _instant(run[begin])) / dt.timedelta(milliseconds=1)


def _instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)

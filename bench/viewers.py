"""(f) From a line that is printed to the socket of those who watch: the hint, then the fragment."""

import re
import threading
import time

from bench.common import Api, Browser, Portal, Row, Stream, portal

WATCHING = (1, 10, 50)
LINES, PAUSE_S = 60, 0.1
_STAMP = re.compile(rb"at (\d+\.\d+)")


def measure() -> list[Row]:
    """One portal, more viewers each time."""
    with portal() as running:
        api = Api(running)
        stack = api.stack("watched")
        browser = Browser(running)
        return [_watched(running, api, stack, browser, count) for count in WATCHING]


def _watched(running: Portal, api: Api, stack: str, browser: Browser, count: int) -> Row:
    script = (
        f"sleep 2; for i in $(seq {LINES}); do date +'at %s.%N'; sleep {PAUSE_S}; done; sleep 1"
    )
    run_id = api.task(stack, script)["id"]
    delays: list[float] = []
    viewers = [
        threading.Thread(target=_view, args=(running, browser, run_id, delays), daemon=True)
        for _ in range(count)
    ]
    for viewer in viewers:
        viewer.start()
    for viewer in viewers:
        viewer.join(60)
    target = 50 if count == 10 else None
    note = f"{len(delays):,} of {LINES * count:,} seen"
    what = f"line printed → in the socket of {count} viewer{'s' if count > 1 else ''}"
    return Row("f", what, delays, "ms", target, judged="p95", note=note)


def _view(running: Portal, signed_in: Browser, run_id: str, delays: list[float]) -> None:
    """Be a tab: listen, and fetch what a hint speaks of. All tabs are of one person."""
    browser = object.__new__(Browser)
    browser.running, browser.cookies = running, dict(signed_in.cookies)
    browser.connect()
    stream, offset = Stream(running, f"run:{run_id}", browser.headers), 0
    for _moment, name, data in stream.events():
        if name == "log":
            path = f"/runs/{run_id}/log/lines?after={offset}"
            _, body, headers = browser.ask("GET", path, more={"HX-Request": "true"})
            now = time.time()
            delays.extend((now - float(stamp)) * 1000 for stamp in _STAMP.findall(body))
            offset = int(headers["Gantry-Log-Offset"])
        elif name == "state" and data["status"] not in {"pending", "running"}:
            stream.close()
            return

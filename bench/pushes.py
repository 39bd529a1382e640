"""(p) 1,000 pushes posted at once: accepted how fast, dealt with how fast, and nothing lost."""

import hashlib
import hmac
import http.client
import json
import sqlite3
import threading
import time
from collections.abc import Iterator

from bench.common import PROJECT, WORKSPACE, Api, Portal, Row, milliseconds, portal

PUSHES, CLIENTS = 1_000, 16
LONGEST_S = 300
SECRET = "a secret that only two know"  # noqa: S105  Of a portal that is gone afterwards.


def measure() -> list[Row]:
    """Tags, so that each starts a run; without workers, so that no run is carried out."""
    with portal(workers=0) as running:
        hook = _furnish(Api(running))
        posts = iter([_tag(number) for number in range(PUSHES)])
        times: list[float] = []
        began = time.perf_counter()
        _all_at_once(running, hook, posts, times)
        accepted_s = time.perf_counter() - began
        dealt_s = _until_dealt_with(running, began)
        kept, runs = _counted(running)
        note = f"{CLIENTS} clients; {kept:,} of {PUSHES:,} kept, {runs:,} runs made"
        assert (kept, runs) == (PUSHES, PUSHES), note
        return [
            Row("p", "1,000 pushes at once: accepted", [PUSHES / accepted_s], "/s", note=note),
            Row("p", "1,000 pushes at once: an answer", times, "ms"),
            Row("p", "1,000 pushes at once: dealt with", [PUSHES / dealt_s], "/s"),
        ]


def _furnish(api: Api) -> str:
    """An integration and a link; the address of the webhook."""
    made = api.post(
        "/vcs-integrations",
        {
            "project": PROJECT,
            "name": "hub",
            "kind": "github",
            "base_url": "https://8.8.8.8",
            "webhook_secret": SECRET,
        },
    )
    stack = api.stack("pushed")
    api.put(
        f"/projects/{PROJECT}/stacks/{stack}/workspaces/{WORKSPACE}/vcs-link",
        {"integration": "hub", "repository": "team/infra", "tags": "v*", "on_push": "preview"},
    )
    return f"/hooks/vcs/{made['id']}"


def _tag(number: int) -> tuple[dict[str, str], bytes]:
    """Headers and body of the push of a tag, of a commit of its own, as GitHub sends it."""
    sha = f"a{number:039x}"
    commit = {"id": sha, "message": f"Release {number}", "author": {"name": "Grace"}}
    sent = {
        "ref": f"refs/tags/v{number}",
        "before": "0" * 40,
        "after": sha,
        "created": True,
        "forced": False,
        "commits": [commit],
        "head_commit": commit,
        "repository": {"full_name": "team/infra", "default_branch": "main"},
        "sender": {"login": "grace"},
    }
    body = json.dumps(sent).encode()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": f"delivery-{number}",
        "X-Hub-Signature-256": f"sha256={hmac.digest(SECRET.encode(), body, hashlib.sha256).hex()}",
    }
    return headers, body


def _all_at_once(
    running: Portal, hook: str, posts: Iterator[tuple[dict[str, str], bytes]], times: list[float]
) -> None:
    guard = threading.Lock()

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
        while True:
            with guard:
                post = next(posts, None)
            if post is None:
                return
            times.append(milliseconds(lambda: _post(connection, hook, *post)))  # noqa: B023  At once.

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _post(
    connection: http.client.HTTPConnection, hook: str, headers: dict[str, str], body: bytes
) -> None:
    connection.request("POST", hook, body, headers)
    answer = connection.getresponse()
    said = answer.read()
    assert answer.status == http.HTTPStatus.ACCEPTED, said


def _until_dealt_with(running: Portal, began: float) -> float:
    count = PUSHES
    while time.perf_counter() - began < LONGEST_S:
        with sqlite3.connect(running.data_dir / "gantry.db") as here:
            waits = "SELECT count(*) FROM vcs_delivery WHERE verdict = 'pending'"
            [count] = here.execute(waits).fetchone()
        if not count:
            return time.perf_counter() - began
        time.sleep(0.1)
    raise RuntimeError(f"{count} deliveries still wait after {LONGEST_S} s")


def _counted(running: Portal) -> tuple[int, int]:
    with sqlite3.connect(running.data_dir / "gantry.db") as here:
        [kept] = here.execute("SELECT count(*) FROM vcs_delivery").fetchone()
        [runs] = here.execute("SELECT count(*) FROM run WHERE trigger_kind = 'vcs'").fetchone()
    return kept, runs

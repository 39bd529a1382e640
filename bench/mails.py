"""(m) A thousand messages posted at once by a mail service: taken how fast, and none lost.

In the middle the portal is killed with SIGKILL and started again. What it had answered with 200
must be there, looked at, and have started exactly one run.
"""

import http.client
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.common import PROJECT, WORKSPACE, Api, Portal, Row, portal
from integrations.mail import raw

COUNT, CLIENTS = 1000, 32
SECRET = secrets.token_hex(16)
SETTINGS = {
    "email_domain": "in.example.com",
    "mail_signing_key": SECRET,
    "email_authserv_id": "mx.example.com",
    "email_rate": 1_000_000,
    "email_sender_rate": 1_000_000,
}
PROOF = "Authentication-Results: mx.example.com; dkim=pass header.d=example.com\r\n"


def measure() -> list[Row]:
    """How fast messages are taken and looked at; then, what a kill loses."""
    with portal(workers=0, **SETTINGS) as running:
        rows = _at_once(running)
    return [*rows, _killed()]


def _at_once(running: Portal) -> list[Row]:
    api = Api(running)
    to = _trigger(api, "at-once")
    started = time.perf_counter()
    taken = _post_all(running, to, COUNT)
    posted_s = time.perf_counter() - started
    _until(api, COUNT)
    seen_s = time.perf_counter() - started
    verdicts, runs = _counts(api)
    right = verdicts == {"accepted": COUNT} and runs == COUNT
    note = (
        f"{len(taken)} answered 200, {dict(verdicts)}, {runs} runs: {'right' if right else 'WRONG'}"
    )
    times = [each * 1000 for each in taken]
    return [
        Row(
            "m", f"{COUNT:,} messages at once, {CLIENTS} clients: taken", [COUNT / posted_s], "a s"
        ),
        Row("m", "POST sent → 200, stored and synced", times, "ms", judged="p95"),
        Row("m", "… until each is looked at and has its run", [COUNT / seen_s], "a s", note=note),
    ]


def _killed() -> Row:
    """Kill the portal while messages come; start it again on the same directory."""
    lost = []
    with portal(workers=0, **SETTINGS) as running:
        to = _trigger(Api(running), "killed")
        answered: list[str] = []
        posting = threading.Thread(target=_post_all, args=(running, to, COUNT, answered))
        posting.start()
        while len(answered) < COUNT // 3:
            time.sleep(0.01)
        running.kill()
        posting.join()
        known = set(answered)
        with Portal(Path(running.data_dir), workers=0, **SETTINGS) as again:
            again.token = running.token
            again.wait_until_ready()
            api = Api(again)
            _settle(api)
            kept = {each["message_id"]: each for each in _emails(api)}
            lost = [one for one in known if one not in kept or kept[one]["run"] is None]
            runs = [each["run"]["id"] for each in kept.values() if each["run"]]
    twice = len(runs) - len(set(runs))
    note = f"{len(known)} answered before the kill; {twice} runs twice"
    return Row("m", "answered with 200 and lost by kill -9", [len(lost)], "messages", 0, note=note)


def _trigger(api: Api, stack: str) -> str:
    """The address of a new trigger."""
    api.stack(stack, api.upload({"main.tf": 'variable "size" {\n  default = "1"\n}\n'}))
    place = {"project": PROJECT, "stack": stack, "workspace": WORKSPACE}
    made = api.post("/email-triggers", place | {"mapping": {"size": "body:size"}})
    return str(made["address"])


def _post_all(
    running: Portal, to: str, count: int, answered: list[str] | None = None
) -> list[float]:
    """Post so many messages from several clients at once; how long each answer took, in seconds."""
    times: list[float] = []
    known = answered if answered is not None else []

    def post(numbers: range) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
        for _ in numbers:
            message_id = f"<{secrets.token_hex(8)}@example.com>"
            body, headers = _delivery(to, message_id)
            started = time.perf_counter()
            try:
                status = _post(connection, body, headers)
            except (OSError, http.client.HTTPException):
                return  # The portal was killed: this one was not answered.
            assert status == 200, status
            times.append(time.perf_counter() - started)
            known.append(message_id)

    clients = [
        threading.Thread(target=post, args=(range(n, count, CLIENTS),)) for n in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return times


def _post(connection: http.client.HTTPConnection, body: bytes, headers: dict[str, str]) -> int:
    """Post until it is not 503: “too busy” is asked again later, as mail services do."""
    while True:
        connection.request("POST", "/hooks/email/raw", body, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 503:
            return answer.status
        time.sleep(0.2)


def _delivery(to: str, message_id: str) -> tuple[bytes, dict[str, str]]:
    sender = "bench@example.com"
    head = f"From: {sender}\r\nTo: {to}\r\nSubject: More\r\nMessage-ID: {message_id}\r\n"
    body = f"{PROOF}{head}\r\nsize: 3\r\n".encode()
    signature = raw.signature(SECRET, int(time.time()), sender, to, body)
    headers = {
        "Content-Type": "message/rfc822",
        "X-Envelope-From": sender,
        "X-Envelope-To": to,
        "X-Gantry-Signature": signature,
    }
    return body, headers


def _emails(api: Api) -> Iterator[dict[str, Any]]:
    cursor = ""
    while True:
        page = api.get(f"/emails?limit=200{cursor}")
        yield from page["items"]
        if page["next"] is None:
            return
        cursor = f"&cursor={page['next']}"


def _until(api: Api, count: int, within_s: float = 420) -> None:
    """Wait until so many messages are looked at.

    What a portal had in hand when it was killed is taken up again after five minutes.
    """
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if not api.get("/emails?verdict=received&limit=1")["items"]:
            found = sum(1 for _ in _emails(api))
            if found >= count:
                return
        time.sleep(0.2)
    raise AssertionError("not all of them were looked at")


def _settle(api: Api) -> None:
    """Wait until nothing waits to be looked at."""
    _until(api, 0)


def _counts(api: Api) -> tuple[Counter[str], int]:
    found = list(_emails(api))
    runs = {each["run"]["id"] for each in found if each["run"]}
    return Counter(each["verdict"] for each in found), len(runs)

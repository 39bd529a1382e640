"""A portal as it ships, in a process of its own, and somebody who speaks to its API."""

import contextlib
import io
import json
import os
import socket
import subprocess
import sys
import tarfile
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

ROOT = Path(__file__).parents[2]
PASSWORD = "correct horse battery"
ADMIN_TOKEN = "gty_journeys_" + "0123456789abcdef" * 2
OVER = {"finished", "failed", "discarded", "stopped", "canceled", "timed_out", "skipped"}


class Refused(Exception):
    """The API said no: `.status`, `.answer`."""

    def __init__(self, status, answer):
        super().__init__(f"{status}: {answer}")
        self.status, self.answer = status, answer


class Caller:
    """Somebody's API."""

    def __init__(self, url, token):
        self.url, self.token = url, token

    def call(self, method, path, body=None, *, data=None, content_type="application/json"):
        """The answer's JSON (or text). Raises Refused."""
        sent = data if data is not None else json.dumps(body).encode() if body is not None else None
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": content_type}
        request = urllib.request.Request(  # noqa: S310 - the portal of this test
            f"{self.url}/api/v1{path}", data=sent, headers=headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 - as above
                text = response.read().decode()
        except urllib.error.HTTPError as error:
            raise Refused(error.code, error.read().decode()) from None
        return json.loads(text) if text[:1] in {"{", "["} else text

    def get(self, path):
        return self.call("GET", path)

    def post(self, path, body=None):
        return self.call("POST", path, {} if body is None else body)

    def put(self, path, body):
        return self.call("PUT", path, body)

    def patch(self, path, body):
        return self.call("PATCH", path, body)

    def upload(self, project, code):
        """Upload files, name → text, as a configuration version; gives its source."""
        boundary = uuid.uuid4().hex
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="project"\r\n\r\n{project}\r\n'
            f"--{boundary}\r\nContent-Disposition: form-data; "
            f'name="file"; filename="code.tar.gz"\r\n\r\n'
        )
        body = head.encode() + packed(code) + f"\r\n--{boundary}--\r\n".encode()
        kind = f"multipart/form-data; boundary={boundary}"
        made = self.call("POST", "/configuration-versions", data=body, content_type=kind)
        return {"kind": "configuration_version", "id": made["id"]}

    def run(self, place, kind="apply", **more):
        """Make a run in a place."""
        return self.post("/runs", {**place.names, "type": kind, **more})

    def until(self, run, *states, within_s=60):
        """The run once it is in one of these states (by default: over)."""
        wanted, ends = set(states) or OVER, time.monotonic() + within_s
        while True:
            found = self.get(f"/runs/{run['id']}")
            if found["state"] in wanted:
                return found
            if found["state"] in OVER or time.monotonic() > ends:
                log = self.get(f"/runs/{run['id']}/logs")
                raise AssertionError(f"{found['state']}: {found['error']}\n{log[-2000:]}")
            time.sleep(0.1)


def packed(code):
    """Files, name → text, as the bytes of a .tar.gz."""
    pack = io.BytesIO()
    with tarfile.open(fileobj=pack, mode="w:gz") as tar:
        for name, text in code.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return pack.getvalue()


@contextlib.contextmanager
def served(folder):
    """`python -m cli serve` on a free port; gives its address. Its output goes to `serve.log`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url, log = f"http://127.0.0.1:{port}", folder / "serve.log"
    ours = {name: value for name, value in os.environ.items() if not name.startswith("GANTRY_")}
    settings = {
        "GANTRY_DATA_DIR": str(folder / "data"),
        "GANTRY_PORT": str(port),
        "GANTRY_WORKERS": "2",
        "GANTRY_ALLOWED_HOSTS": "http://127.0.0.1",
        "GANTRY_EMAIL_DOMAIN": "in.example.com",
        "GANTRY_DEMO": "1",
        "GANTRY_DRAIN_S": "0",
        "GANTRY_ADMIN_EMAIL": "ada@example.com",
        "GANTRY_ADMIN_PASSWORD": PASSWORD,
        "GANTRY_ADMIN_TOKEN": ADMIN_TOKEN,
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "serve"],
            cwd=ROOT, env=ours | settings, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            _wait_until_ready(url, process, log)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(url, process, log):
    ends = time.monotonic() + 60
    while time.monotonic() < ends and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/readyz"):  # noqa: S310 - ours
            return
        time.sleep(0.1)
    raise AssertionError(f"The portal did not start:\n{log.read_text()}")

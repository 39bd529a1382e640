"""A terraform outside, whose state is kept by a portal that answers errors for a while."""

import http.client
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from engines.terraform.detection import Detection
from tests.faults.servers import TOKEN
from tests.portal.portal import PROJECT

_BACKEND = 'terraform {\n  backend "http" {}\n}\n'


class Front:
    """A proxy before a portal; while `is_broken` it answers 503 itself."""

    def __init__(self, port):
        self.is_broken = False
        self.refused = 0
        front = self

        class Handler(BaseHTTPRequestHandler):
            def _pass(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, answer = front.ask(port, self.command, self.path, body, self.headers)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                """Say nothing."""

        for method in ("GET", "POST", "PUT", "DELETE", "LOCK", "UNLOCK"):
            setattr(Handler, f"do_{method}", Handler._pass)  # noqa: SLF001 - it is the library's way

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def ask(self, port, method, path, body, headers):
        """The portal's answer, or an error."""
        if self.is_broken:
            self.refused += 1
            return 503, b""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        passed = {k: v for k, v in headers.items() if k.lower() not in {"host", "connection"}}
        try:
            connection.request(method, path, body, passed)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def close(self):
        """End it."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def _broken(front, seconds):
    front.is_broken = True
    timer = threading.Timer(seconds, lambda: setattr(front, "is_broken", False))
    timer.start()
    yield
    timer.join()


def errors_meanwhile(scene, seconds):
    """An apply outside, in the middle of which the backend answers errors for a while.

    (exit code, requests that were refused, names in the state kept, whether the lock is free).
    """
    stack = scene.stack()
    first = scene.ask(stack, kind="preview")  # A deployment comes to be with its first run.
    scene.ended(first)
    nonce = f"outside{time.monotonic_ns()}"
    scene.stacks[nonce] = "outside"
    front = Front(scene.server.port)
    with tempfile.TemporaryDirectory(prefix="gf-out-") as name:
        here = Path(name)
        (here / "main.tf").write_text(_BACKEND + scene.witness.files["main.tf"])
        run = _terraform(here, f"{front.url}/state/{PROJECT}/{stack}/staging")
        assert run("init").wait() == 0, (here / "said").read_text()
        variables = (f"-var=nonce={nonce}", f"-var=work={scene.witness.ticking(30)}")
        apply = run("apply", "-auto-approve", *variables)
        deadline = time.monotonic() + 30
        while not scene.witness.has_begun(nonce):
            is_on = apply.poll() is None and time.monotonic() < deadline
            assert is_on, (here / "said").read_text()
            time.sleep(0.05)
        with _broken(front, seconds):
            pass
        code = apply.wait(120)
    front.close()
    path = f"/api/v1/projects/{PROJECT}/stacks/{stack}/workspaces/staging"
    _, place = scene.server.call("GET", path)
    return code, front.refused, scene.inside.kept_names(stack), place["lock"] is None


def _terraform(folder, address):
    command = Detection(None, "/nonexistent").find().command
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "CHECKPOINT_DISABLE": "1",
        "TF_HTTP_ADDRESS": address,
        "TF_HTTP_LOCK_ADDRESS": address,
        "TF_HTTP_UNLOCK_ADDRESS": address,
        "TF_HTTP_LOCK_METHOD": "LOCK",
        "TF_HTTP_UNLOCK_METHOD": "UNLOCK",
        "TF_HTTP_USERNAME": "anybody",
        "TF_HTTP_PASSWORD": TOKEN,
        "TF_HTTP_RETRY_MAX": "20",
        "TF_HTTP_RETRY_WAIT_MIN": "1",
        "TF_HTTP_RETRY_WAIT_MAX": "5",
    }

    def run(*words):
        said = (folder / "said").open("ab")
        return subprocess.Popen(
            [*command, *words, "-no-color"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )

    return run

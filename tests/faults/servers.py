"""Portals as processes: `gantry serve` on a port of its own, to be killed, frozen and ended."""

import http.client
import json
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from lib import procfs
from lib.procfs import Identity

ROOT = Path(__file__).parents[2]
TOKEN = f"gty_faults_{secrets.token_hex(16)}"
START_S = 120.0
FLOOR_MB = 8
# Without a terraform, so that the bundled one is at work.
_PATH = "/usr/bin:/bin"
_TIMEOUT_S = 30.0


class NoAnswer(Exception):
    """The portal did not answer: it is dead, or was killed on the way; it may have done it."""


class Server:
    """One `gantry serve`."""

    def __init__(self, data_dir, database_url, *, before=(), program=("cli",), **settings):
        self.port = _free_port()
        self._log = (data_dir.parent / f"server-{self.port}.log").open("wb")
        given = {
            "data_dir": data_dir,
            "port": self.port,
            "isolation": "none",
            "engine_downloads": "false",
            "workers": 3,
            "admin_token": TOKEN,
            "admin_password": "correct horse battery staple",
            "disk_floor_mb": FLOOR_MB,
            "drain_s": 4,
            **({"database_url": database_url} if database_url else {}),
            **settings,
        }
        environment = {f"GANTRY_{name.upper()}": str(value) for name, value in given.items()}
        self._process = subprocess.Popen(
            [*before, sys.executable, "-m", *program, "serve"],
            cwd=ROOT,
            env={"PATH": _PATH, "HOME": "/nonexistent", **environment},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        self._until_ready()
        self.family = self._family()

    def until_back(self):
        """Wait until a worker that was killed has been replaced."""
        deadline = time.monotonic() + START_S
        while self.family[1].is_alive or len(self._family()) < len(self.family):
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)
        self._until_ready()
        self.family = self._family()

    def _until_ready(self):
        deadline = time.monotonic() + START_S
        while True:
            try:
                if self.call("GET", "/healthz")[0] == 200:
                    return
            except NoAnswer:
                pass
            assert self._process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)

    def _family(self):
        """Master, worker and zygote: everything but the steps of runs."""
        found = [self._process.pid]
        for pid in found:
            found += procfs.children(pid)
        return [procfs.identify(pid) for pid in found]

    @property
    def is_alive(self):
        """Whether its master runs."""
        return self._process.poll() is None

    def said(self):
        """What it wrote to its log."""
        return Path(self._log.name).read_text()

    def kill(self):
        """Kill -9 all of its processes, as one."""
        for process in self.family:
            process.send(signal.SIGKILL)
        self._process.wait()
        self._log.close()

    def kill_worker(self):
        """Kill -9 the process that does the work; its master makes another."""
        self.family[1].send(signal.SIGKILL)

    def freeze(self):
        """Stop every process of it, as a machine that stands still does."""
        for process in self.family:
            process.send(signal.SIGSTOP)

    def thaw(self):
        """Let them go on."""
        for process in self.family:
            process.send(signal.SIGCONT)

    def end(self, within_s=40.0):
        """Tell it to end, wait until it has, and return how long that took."""
        began = time.monotonic()
        self._process.terminate()
        self._process.wait(within_s)
        self._log.close()
        return time.monotonic() - began

    # -- The API -----------------------------------------------------------------------------------

    def call(self, method, path, body=None):
        """(status, answer) of a call.

        Raises:
            NoAnswer: when there is none.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_TIMEOUT_S)
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(str(error)) from error
        finally:
            connection.close()
        is_json = "json" in (answer.headers.get("Content-Type") or "")
        return answer.status, json.loads(text) if is_json and text else text.decode()

    def verb(self, run_id, verb, body=None):
        """The status with which a verb on a run is answered; 0 when nobody answers."""
        try:
            return self.call("POST", f"/api/v1/runs/{run_id}/{verb}", body or {})[0]
        except NoAnswer:
            return 0

    def run(self, run_id):
        """The run as the API has it."""
        status, answer = self.call("GET", f"/api/v1/runs/{run_id}")
        assert status == 200, (status, answer)
        return answer


def processes_of(work_dir):
    """{"supervisor", "keeper", "engine": [Identity]} of the steps that are alive in a directory."""
    found = {"supervisor": [], "keeper": [], "engine": []}
    for step in sorted(work_dir.glob("steps/*")):
        start, engine = _record(step / "start.json"), _record(step / "engine.json")
        newer = _record(step / "supervisor.json")
        if newer or start:
            found["supervisor"].append(Identity(*(newer or start)["process"]))
        for name, who in engine.items():
            found[name].append(Identity(*who))
    return {name: [who for who in those if who.is_alive] for name, those in found.items()}


def end_all(data_dir):
    """Kill what is left of any run of a data directory."""
    for work_dir in (data_dir / "work").glob("*"):
        for those in processes_of(work_dir).values():
            for process in those:
                process.send(signal.SIGKILL)


def _record(path):
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}


def _free_port():
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return asked.getsockname()[1]

"""A portal as it ships, in processes of its own, and what these use of the machine."""

import contextlib
import http.client
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from bench.figures import ROOT

PASSWORD = "a password for measuring"  # noqa: S105 - of a portal that lives for a minute
_LONGEST_START_S = 60.0


class Portal:
    """`gantry serve` as it ships, on a directory of its own: sign-in, CSRF, masking, audit on."""

    def __init__(self, data_dir: Path, **settings: object) -> None:
        self.data_dir = data_dir
        self.port = _free_port()
        self.token = f"gty_{secrets.token_hex(24)}"
        given = {
            "data_dir": data_dir,
            "port": self.port,
            "admin_email": "bench@example.com",
            "admin_password": PASSWORD,
            "admin_token": self.token,
            "engine_downloads": "0",
            **settings,
        }
        keep = {
            name: os.environ[name]
            for name in ("PATH", "HOME", "LANG", "GANTRY_ISOLATION")
            if name in os.environ
        }
        env = keep | {f"GANTRY_{name.upper()}": str(value) for name, value in given.items()}
        self.started_at = time.perf_counter()
        self._log = (data_dir.parent / f"{data_dir.name}.out").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cli", "serve"],
            cwd=ROOT,
            env=env,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def kill(self) -> None:
        """End all of it at once, as a power cut would."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def wait_until_ready(self) -> float:
        """Wait for the first answer; return the seconds since the start."""
        while time.perf_counter() - self.started_at < _LONGEST_START_S:
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/healthz")
                if connection.getresponse().status == http.HTTPStatus.OK:
                    connection.close()
                    return time.perf_counter() - self.started_at
            if self._process.poll() is not None:
                break
            time.sleep(0.002)
        self._log.seek(0)
        raise RuntimeError(f"The portal does not start:\n{self._log.read()}")

    def processes(self) -> list[int]:
        """The portal's processes: master, worker, zygote, supervisors."""
        return _descendants(self._process.pid)

    def pss_kib(self) -> int:
        """Its memory, shared pages counted by their share."""
        return sum(memory_kib(pid, "Pss") for pid in self.processes())

    def worker_pid(self) -> int:
        """The process that serves: the largest."""
        return max(self.processes(), key=lambda pid: memory_kib(pid, "Pss"))

    def cpu_s(self) -> float:
        """CPU seconds its processes have used."""
        return sum(_cpu_s(pid) for pid in self.processes())


def memory_kib(pid: int, kind: str = "Rss") -> int:
    """A line of a process's memory: Rss, Pss, Private_Dirty; 0 when it is gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    found = re.search(rf"^{kind}:\s+(\d+)", text, re.MULTILINE)
    return int(found.group(1)) if found else 0


def peak_kib(pid: int) -> int:
    """The most memory a process has had at once."""
    found = re.search(r"^VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found.group(1)) if found else 0


def _descendants(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        for thread in Path(f"/proc/{parent}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += [int(word) for word in thread.read_text().split()]
    return found


def _cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port

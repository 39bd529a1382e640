"""What every measurement shares: a portal as it ships, clients that talk HTTP, rows of figures."""

import contextlib
import http.client
import json
import os
import platform
import re
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "a password for measuring"  # noqa: S105 - of a portal that lives for a minute
PROJECT, WORKSPACE = "bench", "main"
_LONGEST_START_S = 60.0
_KEPT_S = 3.0


@dataclass(frozen=True)
class Row:
    """One figure: what was measured, in which unit, and what it should at most (or least) be."""

    letter: str
    what: str
    values: Sequence[float]
    unit: str
    target: float | None = None
    at_least: bool = False
    judged: str = "median"
    note: str = ""

    @property
    def figure(self) -> float:
        """The one number that is held against the target."""
        return {"median": self.median, "p95": self.p95, "max": max(self.values)}[self.judged]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    @property
    def p95(self) -> float:
        """All but one in twenty are below."""
        return sorted(self.values)[min(len(self.values) - 1, int(len(self.values) * 0.95))]

    @property
    def verdict(self) -> str:
        """How the figure stands to its target."""
        if self.target is None:
            return ""
        is_met = self.figure >= self.target if self.at_least else self.figure <= self.target
        sign = "≥" if self.at_least else "≤"
        ratio = self.figure / self.target
        return f"{'met' if is_met else 'MISSED'} ({sign} {_short(self.target)}, ×{ratio:.2f})"

    def cells(self) -> list[str]:
        """The row as text: letter, what, min, median, p95, unit, target, note."""
        several = len(self.values) > 1
        numbers = [_short(min(self.values)) if several else "", _short(self.median)]
        numbers.append(_short(self.p95) if several else "")
        return [self.letter, self.what, *numbers, self.unit, self.verdict, self.note]


HEAD = ["", "what", "min", "median", "p95", "unit", "target", ""]


def _short(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def machine() -> dict[str, str]:
    """What the figures depend on."""
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "processor": f"{cpu.group(1) if cpu else platform.machine()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "load before": " ".join(f"{each:.2f}" for each in os.getloadavg()),
        "commit": commit.stdout.strip() or "?",
    }


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


@contextlib.contextmanager
def portal(**settings: object) -> Iterator[Portal]:
    """A portal that is ready, with a project and a workspace; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="gantry-bench-") as folder:
        data_dir = Path(folder, "data")
        data_dir.mkdir()
        with Portal(data_dir, **settings) as running:
            running.wait_until_ready()
            api = Api(running)
            api.post("/projects", {"name": PROJECT})
            api.post("/workspaces", {"name": WORKSPACE})
            yield running


class Connection:
    """A kept connection. One that was not used for a while is opened anew: the server ends it."""

    def __init__(self, port: int) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        self._used_at = 0.0

    def ask(
        self, method: str, url: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        """Status, body and headers of an answer."""
        if time.monotonic() - self._used_at > _KEPT_S:
            self._http.close()
            self._http.connect()
            self._http.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._http.request(method, url, body, headers)
        answer = self._http.getresponse()
        content = answer.read()
        self._used_at = time.monotonic()
        return answer.status, content, answer.headers


class Api:
    """The API over one kept connection, with the administrator's token."""

    def __init__(self, running: Portal) -> None:
        self._http = Connection(running.port)
        self._headers = {"Authorization": f"Bearer {running.token}"}

    def get(self, path: str) -> Any:
        """The JSON of an answer."""
        return json.loads(self.get_bytes(path)[0])

    def get_bytes(self, path: str) -> tuple[bytes, http.client.HTTPMessage]:
        """The bytes and headers of an answer."""
        return self._ask("GET", path, None, {})

    def post(self, path: str, body: object) -> Any:
        """Send JSON; return the JSON of the answer."""
        text = json.dumps(body).encode()
        return json.loads(self._ask("POST", path, text, {"Content-Type": "application/json"})[0])

    def put(self, path: str, body: object) -> Any:
        """As `post`, for what stands there from then on."""
        text = json.dumps(body).encode()
        return json.loads(self._ask("PUT", path, text, {"Content-Type": "application/json"})[0])

    def upload(self, files: dict[str, str]) -> dict[str, str]:
        """Upload code; return it as a source."""
        import io  # noqa: PLC0415 - for archives alone
        import tarfile  # noqa: PLC0415 - loaded only when it is needed

        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content.encode())
                tar.addfile(member, io.BytesIO(content.encode()))
        mark = secrets.token_hex(16)
        parts = (
            f'--{mark}\r\nContent-Disposition: form-data; name="project"\r\n\r\n{PROJECT}\r\n'
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="code.tar.gz"\r\n'
            "Content-Type: application/gzip\r\n\r\n"
        )
        body = parts.encode() + packed.getvalue() + f"\r\n--{mark}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        made = json.loads(self._ask("POST", "/configuration-versions", body, kind)[0])
        return {"kind": "configuration_version", "id": made["id"]}

    def stack(self, name: str, source: dict[str, str] | None = None) -> str:
        """Make a stack."""
        body = {"name": name, **({"source": source} if source else {})}
        self.post(f"/projects/{PROJECT}/stacks", body)
        return name

    def run(self, stack: str, kind: str, **options: object) -> Any:
        """Ask for a run."""
        given = {"project": PROJECT, "stack": stack, "workspace": WORKSPACE, "type": kind}
        return self.post("/runs", given | options)

    def task(self, stack: str, command: str) -> Any:
        """Ask for a task without init."""
        return self.run(stack, "task", command=command, init=False)

    def ended(self, run_id: str, every_s: float = 0.005, within_s: float = 300) -> Any:
        """The run as soon as it has ended."""
        deadline = time.monotonic() + within_s
        while True:
            run = self.get(f"/runs/{run_id}")
            if run["status"] not in {"pending", "running"} or run["state"] == "unconfirmed":
                return run
            assert time.monotonic() < deadline, run
            time.sleep(every_s)

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[bytes, http.client.HTTPMessage]:
        url = f"/api/v1{path}"
        status, content, answered = self._http.ask(method, url, body, self._headers | headers)
        assert status < 400, (method, path, status, content[:2000])
        return content, answered


class Stream:
    """Server-sent events, read as they come; `cookie` or `token` says who listens."""

    def __init__(self, running: Portal, topics: str, headers: dict[str, str] | None = None) -> None:
        self._socket = socket.create_connection(("127.0.0.1", running.port), timeout=60)
        path = f"/api/v1/events?topics={topics}" if headers is None else f"/events?topics={topics}"
        headers = headers or {"Authorization": f"Bearer {running.token}"}
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{running.port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        self._buffer = b""
        self._read_until(b"retry:")

    def events(self) -> Iterator[tuple[float, str, Any]]:
        """Moment, name and data of each event."""
        while True:
            block = self._read_until(b"\n\n")
            name = re.search(rb"^event: (.*)$", block, re.MULTILINE)
            data = re.search(rb"^data: (.*)$", block, re.MULTILINE)
            if name and data:
                yield time.perf_counter(), name.group(1).decode(), json.loads(data.group(1))

    def finished(self, run_id: str) -> float:
        """The moment at which a run was said to be finished."""
        for moment, name, data in self.events():
            if name == "state" and data["id"] == run_id and data["state"] == "finished":
                return moment
        raise EOFError

    def finished_all(self, count: int) -> float:
        """The moment at which so many runs were said to be finished."""
        ended: set[str] = set()
        for moment, name, data in self.events():
            if name == "state" and data["state"] == "finished":
                ended.add(data["id"])
                if len(ended) >= count:
                    return moment
        raise EOFError

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()

    def _read_until(self, end: bytes) -> bytes:
        while end not in self._buffer:
            chunk = self._socket.recv(65536)
            if not chunk:
                raise EOFError(self._buffer.decode(errors="replace"))
            self._buffer += chunk
        block, _, self._buffer = self._buffer.partition(end)
        return block


@dataclass
class Browser:
    """A person's browser: signed in by the form, with cookies, compression and a cache."""

    running: Portal
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.connect()
        page = self.get("/sign-in").decode()
        found = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert found, page
        form = {"csrf_token": found.group(1), "email": "bench@example.com", "password": PASSWORD}
        status, _, _ = self.ask("POST", "/sign-in", urlencode(form).encode())
        assert status == http.HTTPStatus.SEE_OTHER, status

    def connect(self) -> None:
        """Open a connection of its own."""
        self._http = Connection(self.running.port)

    @property
    def headers(self) -> dict[str, str]:
        """What it sends with each request."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": cookie} if cookie else {}

    def get(self, path: str) -> bytes:
        """A page, uncompressed."""
        status, content, _ = self.ask("GET", path)
        assert status == http.HTTPStatus.OK, (path, status, content[:2000])
        return content

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        more: dict[str, str] | None = None,
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        """Status, body as it came over the wire, headers."""
        headers = self.headers | (more or {})
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Origin"] = f"http://127.0.0.1:{self.running.port}"
        status, content, answered = self._http.ask(method, path, body, headers)
        for text in answered.get_all("Set-Cookie") or []:
            name, _, value = text.partition(";")[0].partition("=")
            self.cookies[name] = value
        return status, content, answered


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


def milliseconds(action: Any) -> float:
    """How long a call takes."""
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000


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

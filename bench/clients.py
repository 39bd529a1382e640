"""Clients that talk HTTP to a portal: a program, a browser, a stream of events."""

import http.client
import json
import re
import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from bench.portal import PASSWORD, Portal

PROJECT, WORKSPACE = "bench", "main"
_KEPT_S = 3.0


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

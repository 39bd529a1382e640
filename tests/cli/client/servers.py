"""Portals that answer as they are told, and a way to a portal that breaks where it is told."""

import json
import socket
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CUT = "cut"


class Scripted:
    """A portal whose answers are `answers`, one after another; the last goes on being given.

    An answer is `(status, body)`, `(status, body, headers)`, or CUT: the call arrives, and the
    connection breaks before anything is said. `calls` are `(method, path, headers, body)`.
    """

    def __init__(self, *answers):
        self.answers = list(answers)
        self.calls = []
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_call(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                scripted.calls.append((self.command, self.path, dict(self.headers), body))
                answer = scripted.answers[0]
                if len(scripted.answers) > 1:
                    scripted.answers.pop(0)
                self.give(answer)

            def give(self, answer):
                self.close_connection = True
                if answer == CUT:
                    return
                status, body, headers = (*answer, {})[:3]
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in {"Content-Length": str(len(data)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_call  # noqa: N815 - their names

            def log_message(self, *_what):
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}"

    def keys(self):
        """The Idempotency-Keys of the calls."""
        return [headers.get("Idempotency-Key") for _, _, headers, _ in self.calls]

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_how):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Breaking:
    """A way to `port` that breaks: the nth connection after so many bytes of what comes back.

    `after` holds, per connection, how many bytes of the answer pass before it is cut; None is
    all of them. Connections beyond those pass whole.
    """

    def __init__(self, port, *after):
        self._port, self._after = port, list(after)
        self.broken = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    @property
    def url(self):
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self):
        self._threads[0].start()
        return self

    def __exit__(self, *_how):
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            limit = self._after.pop(0) if self._after else None
            server = socket.create_connection(("127.0.0.1", self._port))
            for target in ((self._up, client, server), (self._down, server, client, limit)):
                thread = threading.Thread(target=target[0], args=target[1:], daemon=True)
                thread.start()
                self._threads.append(thread)

    def _up(self, client, server):
        with suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)
        with suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _down(self, server, client, limit):
        passed = 0
        with suppress(OSError):
            while data := server.recv(65536):
                if limit is not None and passed + len(data) > limit:
                    client.sendall(data[: limit - passed])
                    self.broken += 1
                    break
                passed += len(data)
                client.sendall(data)
        for each in (client, server):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

"""Asking others over HTTP: only where one may, never further than one was sent."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lib import net, outgoing
from lib.outgoing import Bounds

ALLOWED = net.AllowedHosts.parse("http://127.0.0.1 127.0.0.1 http://hooks.internal hooks.internal")


class _Other(BaseHTTPRequestHandler):
    """Says back what it was asked; /move redirects, /large answers a lot, /silent nothing."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/silent":
            threading.Event().wait(1)
            return
        self.send_response(302 if self.path == "/move" else 201)
        self.send_header("Location", "/elsewhere")
        self.send_header("X-Host", self.headers["Host"])
        self.end_headers()
        self.wfile.write(b"x" * 2000 if self.path == "/large" else self.path.encode() + body)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def other():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Other)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_it_sends_what_it_was_given_and_reads_the_answer(other):
    answer = outgoing.request(
        "POST", f"http://127.0.0.1:{other}/a?b=c", body=b"!", bounds=Bounds(ALLOWED)
    )

    assert (answer.status, answer.body) == (201, b"/a?b=c!")
    assert answer.headers["x-host"] == f"127.0.0.1:{other}"
    assert answer.is_success


def test_a_private_address_is_not_asked(other):
    with pytest.raises(net.Refused, match="plain http"):
        outgoing.request("POST", f"http://127.0.0.1:{other}/")


def test_the_connection_goes_to_the_address_that_was_checked(other):
    bounds = Bounds(ALLOWED, resolver=lambda *_: ["127.0.0.1"])

    answer = outgoing.request("POST", f"http://hooks.internal:{other}/", bounds=bounds)

    assert answer.headers["x-host"] == f"hooks.internal:{other}"


def test_a_redirect_is_an_answer_and_not_followed(other):
    answer = outgoing.request("POST", f"http://127.0.0.1:{other}/move", bounds=Bounds(ALLOWED))

    assert answer.status == 302
    assert not answer.is_success


@pytest.mark.parametrize(
    ("path", "why"), [("large", "larger than 1000"), ("silent", "did not answer")]
)
def test_an_answer_that_is_too_large_or_too_late_is_none(other, path, why):
    bounds = Bounds(ALLOWED, timeout_s=0.3, limit_bytes=1000)

    with pytest.raises(outgoing.NoAnswer, match=why):
        outgoing.request("POST", f"http://127.0.0.1:{other}/{path}", bounds=bounds)


def test_nobody_there_is_said_in_a_sentence():
    with pytest.raises(outgoing.NoAnswer, match=r"127\.0\.0\.1 did not answer"):
        outgoing.request("GET", "http://127.0.0.1:9/", bounds=Bounds(ALLOWED))

"""A real SMTP server on the loopback, which keeps what it is given."""

import email
import socket
import ssl
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


@dataclass
class Mailbox:
    """What came in, oldest first. `answers` are said, one each, instead of taking a letter."""

    letters: list = field(default_factory=list)
    answers: list = field(default_factory=list)
    users: list = field(default_factory=list)
    port: int = 0

    @property
    def url(self):
        return f"smtp://127.0.0.1:{self.port}?starttls=never"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - the server's name for it
        if self.answers:
            return self.answers.pop(0)
        content = envelope.content.replace(b"\r\n", b"\n")
        letter = email.message_from_bytes(content, policy=default)
        self.letters.append(letter)
        return "250 taken"

    def to(self, address):
        """The letters to one address, as (subject, text)."""
        return [
            (each["Subject"], each.get_content()) for each in self.letters if address in each["To"]
        ]


@contextmanager
def listening(certificate=None):
    """A server at work. `certificate` is a (certificate, key) pair of paths for STARTTLS."""
    mailbox = Mailbox()
    options = {}
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
        options = {"tls_context": context, "require_starttls": True}

    def authenticate(_server, _session, _envelope, _mechanism, data):
        assert isinstance(data, LoginPassword)
        mailbox.users.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"right", handled=False)

    mailbox.port = _free_port()
    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=mailbox.port,
        authenticator=authenticate,
        auth_require_tls=False,
        server_hostname="mail.test",
        **options,
    )
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


def _free_port():
    """A port nobody listens on; the server cannot choose one itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

"""Sending by SMTP: what a server's URL says, how a letter looks, and handing it over.

TLS from the first byte (`smtps://`), or STARTTLS, which is insisted on unless the URL says
`?starttls=optional` or `?starttls=never`. Certificates are checked. Everything sent says that a
program sent it (RFC 3834).
"""

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from http import HTTPStatus
from urllib.parse import parse_qs, unquote, urlsplit

from integrations.mail.automatic import OWN_HEADER

TIMEOUT_S = 15.0
LONGEST_S = 120.0
"""A server that answers byte by byte keeps within the time of each step; the letter ends here."""

_PORTS = {"smtp": 587, "smtps": 465}
_STARTTLS = ("required", "optional", "never")
_PERMANENT = HTTPStatus.INTERNAL_SERVER_ERROR  # 5xx of SMTP means what 5xx does not of HTTP.


class NotSent(Exception):
    """A letter was not taken; the message says why.

    `is_final`: it never will be. `is_absent`: the server was not to be had at all.
    """

    def __init__(self, text: str, *, is_final: bool = False, is_absent: bool = False) -> None:
        super().__init__(text)
        self.is_final, self.is_absent = is_final, is_absent


@dataclass(frozen=True)
class Server:
    """Where letters are handed over."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    starttls: str = "required"

    @property
    def text(self) -> str:
        """Where and how, without the password."""
        how = "TLS" if self.tls else f"STARTTLS {self.starttls}"
        return f"{self.host}:{self.port}, {how}{', signed in' if self.user else ''}"


@dataclass(frozen=True)
class Letter:
    """A message to one person."""

    to: str
    subject: str
    text: str
    message_id: str
    sender: str
    at: datetime
    in_reply_to: str = ""
    references: Sequence[str] = ()
    reply_to: str = ""


def server(url: str) -> Server:
    """What an SMTP URL says.

    Raises:
        ValueError: with what is wrong, when it cannot be used.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in _PORTS or not parts.hostname or parts.path not in {"", "/"}:
        raise ValueError("say smtp://user:password@host:587, or smtps://user:password@host")
    options = parse_qs(parts.query, keep_blank_values=True)
    starttls = options.pop("starttls", ["required"])[-1]
    if options or starttls not in _STARTTLS or (parts.scheme == "smtps" and parts.query):
        raise ValueError(
            "after the host only ?starttls=required, optional or never may stand (with smtp://)"
        )
    return Server(
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=parts.scheme == "smtps",
        starttls=starttls,
    )


def compose(letter: Letter) -> EmailMessage:
    """The letter as it is sent; line breaks in headers become spaces."""
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(letter.sender)
    message["To"] = _address(letter.to)
    message["Subject"] = _flat(letter.subject)
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-replied" if letter.in_reply_to else "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message[OWN_HEADER] = "1"
    if letter.in_reply_to:
        message["In-Reply-To"] = _flat(letter.in_reply_to)
        message["References"] = _flat(" ".join([*letter.references, letter.in_reply_to]))
    if letter.reply_to:
        message["Reply-To"] = _address(letter.reply_to)
    message.set_content(letter.text, cte="quoted-printable")
    return message


def send(to_server: Server, letter: Letter, *, longest_s: float = LONGEST_S) -> None:
    """Hand a letter over. Waits for the server a quarter of a minute a step, in all `longest_s`.

    Raises:
        NotSent: when it was not taken, for now or for good.
    """
    message = compose(letter)
    try:
        with _connection(to_server, letter) as connection, _ended_after(longest_s, connection):
            connection.connect(to_server.host, to_server.port)
            _secure(connection, to_server)
            if to_server.user:
                connection.login(to_server.user, to_server.password)
            connection.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        raise NotSent(
            f"the server does not take mail for {letter.to}",
            is_final=all(code >= _PERMANENT for code in codes),
        ) from error
    except smtplib.SMTPAuthenticationError as error:
        raise NotSent("the server does not accept the user and password") from error
    except (smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as error:
        is_final = error.smtp_code >= _PERMANENT and isinstance(error, smtplib.SMTPDataError)
        raise NotSent(f"the server answered {error.smtp_code}", is_final=is_final) from error
    except (smtplib.SMTPException, OSError) as error:
        raise NotSent(_words(error, to_server), is_absent=isinstance(error, OSError)) from error


def _connection(to_server: Server, letter: Letter) -> smtplib.SMTP:
    # The name given in EHLO is the sender's domain; smtplib would ask a resolver for one.
    name = letter.sender.rpartition("@")[2].rstrip("> ") or "localhost"
    made: smtplib.SMTP
    if to_server.tls:
        context = ssl.create_default_context()
        made = smtplib.SMTP_SSL(local_hostname=name, timeout=TIMEOUT_S, context=context)
    else:
        made = smtplib.SMTP(local_hostname=name, timeout=TIMEOUT_S)
    # `connect` alone would leave the name of the host unset, by which certificates are checked.
    made._host = to_server.host  # type: ignore[attr-defined]  # noqa: SLF001 - as the constructor does
    return made


@contextlib.contextmanager
def _ended_after(longest_s: float, connection: smtplib.SMTP) -> Iterator[None]:
    """Hang up once it takes longer, whatever it waits for."""

    def hang_up() -> None:
        with contextlib.suppress(OSError, AttributeError):
            if connection.sock is not None:  # None before it has begun and once it has ended.
                connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(longest_s, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _secure(connection: smtplib.SMTP, to_server: Server) -> None:
    if to_server.tls or to_server.starttls == "never":
        return
    connection.ehlo_or_helo_if_needed()
    if connection.has_extn("starttls"):
        connection.starttls(context=ssl.create_default_context())
        connection.ehlo()
    elif to_server.starttls == "required":
        raise NotSent(
            f"{to_server.host} offers no STARTTLS; use smtps://, or ?starttls=never to go without"
        )


def _words(error: Exception, to_server: Server) -> str:
    place = f"{to_server.host}:{to_server.port}"
    match error:
        case ssl.SSLCertVerificationError():
            return f"the certificate of {place} is not trusted: {error.verify_message}"
        case ssl.SSLError():
            return f"{place} does not speak TLS as the URL says"
        case TimeoutError():
            return f"{place} did not answer in time"
        case smtplib.SMTPServerDisconnected():
            return f"{place} hung up"
        case smtplib.SMTPException():
            return f"{place} answered what is not understood"
        case _:
            return f"{place} cannot be reached"


def _address(text: str) -> Address | str:
    """An address as a header: “Name <a@b>” or the bare address."""
    flat = _flat(text)
    name, _, rest = flat.rpartition("<")
    spec = rest.rstrip("> ") if rest and flat.endswith(">") else flat
    return Address(display_name=name.strip().strip('"'), addr_spec=spec)


def _flat(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())

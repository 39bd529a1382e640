"""Reading a message: who wrote it, what it says, what came with it. Made for hostile input.

The standard library parses, with its lenient policy; this module bounds what it is given (size,
headers, parts, depth) and decodes what it leaves alone: RFC 2047 in headers and file names, RFC
2231 in parameters, charsets that are wrong or unknown.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message as Mime
from email.policy import compat32
from email.utils import collapse_rfc2231_value, unquote
from html.parser import HTMLParser
from typing import Any

from integrations.mail.post import Unreadable
from integrations.mail.rebuild import (
    LARGEST_HEADERS_BYTES,
    Attachment,
    Header,
    in_utf8,
    top_headers,
)

MOST_PARTS = 200
DEEPEST = 12
MOST_MULTIPARTS = 60
LONGEST_SUBJECT = 998
LONGEST_TEXT = 256 << 10
_MULTIPART = re.compile(rb"multipart/|message/", re.IGNORECASE)
_TYPE_LINE = re.compile(rb"^content-type[ \t]*:", re.IGNORECASE | re.MULTILINE)
_ADDRESS = r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]+(?:\.[\w-]+)*"
_AUTHOR = re.compile(
    rf"""(?:(?P<name>"(?:[^"\\]|\\.)*"|[^"<>@,;:]*)\s*<\s*(?P<inside>{_ADDRESS})\s*>"""
    rf"|(?P<bare>{_ADDRESS}))",
    re.ASCII,
)
MESSAGE_ID = re.compile(r"<[^<>\s]{1,900}>")


@dataclass(frozen=True)
class Message:
    """What stands in a message."""

    headers: Sequence[Header] = field(repr=False)
    sender: str
    """The one address in the one From, in lower case; '' when there is none, or more than one."""
    sender_name: str
    subject: str
    text: str = field(repr=False)
    attachments: Sequence[Attachment] = field(repr=False)
    message_id: str
    references: Sequence[str]
    is_report: bool
    """Whether it is a delivery report, or a receipt."""

    def all(self, name: str) -> list[str]:
        """The values of every header of this name (in lower case)."""
        return [value for key, value in self.headers if key.lower() == name]

    def first(self, name: str) -> str:
        """The value of the first header of this name, or ''."""
        return next(iter(self.all(name)), "")


def read(raw: bytes) -> Message:
    """What stands in the message.

    Raises:
        Unreadable: when it is too deep, has too many parts or too large a head, or none at all.
    """
    _require_bounds(raw)
    try:
        mime = message_from_bytes(raw, policy=compat32)
        return _read(raw, mime)
    except (RecursionError, HeaderParseError, ValueError, AttributeError, IndexError) as error:
        raise Unreadable("The message is put together so that it cannot be read.") from error


def _read(raw: bytes, mime: Mime) -> Message:
    headers = [(name, decoded(value)) for name, value in top_headers(raw)]
    if not headers:
        raise Unreadable("The message has no headers.")
    parts = list(_parts(mime, 0))
    name, sender = author([value for key, value in top_headers(raw) if key.lower() == "from"])
    ids = {
        wanted: [i for key, v in headers if key.lower() == wanted for i in MESSAGE_ID.findall(v)]
        for wanted in ("message-id", "references", "in-reply-to")
    }
    subject = next((value for key, value in headers if key.lower() == "subject"), "")
    return Message(
        headers=headers,
        sender=sender,
        sender_name=name[:200],
        subject=subject[:LONGEST_SUBJECT].strip(),
        text=_text(parts),
        attachments=[found for part in parts if (found := _attachment(part)) is not None],
        message_id=next(iter(ids["message-id"]), ""),
        references=[*ids["references"], *ids["in-reply-to"]][-50:],
        is_report=mime.get_content_type() == "multipart/report",
    )


def decoded(value: str) -> str:
    """A header's value with its encoded words (RFC 2047) decoded; else as it is."""
    if "=?" not in value:
        return clean(value)
    try:
        parts = decode_header(value)
    except (HeaderParseError, ValueError):
        return clean(value)
    words = [
        each if isinstance(each, str) else in_charset(each, charset or "ascii")
        for each, charset in parts
    ]
    return clean("".join(words))


def in_charset(data: bytes, charset: str) -> str:
    """Text in the charset that is said, else in UTF-8, else in whatever takes every byte."""
    for name in (charset, "utf-8"):
        try:
            return data.decode(name)
        except (LookupError, UnicodeError, ValueError):
            continue
    return data.decode("windows-1252", "replace")


def clean(text: str) -> str:
    """Text on one line, without what cannot be shown or kept."""
    plain = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return " ".join("".join(c if c.isprintable() else " " for c in plain).split())


def _require_bounds(raw: bytes) -> None:
    head = re.search(rb"\r?\n\r?\n", raw[: LARGEST_HEADERS_BYTES + 4])
    if head is None and len(raw) > LARGEST_HEADERS_BYTES:
        raise Unreadable(
            f"The head of the message is larger than {LARGEST_HEADERS_BYTES >> 10} KB."
        )
    if len(_within(_MULTIPART, raw, MOST_MULTIPARTS)) > MOST_MULTIPARTS:
        raise Unreadable("The message holds too many messages within messages.")
    if len(_within(_TYPE_LINE, raw, MOST_PARTS)) > MOST_PARTS:
        raise Unreadable(f"The message has more than {MOST_PARTS} parts.")


def _within(pattern: re.Pattern[bytes], raw: bytes, most: int) -> list[int]:
    """Where the pattern stands, up to one more than the most that is allowed."""
    found: list[int] = []
    for match in pattern.finditer(raw):
        found.append(match.start())
        if len(found) > most:
            break
    return found


def _parts(mime: Mime, depth: int) -> Iterator[Mime]:
    """The leaves, in order. A message within a message is a leaf: an attachment."""
    if depth > DEEPEST:
        raise Unreadable("The message is nested too deep.")
    inner = _inner(mime)
    if not inner or mime.get_content_maintype() == "message":
        yield mime
        return
    if len(inner) > MOST_PARTS:
        raise Unreadable(f"The message has more than {MOST_PARTS} parts.")
    for part in inner:
        yield from _parts(part, depth + 1)


def author(values: Sequence[str]) -> tuple[str, str]:
    """(name, address) of the one author in the From lines; two authors or lines are nobody."""
    if len(values) != 1 or len(values[0]) > LONGEST_SUBJECT * 2:
        return "", ""
    # Stricter than parsers are: where two could read two addresses, a forger picks his reader.
    found = _AUTHOR.fullmatch(values[0].strip())
    if found is None:
        return "", ""
    name = (found["name"] or "").strip().strip('"')
    return decoded(name), (found["inside"] or found["bare"]).lower()


def _text(parts: Sequence[Mime]) -> str:
    """What the message says: its plain text, or the words of its HTML."""
    for kind in ("text/plain", "text/html"):
        for part in parts:
            if part.get_content_type() == kind and not _is_file(part):
                words = in_charset(_data(part), part.get_content_charset() or "utf-8")
                return _tidy(_words_of(words) if kind == "text/html" else words)
    return ""


def _tidy(words: str) -> str:
    words = words.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    plain = words.encode("utf-8", "replace").decode()
    return plain[:LONGEST_TEXT].strip("\n")


def _attachment(part: Mime) -> Attachment | None:
    if not _is_file(part):
        return None
    if part.get_content_maintype() == "message":
        data = b"".join(inner.as_bytes() for inner in _inner(part))
    else:
        data = _data(part)
    content_id = part.get("Content-ID", "") if _disposition(part) != "attachment" else ""
    kind = part.get_content_type()
    return Attachment(_filename(part), kind, data, clean(str(content_id)).strip("<>"))


def _inner(part: Mime) -> list[Mime]:
    payload = part.get_payload()
    return [each for each in payload if isinstance(each, Mime)] if isinstance(payload, list) else []


def _data(part: Mime) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _is_file(part: Mime) -> bool:
    if _disposition(part) == "attachment" or _filename(part):
        return True
    return part.get_content_maintype() not in {"text", "multipart"}


def _disposition(part: Mime) -> str:
    return str(part.get("Content-Disposition", "")).partition(";")[0].strip().lower()


def _filename(part: Mime) -> str:
    """The name its sender gave the file, decoded, as it is: not to be used as a path."""
    for header, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        found = _parameter(part, header, parameter)
        if isinstance(found, tuple):
            charset, _, value = found
            return clean(in_charset(value.encode("latin-1", "replace"), charset or "utf-8"))
        if found:
            return decoded(unquote(collapse_rfc2231_value(str(found))))
    return ""


def _parameter(part: Mime, header: str, name: str) -> Any:
    """A parameter of a header that may hold bytes, which the parser would replace by marks."""
    raw = next((value for key, value in part.raw_items() if key.lower() == header), None)
    if raw is None:
        return None
    holder: Mime = Mime(policy=compat32)
    holder[header] = in_utf8(raw)
    return holder.get_param(name, header=header)


class _Words(HTMLParser):
    """Collects the words of a page, with a new line where a block begins."""

    _BLOCKS = frozenset("p div br tr li h1 h2 h3 h4 h5 h6 table ul ol blockquote pre hr".split())
    _HIDDEN = frozenset({"script", "style", "head", "title"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, _attributes: list[tuple[str, str | None]]) -> None:
        """A block begins on a line of its own."""
        self._hidden += tag in self._HIDDEN
        if tag in self._BLOCKS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        """What follows a block begins on a new line."""
        self._hidden = max(0, self._hidden - (tag in self._HIDDEN))
        if tag in self._BLOCKS - {"br", "hr"}:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        """Text, unless it is none for people."""
        if not self._hidden:
            self.words.append(re.sub(r"\s+", " ", data))


def _words_of(html: str) -> str:
    reader = _Words()
    reader.feed(html[: LONGEST_TEXT * 4])
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.words).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

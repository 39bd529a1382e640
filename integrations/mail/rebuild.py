"""Putting a message together again from the parts a service made of it, and reading form fields."""

import json
import re
from base64 import encodebytes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import getaddresses
from secrets import token_hex
from typing import Any
from urllib.parse import quote

from integrations.mail.post import Part, Unreadable

Header = tuple[str, str]
LARGEST_HEADERS_BYTES = 256 << 10
MOST_HEADERS = 1000
_NAME = re.compile(r"[\x21-\x39\x3b-\x7e]{1,200}")
_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}")
_OWN = ("content-", "mime-version")


@dataclass(frozen=True)
class Attachment:
    """A file that came with a message. `content_id` is set when the text shows it inline."""

    name: str
    content_type: str
    data: bytes = field(repr=False)
    content_id: str = ""


def message(
    headers: Sequence[Header], *, text: str, html: str, attachments: Sequence[Attachment]
) -> bytes:
    """A MIME message of these headers and parts; what a header says of its own body is left out."""
    boundary = f"gantry-{token_hex(16)}"
    lines = [_line(name, value) for name, value in headers[:MOST_HEADERS] if _is_kept(name)]
    lines += ["MIME-Version: 1.0", f'Content-Type: multipart/mixed; boundary="{boundary}"', "", ""]
    parts: list[bytes] = ["\r\n".join(lines).encode("utf-8", "replace")]
    for kind, words in (("plain", text), ("html", html)):
        if words:
            parts.append(
                _part(
                    boundary,
                    [f"Content-Type: text/{kind}; charset=utf-8"],
                    words.encode("utf-8", "replace"),
                )
            )
    parts += [_part(boundary, _headers_of(each), each.data) for each in attachments]
    parts.append(f"--{boundary}--\r\n".encode())
    return b"".join(parts)


def top_headers(raw: bytes) -> list[Header]:
    """The headers of a message in their order, undecoded, unfolded."""
    head = re.split(rb"\r?\n\r?\n", raw[:LARGEST_HEADERS_BYTES], maxsplit=1)[0]
    read = BytesHeaderParser(policy=compat32).parsebytes(head + b"\r\n\r\n")
    return [(in_utf8(name), " ".join(in_utf8(value).split())) for name, value in read.raw_items()]


def in_utf8(text: object) -> str:
    """What the parser kept of bytes that are not ASCII, as the UTF-8 that it mostly is."""
    return str(text).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def text(form: Mapping[str, Part], name: str, charset: str = "utf-8") -> str:
    """A field's text, or '' when it is not there."""
    part = form.get(name)
    if part is None:
        return ""
    try:
        return part.data.decode(charset, "replace")
    except LookupError:
        return part.data.decode("utf-8", "replace")


def json_object(words: str | bytes, what: str) -> dict[str, Any]:
    """A JSON object.

    Raises:
        Unreadable: when it is none.
    """
    try:
        read = json.loads(words)
    except (ValueError, RecursionError):
        raise Unreadable(f"{what} is no JSON.") from None
    if not isinstance(read, dict):
        raise Unreadable(f"{what} is no JSON object.")
    return read


def addresses(words: str) -> tuple[str, ...]:
    """The bare addresses in a list of them, in lower case."""
    return tuple(address.lower() for _, address in getaddresses([words]) if "@" in address)


def _is_kept(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and not name.lower().startswith(_OWN)


def _line(name: str, value: str) -> str:
    """A header as it is written, in UTF-8, on one line."""
    return f"{name}: {' '.join(value.split())}"


def _headers_of(attachment: Attachment) -> list[str]:
    kind = attachment.content_type.split(";")[0].strip().lower()
    lines = [f"Content-Type: {kind if _TYPE.fullmatch(kind) else 'application/octet-stream'}"]
    how = "inline" if attachment.content_id else "attachment"
    name = quote(attachment.name.encode("utf-8", "replace"), safe="")
    lines.append(f"Content-Disposition: {how}; filename*=utf-8''{name}")
    if attachment.content_id:
        cid = "".join(c for c in attachment.content_id if c.isprintable() and c not in "<>")
        lines.append(f"Content-ID: <{cid.encode('ascii', 'replace').decode()}>")
    return lines


def _part(boundary: str, headers: Sequence[str], data: bytes) -> bytes:
    head = "\r\n".join([f"--{boundary}", *headers, "Content-Transfer-Encoding: base64", "", ""])
    return head.encode() + encodebytes(data).replace(b"\n", b"\r\n") + b"\r\n"

"""Large bodies: spooled to the data directory's disk, and read as a form byte by byte.

Flask's own form decodes fields as UTF-8 and loses what is not; a message in 8 bit would be damaged.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import parse_qsl

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder

from integrations.mail.post import Part, Unreadable
from services.errors import TooLarge

IN_MEMORY_BYTES = 512 << 10
CHUNK_BYTES = 1 << 16
MOST_PARTS = 500


@contextmanager
def spooled(request: Request, folder: Path, limit_bytes: int) -> Iterator[BinaryIO]:
    """The request's body as a file, gone afterwards.

    Raises:
        TooLarge: when it is larger than `limit_bytes`.
    """
    if (request.content_length or 0) > limit_bytes:
        raise _too_large(limit_bytes)
    request.max_content_length = limit_bytes
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES, dir=str(folder)) as file:
        taken = 0
        try:
            while chunk := request.stream.read(CHUNK_BYTES):
                taken += len(chunk)
                if taken > limit_bytes:
                    raise _too_large(limit_bytes)
                file.write(chunk)
        except RequestEntityTooLarge:
            raise _too_large(limit_bytes) from None
        file.seek(0)
        yield cast("BinaryIO", file)


def form(content_type: str, body: BinaryIO) -> Mapping[str, Part]:
    """The body as a form, each field as its bytes; of a repeated field the first.

    Raises:
        Unreadable: when it is none.
    """
    kind, options = parse_options_header(content_type)
    body.seek(0)
    if kind == "application/x-www-form-urlencoded":
        return _urlencoded(body.read())
    if kind == "multipart/form-data" and options.get("boundary"):
        return _multipart(body, options["boundary"])
    raise Unreadable("Send a form: multipart/form-data or application/x-www-form-urlencoded.")


def _urlencoded(body: bytes) -> Mapping[str, Part]:
    try:
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_PARTS)
    except ValueError:
        raise Unreadable("The form cannot be read.") from None
    found: dict[str, Part] = {}
    for name, value in pairs:
        found.setdefault(name.decode("utf-8", "replace"), Part(value))
    return found


def _multipart(body: BinaryIO, boundary: str) -> Mapping[str, Part]:
    decoder = MultipartDecoder(boundary.encode("latin-1", "replace"), max_parts=MOST_PARTS)
    found: dict[str, Part] = {}
    heads: Field | File | None = None
    content = bytearray()
    try:
        while True:
            match decoder.next_event():
                case Field() | File() as head:
                    heads, content = head, bytearray()
                case Data(data=data, more_data=more):
                    content += data
                    if not more and heads is not None:
                        found.setdefault(heads.name, _part(heads, bytes(content)))
                case Epilogue():
                    return found
                case _:
                    chunk = body.read(CHUNK_BYTES)
                    decoder.receive_data(chunk or None)
    except (ValueError, RequestEntityTooLarge):
        raise Unreadable("The form cannot be read.") from None


def _part(head: Field | File, data: bytes) -> Part:
    kind = head.headers.get("content-type", "")
    return Part(data, head.filename if isinstance(head, File) else None, kind)


def _too_large(limit_bytes: int) -> TooLarge:
    return TooLarge(f"At most {limit_bytes >> 20} MB are taken here, with all that is around it.")

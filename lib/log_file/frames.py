"""Finished logs as zstd frames that can be entered anywhere.

The format is zstd's own "seekable format": independent frames, then a skippable frame with the
size of each (facebook/zstd, contrib/seekable_format). Any zstd tool unpacks it.
"""

import fcntl
import os
import struct
from bisect import bisect_right
from itertools import accumulate
from pathlib import Path

FRAME_BYTES = 256 * 1024
LEVEL = 3

_SKIPPABLE_MAGIC = 0x184D2A5E
_SEEKABLE_MAGIC = 0x8F92EAB1
_ENTRY = struct.Struct("<II")
_HEADER = struct.Struct("<II")
_FOOTER = struct.Struct("<IBI")


def compressed_path(log_path: Path) -> Path:
    """Where the compressed form of the log at `log_path` is."""
    return log_path.with_name(log_path.name + ".zst")


def compress(log_path: Path) -> None:
    """Turn a finished log into its compressed form, durably, and remove the plain one.

    Interrupted at any point it leaves a whole log in one of the two forms, and can be repeated.

    Raises:
        BlockingIOError: when somebody still writes the log.
        FileNotFoundError: when there is no plain log.
    """
    target = compressed_path(log_path)
    unfinished = target.with_name(target.name + ".tmp")
    with log_path.open("rb") as log:
        fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with unfinished.open("wb") as out:
            unfinished.chmod(0o600)
            entries = _write_frames(log.fileno(), out.fileno())
            out.write(_seek_table(entries))
            out.flush()
            os.fsync(out.fileno())
        unfinished.rename(target)
        log_path.unlink()


def _write_frames(log_fd: int, out_fd: int) -> list[tuple[int, int]]:
    from zstandard import ZstdCompressor  # noqa: PLC0415 - supervisors only append: keep them small.

    compressor = ZstdCompressor(level=LEVEL, write_checksum=True)
    entries = []
    while block := os.read(log_fd, FRAME_BYTES):
        frame = compressor.compress(block)
        os.write(out_fd, frame)
        entries.append((len(frame), len(block)))
    return entries


def _seek_table(entries: list[tuple[int, int]]) -> bytes:
    table = b"".join(_ENTRY.pack(*entry) for entry in entries)
    footer = _FOOTER.pack(len(entries), 0, _SEEKABLE_MAGIC)
    return _HEADER.pack(_SKIPPABLE_MAGIC, len(table) + len(footer)) + table + footer


class Frames:
    """Random access to a compressed log. `size` is that of the plain bytes.

    Raises:
        ValueError: when the file has no seek table.
    """

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        entries = _read_seek_table(self.fd)
        self._sizes = [packed for packed, _ in entries]
        self._packed_at = [0, *accumulate(self._sizes)]
        self._plain_at = [0, *accumulate(plain for _, plain in entries)]
        self._cached: tuple[int, bytes] = (-1, b"")

    @property
    def size(self) -> int:
        """The length of the plain log in bytes."""
        return self._plain_at[-1]

    def read(self, offset: int, limit: int) -> bytes:
        """At most `limit` plain bytes from `offset` on; fewer only at the end."""
        pieces, end = [], min(offset + limit, self.size)
        while offset < end:
            at = bisect_right(self._plain_at, offset) - 1
            skip = offset - self._plain_at[at]
            piece = self._frame(at)[skip : skip + end - offset]
            pieces.append(piece)
            offset += len(piece)
        return b"".join(pieces)

    def _frame(self, at: int) -> bytes:
        if self._cached[0] != at:
            from zstandard import ZstdDecompressor  # noqa: PLC0415 - as above.

            packed = os.pread(self.fd, self._sizes[at], self._packed_at[at])
            self._cached = (at, ZstdDecompressor().decompress(packed))
        return self._cached[1]


def _read_seek_table(fd: int) -> list[tuple[int, int]]:
    size = os.fstat(fd).st_size
    footer = os.pread(fd, _FOOTER.size, max(0, size - _FOOTER.size))
    if len(footer) < _FOOTER.size or _FOOTER.unpack(footer)[2] != _SEEKABLE_MAGIC:
        raise ValueError("The compressed log has no seek table.")
    length = _FOOTER.unpack(footer)[0] * _ENTRY.size
    table = os.pread(fd, length, size - _FOOTER.size - length)
    return list(_ENTRY.iter_unpack(table))

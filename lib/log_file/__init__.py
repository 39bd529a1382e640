"""A run's log: one append-only sequence of bytes, with an index of lines and times beside it.

`LogWriter` appends, `LogReader` pages and searches while that goes on, in any process, and
`compress` turns a finished log into seekable zstd frames that the same reader reads.
"""

from lib.log_file.frames import compress
from lib.log_file.reader import Line, LogReader, Match, Page
from lib.log_file.writer import LogWriter

__all__ = ["Line", "LogReader", "LogWriter", "Match", "Page", "compress"]

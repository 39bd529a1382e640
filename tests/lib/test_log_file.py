"""A log keeps every byte, is paged while it grows, and reads the same once it is compressed."""

import multiprocessing
import os
import random
import resource
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from lib import clock
from lib.log_file import LogReader, LogWriter, compress
from lib.log_file.index import index_path
from lib.log_file.reader import LINE_LIMIT_BYTES
from lib.log_file.writer import gap_notice

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ab" / "run.log"


def random_lines(count, *, seed=1):
    rng = random.Random(seed)  # noqa: S311 - the same every time.
    return [b"%d " % n + b"x" * rng.choice((0, 3, 40, 40, 90, 900)) for n in range(1, count + 1)]


def write(path, data, *, piece=70_000):
    with LogWriter(path) as log:
        for at in range(0, len(data), piece):
            log.write(data[at : at + piece])


@pytest.fixture(params=["plain", "compressed"])
def form(request):
    return compress if request.param == "compressed" else lambda _: None


def test_every_byte_is_kept(path, form):
    data = random.Random(2).randbytes(700_000)  # noqa: S311 - the same every time.
    write(path, data)
    form(path)

    with LogReader(path) as log:
        assert log.size == len(data)
        assert log.read(0, len(data) + 1) == data
        assert log.read(262_140, 10) == data[262_140:262_150]
        assert log.read(len(data), 10) == b""


def test_any_page_of_lines_is_found(path, form):
    lines = random_lines(5_000)
    write(path, b"\n".join(lines) + b"\n")
    form(path)

    with LogReader(path) as log:
        assert log.line_count == 5_000
        for first in (1, 2, 777, 2_500, 4_990, 5_000, 5_001):
            page = log.page(first, 20)
            assert [line.text for line in page.lines] == lines[first - 1 : first + 19]
            assert [line.number for line in page.lines] == list(
                range(first, min(first + 20, 5_001))
            )
            for line in page.lines:
                assert log.line_at(line.offset) == line.number
                assert log.offset_of(line.number) == line.offset


def test_without_its_index_a_log_reads_the_same(path):
    lines = random_lines(3_000)
    write(path, b"\n".join(lines) + b"\n")
    index_path(path).unlink()

    with LogReader(path) as log:
        assert [line.text for line in log.page(2_000, 3).lines] == lines[1_999:2_002]
        assert log.line_count == 3_000


def test_the_tail_is_the_last_lines_and_a_line_without_its_end_counts(path):
    write(path, b"a\nb\nc")

    with LogReader(path) as log:
        assert log.line_count == 3
        assert [line.text for line in log.tail(2).lines] == [b"b", b"c"]
        assert log.tail(2).next_offset == 5


def test_a_log_that_is_not_there_reads_as_empty(path):
    with LogReader(path) as log:
        assert not log.exists
        assert (log.size, log.line_count, log.read(0, 9)) == (0, 0, b"")
        assert log.page(1, 10).lines == []
        assert log.search("x") == []


def test_a_reader_sees_a_log_grow(path):
    with LogWriter(path) as writer, LogReader(path) as log:
        writer.write(b"one\ntw")
        assert [line.text for line in log.page(1, 10).lines] == [b"one", b"tw"]
        page = log.page(1, 10)
        writer.write(b"o\nthree\n")
        assert log.read(page.next_offset, 100) == b"o\nthree\n"
        assert [line.text for line in log.page(2, 10).lines] == [b"two", b"three"]


def test_huge_lines_are_clipped_and_cost_no_memory(path, form):
    write(path, b"short\n" + b"y" * 3_000_000 + b"\nlast\n" + b"z" * 400_000)
    form(path)

    with LogReader(path) as log:
        lines = log.page(1, 10).lines

    assert [(line.number, line.length, len(line.text)) for line in lines] == [
        (1, 5, 5),
        (2, 3_000_000, LINE_LIMIT_BYTES),
        (3, 4, 4),
        (4, 400_000, LINE_LIMIT_BYTES),
    ]


def test_a_line_knows_when_it_was_written(path):
    with clock.frozen(START) as time_, LogWriter(path) as log:
        for number in range(10):
            log.write(b"line %d\n" % number)
            time_.advance(2)

    with LogReader(path) as log:
        assert log.time_of(1) == START
        assert log.time_of(4) == START + timedelta(seconds=6)
        assert [line.at for line in log.page(3, 2).lines] == [
            START + timedelta(seconds=4),
            START + timedelta(seconds=6),
        ]


def test_search_finds_lines_in_any_case(path, form):
    lines = random_lines(20_000)
    lines[9] = b"Error: one"
    lines[15_000] = b"an error, and another ERROR"
    lines[19_999] = b"error"
    write(path, b"\n".join(lines))
    form(path)

    with LogReader(path) as log:
        found = log.search("eRRor")
        assert [match.line for match in found] == [10, 15_001, 20_000]
        assert log.read(found[1].offset, 5) == b"error"
        assert [match.line for match in log.search("error", from_line=11, limit=1)] == [15_001]


def test_search_finds_what_lies_across_blocks_of_a_huge_line(path):
    block = 1024 * 1024
    write(path, b"a" * (block - 3) + b"needle" + b"b" * block + b"\nneedle\n")

    with LogReader(path) as log:
        assert [(m.line, m.offset) for m in log.search("needle")] == [
            (1, block - 3),
            (2, 2 * block + 4),
        ]


def test_one_writer_at_a_time(path):
    script = (
        "import sys; from pathlib import Path; from lib.log_file import LogWriter\n"
        "with LogWriter(Path(sys.argv[1])) as log: log.write(b'other\\n')"
    )
    with LogWriter(path) as log:
        other = subprocess.Popen([sys.executable, "-c", script, str(path)])
        time.sleep(0.2)
        log.write(b"mine\n")
        assert other.poll() is None

    assert other.wait(10) == 0
    assert path.read_bytes() == b"mine\nother\n"


def test_a_writer_that_is_killed_leaves_the_log_to_the_next(path):
    with LogWriter(path) as log:
        log.write(b"before\n")
    child = os.fork()
    if child == 0:
        LogWriter(path).write(b"killed\n")
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)

    with LogWriter(path) as log:
        log.write(b"after\n")

    assert path.read_bytes() == b"before\nkilled\nafter\n"
    with LogReader(path) as log:
        assert [line.text for line in log.page(1, 9).lines] == [b"before", b"killed", b"after"]


def write_beyond_a_limit(path, result):
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 100_000))
    with LogWriter(path) as log:
        log.write(b"a" * 900 + b"\n")
        log.write(b"b" * 500)
        log.write(b"c" * 500)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        log.write(b"after\n")
        result.put((log.missing_bytes, log.accounted_since(0)))


def test_what_cannot_be_written_is_counted_and_told_once_there_is_room(path):
    context = multiprocessing.get_context("fork")
    result = context.SimpleQueue()
    child = context.Process(target=write_beyond_a_limit, args=(path, result))
    child.start()
    child.join()

    missing, accounted = result.get()

    assert missing == 901
    assert path.read_bytes() == b"a" * 900 + b"\n" + b"b" * 99 + gap_notice(901) + b"after\n"
    assert accounted == 901 + 1000 + 6
    with LogWriter(path) as log:
        assert log.accounted_since(0) == accounted


def test_compressing_is_refused_while_somebody_writes(path):
    with LogWriter(path) as log:
        log.write(b"x\n")
        with pytest.raises(BlockingIOError):
            compress(path)


def test_a_compressed_log_is_small_private_and_plain_zstd(path):
    write(path, b"the same line again and again\n" * 50_000)
    size = path.stat().st_size

    compress(path)

    packed = path.with_name("run.log.zst")
    assert not path.exists()
    assert packed.stat().st_size < size / 50
    assert packed.stat().st_mode & 0o777 == 0o600


def test_pages_of_a_million_lines_are_quick(path):
    line = b"aws_instance.web: Still creating... [10s elapsed]\n"
    write(path, line * 1_000_000, piece=1 << 20)

    for first in (1, 500_000, 999_501):
        started = time.perf_counter()
        with LogReader(path) as log:
            page = log.page(first, 500)
        assert time.perf_counter() - started < 0.1  # Far above what it takes, for a busy machine.
        assert [entry.number for entry in page.lines] == list(range(first, first + 500))

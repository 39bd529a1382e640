"""Reading a log: every way of paging gives every line exactly once."""

import pytest

from lib.log_file import compress
from models.run_state import RunState
from services import logs
from services.house import house
from tests import run_stories as stories

S = RunState


@pytest.fixture
def run(world):
    return stories.told(world.deployment(), stories.TO_A_PLAN)


def printed(run, count):
    lines = [b"line %d of \x1b[31mmany\x1b[0m <b>\n" % number for number in range(1, count + 1)]
    stories.write_log(run, b"".join(lines))
    return [f"line {number} of" for number in range(1, count + 1)]


def starts(page):
    return [line.html.split(" <")[0] for line in page.lines]


def test_pages_put_together_are_the_log(run):
    expected = printed(run, 1234)
    found, first = [], 1

    while True:
        page = logs.page(run, first)
        found += starts(page)
        if not page.has_later:
            break
        first = page.last + 1

    assert found == expected
    assert page.line_count == 1234


def test_what_came_after_an_offset_neither_repeats_nor_misses(run):
    expected, found, offset = [], [], 0

    for count in range(1, 60):
        stories.write_log(run, b"%d" % count)
        begun = logs.after(run, offset)
        stories.write_log(run, b" done\n")
        ended = logs.after(run, begun.next_offset)
        offset = ended.next_offset
        expected.append(f"{count} done")
        found += [line.html for line in (*begun.lines, *ended.lines)]

    assert found == expected


def test_far_behind_is_caught_up_with_in_bounded_steps(run):
    stories.write_log(run, (b"x" * 99 + b"\n") * 5000)
    offset, count, steps = 0, 0, 0

    while (page := logs.after(run, offset)).lines:
        offset, count, steps = page.next_offset, count + len(page.lines), steps + 1

    assert (count, steps) == (5000, 4)


def test_a_last_line_without_its_end_comes_when_the_run_is_over(run):
    stories.write_log(run, b"one\ntwo")

    growing = [line.html for line in logs.after(run, 0).lines]
    run.state = S.FINISHED
    ended = [line.html for line in logs.after(run, 4).lines]

    assert (growing, ended) == (["one"], ["two"])


def test_a_line_longer_than_a_step_does_not_stop_the_log(run):
    stories.write_log(run, b"y" * 300_000 + b"\nnext\n")
    offset, numbers = 0, []

    for _ in range(5):
        page = logs.after(run, offset)
        offset = page.next_offset
        numbers += [line.number for line in page.lines]

    assert offset == 300_006
    assert numbers == [1, 2]


@pytest.mark.parametrize("offset", [-5, 10**9])
def test_odd_offsets_do_no_harm(run, offset):
    printed(run, 3)

    assert logs.after(run, offset).next_offset == logs.size(run)


def test_the_tail_of_a_part_is_of_that_part(run):
    printed(run, 100)
    start = len(b"".join(b"line %d of \x1b[31mmany\x1b[0m <b>\n" % n for n in range(1, 11)))
    end = len(b"".join(b"line %d of \x1b[31mmany\x1b[0m <b>\n" % n for n in range(1, 21)))

    page = logs.tail(run, 4, start=start, end=end)

    assert starts(page) == ["line 17 of", "line 18 of", "line 19 of", "line 20 of"]


def test_a_line_that_two_phases_share_belongs_to_the_first(run):
    stories.write_log(run, b"one\ntwo begun, ended\nthree\n")

    first = logs.tail(run, start=0, end=8)
    second = logs.tail(run, start=8)

    assert [line.number for line in first.lines] == [1, 2]
    assert [line.number for line in second.lines] == [3]


def test_search_looks_through_the_whole_log(run):
    printed(run, 3000)

    found = logs.search(run, "LINE 2999 OF")

    assert [line.number for line in found.lines] == [2999]
    assert not found.cut_short


def test_search_stops_at_its_limit_and_says_so(run):
    printed(run, 500)

    found = logs.search(run, "line", limit=10)

    assert (len(found.lines), found.cut_short) == (10, True)


def test_markup_in_a_log_is_text_and_colours_are_classes(run):
    stories.write_log(run, b"\x1b[31m<script>alert(1)</script>\x1b[0m \x1b]0;title\x07\x1b[2J\n")

    html = logs.page(run, 1).lines[0].html

    assert "&lt;script&gt;" in html
    assert 'class="ansi31"' in html
    assert "\x1b" not in html
    assert "title" not in html


def test_a_colour_left_open_holds_on_the_next_page(run):
    stories.write_log(run, b"\x1b[32mgreen\nstill\n")

    html = logs.page(run, 2, 1).lines[0].html

    assert 'class="ansi32"' in html


def test_a_compressed_log_reads_the_same(run):
    expected = printed(run, 700)
    compress(house().log_path(run.id))

    assert starts(logs.page(run, 1, 700)) == expected
    assert [line.number for line in logs.search(run, "line 650").lines] == [650]
    assert b"".join(logs.raw(run)).count(b"\n") == 700


def test_a_run_without_a_log_has_an_empty_one(run):
    assert logs.page(run, 1).lines == []
    assert logs.tail(run).lines == ()
    assert logs.search(run, "x").lines == []
    assert list(logs.raw(run)) == []

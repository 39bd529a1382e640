"""Logs as HTML: colours as classes, and nothing in a log can do harm."""

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.ansi import LINE_LIMIT_CHARS, lines_to_html, state_after, strip


def html_of(*lines, state=""):
    return lines_to_html([line.encode() for line in lines], state)[0]


class Reader(HTMLParser):
    """The text of some HTML; refuses every tag but a span with classes."""

    def __init__(self, html):
        super().__init__()
        self.text, self.open = "", 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        assert (tag, [name for name, _ in attrs]) == ("span", ["class"])
        self.open += 1

    def handle_endtag(self, tag):
        assert tag == "span"
        self.open -= 1

    def handle_data(self, data):
        self.text += data


def test_colours_become_classes():
    assert html_of("\x1b[31mred\x1b[0m plain") == ['<span class="ansi31">red</span> plain']
    assert html_of("\x1b[1;92mok\x1b[m") == ['<span class="ansi1 ansi92">ok</span>']


def test_extended_colours_are_of_the_palette_so_that_a_stylesheet_can_know_them():
    assert html_of("\x1b[38;5;208mx") == ['<span class="ansi38-208">x</span>']
    assert html_of("\x1b[38;2;255;135;0mx") == ['<span class="ansi38-208">x</span>']
    assert html_of("\x1b[48;2;0;0;0mx") == ['<span class="ansi48-16">x</span>']
    assert html_of("\x1b[38;5mx") == ["x"]


def test_markup_is_text():
    assert html_of("<script>alert('&')</script>") == ["&lt;script&gt;alert('&amp;')&lt;/script&gt;"]
    assert html_of("\x1b[1m<b>") == ['<span class="ansi1">&lt;b&gt;</span>']


def test_each_line_stands_by_itself():
    lines, state = lines_to_html([b"\x1b[33ma", b"b", b"c\x1b[0m", b"d"])

    assert lines == [f'<span class="ansi33">{x}</span>' for x in "abc"] + ["d"]
    assert state == ""


def test_colours_hold_on_across_pages():
    _, state = lines_to_html([b"\x1b[1m\x1b[31ma\x1b[4mb\x1b[24m"])

    assert lines_to_html([b"c"], state)[0] == ['<span class="ansi1 ansi31">c</span>']
    assert state_after(b"\x1b[1m\x1b[31ma\x1b[4mb\x1b[24m") == state
    assert state_after(b"\x1b[0m", state) == ""
    assert state_after(b"\x1b[39m", state) == "\x1b[1m"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b]8;;javascript:alert(1)\x07click\x1b]8;;\x07", "click"),
        ("\x1b]8;;https://example.org\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]0;without an end", ""),
        ("\x1b[2J\x1b[1;1Hhome\x1b[K", "home"),
        ("one\x1b[Atwo", "onetwo"),
        ("\x1b(0lqk\x1b(B", "lqk"),
        ("\x1bPq#0\x1b\\sixel", "sixel"),
        ("bell\x07 null\x00", "bell\ufffd null\ufffd"),
        ("left\u202eright", "left\ufffdright"),
        ("tab\there", "tab\there"),
        ("cut\x1b[3", "cut"),
        ("cut\x1b", "cut"),
    ],
)
def test_control_sequences_are_harmless(written, shown):
    assert html_of(written) == [shown]


def test_progress_shows_its_end():
    assert html_of("10%\r50%\r100%") == ["100%"]
    assert html_of("windows line\r") == ["windows line"]
    assert html_of("\r\r") == [""]
    assert html_of("\x1b[31mred\rstill", "too") == [
        '<span class="ansi31">still</span>',
        '<span class="ansi31">too</span>',
    ]


def test_long_lines_are_clipped_with_a_note():
    (line,) = html_of("x" * (LINE_LIMIT_CHARS + 1234))

    assert line.startswith("x" * LINE_LIMIT_CHARS + '<span class="log-clipped">')
    assert "1,234 more characters" in line


def test_broken_utf_8_is_shown_as_such():
    assert lines_to_html([b"\xff\xfe ok"])[0] == ["\ufffd\ufffd ok"]


def test_plain_text_of_a_log():
    assert strip(b"\x1b[31ma\x1b[0m\r\n\tb\x07") == "a\n\tb"


@given(
    st.lists(st.text(st.sampled_from("\x1b[]0;138m<&>\"'a\r\x07\\P\x9b("), max_size=30), max_size=5)
)
def test_nothing_gets_out_of_its_line(texts):
    lines = html_of(*texts)

    assert len(lines) == len(texts)
    for line in lines:
        reader = Reader(line)
        assert reader.open == 0
        assert not set(reader.text) & set("\x1b\x07\r\n")


def test_a_page_is_quick():
    lines = [b'\x1b[1m\x1b[32m  + resource\x1b[0m "aws_instance" "web" { # <new>'] * 500

    started = time.perf_counter()
    lines_to_html(lines)

    assert time.perf_counter() - started < 0.1  # Far above what it takes, for a busy machine.

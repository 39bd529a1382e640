"""Tables and sentences: adaptive, harmless, and whole where no terminal is."""

import json

import pytest

from cli.client import output
from cli.client.failures import printable
from cli.client.output import Column, Output
from cli.client.screen import Lines, harmless

COLUMNS = [Column("id", "id"), Column("note", "note", 2), Column("by", "by", 1)]


def fitting(natural, room, empty=()):
    return output._fitting(natural, COLUMNS, room, set(empty))  # noqa: SLF001 - its arithmetic


def test_columns_of_little_weight_go_first_and_long_text_is_cut_before():
    assert fitting([10, 20, 10], 100) == {0: 10, 1: 20, 2: 10}
    assert fitting([10, 90, 10], 60) == {0: 10, 1: 40, 2: 10}
    assert fitting([10, 90, 10], 40) == {0: 10, 2: 10}
    assert fitting([30, 90, 10], 20) == {0: 26}
    assert fitting([10, 20, 10], 100, empty=[1]) == {0: 10, 2: 10}


def test_where_no_terminal_is_a_table_is_whole_and_aligned(capsys):
    page = {"items": [{"id": "a", "note": "x" * 200, "by": None}, {"id": "long", "note": "y"}]}

    Output().listing({**page, "next": None}, COLUMNS, "id")

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["ID", "NOTE", "BY"]
    assert lines[1] == f"a     {'x' * 200}"
    assert lines[2] == "long  y"


def test_ids_alone_when_quiet_and_the_api_s_json_for_programs(capsys):
    page = {"items": [{"id": "a"}, {"id": "b"}], "next": "c"}

    Output(quiet=True).listing(page, COLUMNS, "id")
    assert capsys.readouterr() == ("a\nb\n", "")
    Output(as_json=True).listing(page, COLUMNS, "id")
    assert json.loads(capsys.readouterr().out) == page


def test_an_empty_list_says_so_beside_the_output(capsys):
    Output().listing({"items": [], "next": None}, COLUMNS, "id")

    assert capsys.readouterr() == ("", "There are none.\n")


@pytest.mark.parametrize("evil", ["\x1b[2J", "\x1b]0;owned\x07", "\x9b2J", "\r", "\u202e", "\x00"])
def test_nothing_that_a_terminal_would_obey_is_printed(evil):
    assert evil[0] not in printable(f"a{evil}b")
    assert evil[0] not in harmless(f"a{evil}b")


def test_colours_of_a_log_stay_unless_they_are_unwanted():
    line = "\x1b[1;31mError\x1b[0m: \x1b[3Ano\x1bc"

    assert harmless(line) == "\x1b[1;31mError\x1b[0m: no"
    assert harmless(line, colours=False) == "Error: no"


def test_a_log_is_read_in_whole_lines_and_whole_letters():
    lines = Lines()
    data = "grün\nblau".encode()

    assert lines.take(data[:3]) == []
    assert lines.take(data[3:]) == ["grün"]
    assert lines.end() == ["blau"]
    assert lines.end() == []

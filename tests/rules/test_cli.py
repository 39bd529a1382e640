"""The command line: documented by itself, over every call of the API, quick, and by examples."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from cli import gantry
from cli.client.command import Command
from cli.late import LateGroup
from scripts import cli_page

ROOT = Path(__file__).resolve().parents[2]
LEAVES = dict(cli_page.leaves())
OURS = {name: each for name, each in LEAVES.items() if isinstance(each, Command)}
# Streams for programs that listen; the command line listens while it follows a run.
FOR_PROGRAMS = {
    "GET /configuration-versions/{version_id}",
    "GET /events",
    "GET /runs/{run_id}/events",
}


def calls_of_the_api():
    described = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    return {
        f"{method.upper()} {where.removeprefix('/api/v1')}"
        for where, operations in described["paths"].items()
        for method in operations
        if method in {"get", "post", "put", "patch", "delete"} and where.startswith("/api/v1")
    }


def test_the_page_of_commands_is_the_commands():
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")

    assert page == cli_page.text(), "run “make cli-docs”"


def test_every_call_of_the_api_has_a_command():
    made = {call for each in OURS.values() for call in each.calls}

    assert calls_of_the_api() - made - FOR_PROGRAMS == set()


def test_every_call_that_a_command_makes_is_one_of_the_api():
    made = {call for each in OURS.values() for call in each.calls}

    assert made - calls_of_the_api() == set()


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_command_has_examples_that_it_understands(name):
    command = OURS[name]
    options = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}

    assert command.examples
    for example in command.examples:
        example = example.removeprefix('eval "$(').removesuffix(')"')  # noqa: PLW2901 - as typed within
        found = re.search(rf"{re.escape(name)}\b[^|]*", example)
        assert found, example
        words = shlex.split(found[0].partition(" < ")[0].partition(" > ")[0], comments=True)
        used = {word.partition("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word)}
        assert used <= options, example


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_command_says_what_it_does_in_a_sentence(name):
    said = (OURS[name].help or "").strip()

    assert re.match(r"[A-Z][^\n]*(\n[^\n]+)*[.)]", said), said
    for each in OURS[name].params:
        if isinstance(each, click.Option) and not each.hidden:
            assert each.help, each.name


def test_names_of_commands_are_those_of_the_tables():
    def look(names, group):
        for name in group.list_commands(None):
            found = group.get_command(None, name)
            assert found.name == name, names
            if isinstance(group, LateGroup):
                assert group.said(name).endswith(".")
            if isinstance(found, click.Group):
                look(f"{names} {name}", found)

    look("gantry", gantry)


def test_the_client_loads_nothing_of_the_server_and_http_only_when_it_calls():
    code = (
        "import sys; from cli import gantry; from click.testing import CliRunner;"
        "[CliRunner().invoke(gantry, [*words, '--help']) for words in"
        " (['run'], ['run', 'create'], ['stack', 'list'], ['variable', 'set'])];"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()

    assert "click" in loaded
    late = {"urllib3", "rich"}
    assert not {"services", "models", "flask", "sqlalchemy", *late} & set(loaded)

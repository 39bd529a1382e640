"""Documentation that fails the build when it is behind: settings and paths."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from config import PREFIX, Settings, lines

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("line", lines(Settings()), ids=lambda line: line.variable)
def test_each_setting_is_documented_with_its_help(line):
    assert f"| `{line.variable}` |" in SETTINGS
    assert line.help in SETTINGS


def test_no_setting_is_documented_that_is_gone():
    known = {PREFIX + row.name.upper() for row in fields(Settings)}

    assert set(re.findall(r"^\| `(GANTRY_\w+)` \|", SETTINGS, re.MULTILINE)) == known


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "README.md"])
def test_paths_in_the_documents_exist(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    paths = re.findall(r"`([a-z_]+(?:/[a-z_.]+)*/|[a-z_/]+\.(?:py|md|toml|html|css|js))`", text)

    assert [path for path in paths if not (ROOT / path).exists()] == []

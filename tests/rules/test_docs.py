"""Documentation that fails the build when it is behind: settings and paths."""

import re
from pathlib import Path

import pytest

from scripts import settings_page

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_of_settings_is_the_table_s():
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")

    assert page == settings_page.text(), "run “python -m scripts.settings_page”"


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "README.md"])
def test_paths_in_the_documents_exist(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    paths = re.findall(r"`([a-z_]+(?:/[a-z_.]+)*/|[a-z_/]+\.(?:py|md|toml|html|css|js))`", text)

    made_later = {"data/"}  # Where a portal that is started here keeps what it makes.
    assert {path for path in paths if not (ROOT / path).exists()} <= made_later

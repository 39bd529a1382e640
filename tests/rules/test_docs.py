"""Documentation that fails the build when it is behind: settings, calls, links, paths."""

import re
from pathlib import Path

import pytest

from scripts import api_page, problems_page, settings_page
from tests.rules.test_tooling import tracked

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"(?<!`)\]\(([^)\s]+)\)")


def test_the_page_of_settings_is_the_table_s():
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")

    assert page == settings_page.text(), "run “python -m scripts.settings_page”"


def test_the_table_of_calls_is_the_routes(app):
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")

    assert page == api_page.text(app), "run “make openapi”"


def test_the_page_of_refusals_is_the_table_s():
    page = (ROOT / "docs" / "problems.md").read_text(encoding="utf-8")

    assert page == problems_page.text(), "run “make openapi”"


def test_every_call_that_the_guide_shows_exists(app):
    prose = (ROOT / "docs" / "api.md").read_text(encoding="utf-8").partition("## Calls")[0]
    shown = {path.replace("$RUN", "{run_id}") for path in re.findall(r"\$GANTRY(/[\w/$-]+)", prose)}

    known = {re.sub(r"{\w+}", "[^/]+", path) for path, _, _ in api_page.calls(app)}

    assert shown
    assert [path for path in shown if not any(re.fullmatch(one, path) for one in known)] == []


def test_every_link_leads_somewhere():
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in tracked("*.md")
        if page.exists()
        for link in LINK.findall(page.read_text(encoding="utf-8"))
        if not link.startswith(("http://", "https://", "mailto:")) and not _leads(page, link)
    ]

    assert broken == []


def _leads(page, link):
    """Whether the file is there, and the heading that the link names in it."""
    name, _, heading = link.partition("#")
    target = (page.parent / name) if name else page
    if not target.exists() or not heading:
        return target.exists()
    titles = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
    return heading in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_index_names_every_page_of_documentation():
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / link).resolve() for link in LINK.findall(index.read_text("utf-8"))}

    pages = {path for path in tracked("docs/*.md") if path != index and path.exists()}

    assert {str(page.relative_to(ROOT)) for page in pages - linked} == set()


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "README.md"])
def test_paths_in_the_documents_exist(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    paths = re.findall(r"`([a-z_]+(?:/[a-z_.]+)*/|[a-z_/]+\.(?:py|md|toml|html|css|js))`", text)

    made_later = {"data/"}  # Where a portal that is started here keeps what it makes.
    assert {path for path in paths if not (ROOT / path).exists()} <= made_later

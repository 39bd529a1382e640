"""Photograph every page of the kitchen sink, and check each as it is shown.

python -m tests.ui.shots [folder] [page …]      pictures go to the folder (default: a temporary one)
"""

import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from tests.ui.kitchen_sink import PAGES, create_app

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
SIZES = {"wide": (1440, 900), "phone": (390, 844)}
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"


@contextmanager
def served() -> Iterator[str]:
    """The kitchen sink on a free port of this machine; gives its address."""
    server = make_server("127.0.0.1", 0, create_app(), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser, url: str, size: str, theme: Theme, script: bool = True, **context_options: Any
) -> Iterator[tuple[Page, list[str]]]:
    """One page at a size and in a theme, and the list that its console errors go to."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=theme,
        java_script_enabled=script,
        has_touch=size == "phone",
        reduced_motion="reduce",
        timezone_id="UTC",
        **context_options,
    )
    page = context.new_page()
    problems: list[str] = []
    page.on(
        "console",
        lambda message: problems.append(message.text) if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(url)
    page.wait_for_timeout(150)
    yield page, problems
    context.close()


def violations(page: Page) -> list[str]:
    """What axe objects to, one line each."""
    found = Axe().run(page).response["violations"]
    return [
        f"{v['id']}: {n['target']} {n['failureSummary'][:300]}" for v in found for n in v["nodes"]
    ]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(
        page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    )


def main(folder: Path, names: tuple[str, ...]) -> None:
    """Take the pictures; print what is wrong with what is in them."""
    with served() as url, chromium() as browser:
        for name in names:
            for size in SIZES:
                for theme in THEMES:
                    with opened(browser, f"{url}/{name}", size, theme) as (page, problems):
                        page.screenshot(path=folder / f"{name}-{size}-{theme}.png", full_page=True)
                        wrong = (
                            violations(page)
                            + problems
                            + ([f"{overflow(page)} px too wide"] if overflow(page) else [])
                        )
                        print(f"{name} {size} {theme}: {len(wrong)}", *wrong[:8], sep="\n  ")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp())
    main(target, tuple(sys.argv[2:]) or PAGES)
    print(target)

"""The kitchen sink, once for each process."""

import pytest

from tests.ui import shots


@pytest.fixture(scope="session")
def sink():
    """The kitchen sink's address."""
    with shots.served() as url:
        yield url


@pytest.fixture
def look(browser, sink):
    """Open a page of the kitchen sink: `with look("run", "phone", "dark") as (page, problems)`."""

    def opened(name, size="wide", theme="light", *, script=True):
        return shots.opened(browser, f"{sink}/{name}", size, theme, script)

    return opened

"""A service with a repository, of which nothing is linked yet."""

import pytest

from tests.services.vcs.hub import Hub


@pytest.fixture
def hub(world):
    return Hub(world)

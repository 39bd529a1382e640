"""Real configurations through a running portal, in this process."""

import tempfile
from pathlib import Path

import pytest

from tests.portal.fixtures import (
    make_portal,
    module_portal,
    portal,
    portal_kind,
)
from tests.portal.repositories import BareRepository

__all__ = ["make_portal", "module_portal", "portal", "portal_kind"]


@pytest.fixture(scope="session")
def repositories(tmp_path_factory):
    """The directory that the portal may take code from by file."""
    return tmp_path_factory.mktemp("repositories")


@pytest.fixture(scope="module")
def portal_settings(repositories):
    return {"allowed_hosts": (f"file://{repositories}",)}


@pytest.fixture
def bare_repository(repositories):
    """A new repository with one commit."""

    repository = BareRepository(Path(tempfile.mkdtemp(dir=repositories)))
    repository.commit({"README": "Hello.\n"}, "Begin")
    return repository

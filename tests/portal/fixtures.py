"""Fixtures: a portal per module, on the database that the module's `portal_kind` names."""

import pytest

from tests import databases
from tests.portal.portal import Portal, opened


@pytest.fixture(scope="module")
def portal_kind():
    """SQLite, unless a module says otherwise."""
    return "sqlite"


@pytest.fixture(scope="module")
def portal_settings():
    """Settings of the module's portal beyond the usual ones."""
    return {}


@pytest.fixture(scope="module")
def make_portal(portal_kind, portal_settings, tmp_path_factory, worker_id):
    """`make_portal(data_dir=…)`: another portal, on a database of its own unless it is given."""
    made = []

    def make(data_dir=None, **settings):
        data_dir = data_dir or tmp_path_factory.mktemp("portal")
        if portal_kind == "postgres" and "database_url" not in settings:
            server = databases.start_postgres()
            name = f"gantry_portal_{worker_id}_{len(made)}"
            settings["database_url"] = databases.fresh_postgres_database(server, name)
        portal = Portal(data_dir, **{**portal_settings, **settings})
        made.append(portal)
        return portal

    yield make
    for portal in made:
        with opened(portal):
            portal.stop()
            databases.db.session.remove()
            databases.db.engine.dispose()


@pytest.fixture(scope="module")
def module_portal(make_portal):
    """The module's portal, furnished and started."""
    portal = make_portal()
    with opened(portal):
        portal.furnish()
    return portal.start()


@pytest.fixture
def portal(module_portal):
    """The module's portal, with its services at hand."""
    with opened(module_portal):
        yield module_portal

"""Fixtures of every test: a database of each kind, the app, a small cast of people, a client.

A test that asks for `app`, `world` or `client` runs on SQLite. Tests under tests/services (and
those marked `both_databases`) run on SQLite and on PostgreSQL.
"""

import datetime as dt

import pytest

from lib import clock
from tests import databases
from tests import world as worlds
from tests.html_client import PageClient

NOON = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)


def pytest_generate_tests(metafunc):
    if "database_kind" not in metafunc.fixturenames:
        return
    folders = metafunc.definition.path.parts
    is_for_both = "services" in folders or metafunc.definition.get_closest_marker("both_databases")
    postgres = pytest.param("postgres", marks=pytest.mark.postgres)
    kinds = ["sqlite", postgres] if is_for_both else ["sqlite"]
    metafunc.parametrize("database_kind", kinds, indirect=True, scope="session")


@pytest.fixture(scope="session")
def database_kind(request):
    return request.param


@pytest.fixture(scope="session")
def built_apps(tmp_path_factory, worker_id):
    """One app per kind of database and per process, made when it is first needed."""
    apps = databases.Apps(tmp_path_factory.mktemp("gantry"), worker_id)
    yield apps
    apps.close()


@pytest.fixture
def app(built_apps, database_kind):
    """The application on an empty database; its house is this process's house.

    pytest-flask keeps a request of it open around the test, so services can be called as they are.
    """
    return built_apps.fresh(database_kind)


@pytest.fixture
def frozen_clock():
    """A clock that stands at noon until it is told `frozen_clock.advance(seconds)`."""
    with clock.frozen(NOON) as standing:
        yield standing


@pytest.fixture
def world(app):
    """Ada, Alice, Dave, Vera and Sam, with a project, two stacks and two workspaces."""
    return worlds.build()


@pytest.fixture
def client(app):
    """A browser without JavaScript that checks every page it is shown."""
    app.test_client_class = PageClient
    return app.test_client()


@pytest.fixture
def browse(app, world):
    """`browse("vera")` is a client in which Vera is signed in; "" is a stranger's."""
    app.test_client_class = PageClient

    def signed_in(name):
        visitor = app.test_client()
        if name:
            visitor.sign_in(world.people[name])
        return visitor

    return signed_in


@pytest.fixture
def api(app, world):
    """`api("dave")` is a client that sends Dave's token; its answers have `.json`."""
    app.test_client_class = PageClient

    def with_token(name):
        caller = app.test_client()
        if name:
            caller.bearer = world.token_of(name)
        return caller

    return with_token


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium, one for each process: there can be no second one in a thread."""
    from tests.ui import shots  # noqa: PLC0415 - few tests need what it loads

    with shots.chromium() as chromium:
        yield chromium

"""Migrations lead where the models are, and back."""

import datetime as dt

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, Table, func, inspect, select, text

from lib import clock
from models.base import Base, db
from services import schema
from tests import databases


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def bare_app(request, tmp_path, built_apps):
    """An app of its own, on a database with nothing in it."""
    url = built_apps.another_postgres() if request.param == "postgres" else None
    app = databases.make_app(tmp_path, database_url=url)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def test_the_head_is_the_newest_migration():
    newest = max(path.name[:4] for path in (schema.MIGRATIONS / "versions").glob("[0-9]*.py"))

    assert schema.head() == newest


def test_models_equal_migrations(bare_app):
    schema.upgrade()

    with db.engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), Base.metadata)

    assert found == []


def test_up_down_and_up_again(bare_app):
    schema.upgrade()
    schema.downgrade("base")

    assert set(inspect(db.engine).get_table_names()) == {"alembic_version"}

    schema.upgrade()
    assert schema.is_current()


def test_an_empty_database_is_at_nothing(bare_app):
    assert schema.current() is None
    assert not schema.is_current()


REFERRING = {
    "user": {},
    "user_session": {"user_id": "user"},
    "api_token": {"user_id": "user"},
    "project": {},
    "member": {"user_id": "user", "project_id": "project"},
    "workspace": {},
    "stack": {"project_id": "project"},
    "deployment": {"project_id": "project", "stack_id": "stack", "workspace_id": "workspace"},
    "run": {
        "project_id": "project",
        "stack_id": "stack",
        "workspace_id": "workspace",
        "deployment_id": "deployment",
    },
    "run_history": {"run_id": "run"},
    "blob": {},
    "state_version": {"deployment_id": "deployment", "blob_id": "blob"},
}
"""Tables that refer to one another, with the ids their rows have there."""


@pytest.mark.parametrize("there_and_back", [False, True])
def test_a_migration_keeps_every_row(bare_app, there_and_back):
    """On SQLite a table that is made anew could take the rows along that refer to its old self."""
    schema.upgrade("0001")
    with db.engine.begin() as connection:
        for name, referred in REFERRING.items():
            table = Table(name, MetaData(), autoload_with=connection)
            connection.execute(table.insert().values(_plain_row(table, name) | referred))

    schema.upgrade()
    if there_and_back:
        schema.downgrade("0001")

    with db.engine.connect() as connection:
        counts = {
            name: connection.scalar(select(func.count()).select_from(text(f'"{name}"')))
            for name in REFERRING
        }
    assert counts == dict.fromkeys(REFERRING, 1)


def _plain_row(table, name):
    """Something for every column that wants a value; a word is the table's name."""
    by_type = {int: 1, bool: False, float: 0.0, bytes: b"x", dict: [], dt.datetime: clock.now()}
    return {
        column.name: by_type.get(column.type.python_type, name)
        for column in table.columns
        if not column.nullable and column.server_default is None
    }

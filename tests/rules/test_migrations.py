"""Migrations lead where the models are, and back."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

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


@pytest.mark.parametrize("there_and_back", [False, True])
def test_an_upgrade_keeps_every_row(bare_app, there_and_back):
    """On SQLite a table that is made anew takes the rows along that refer to its old self."""
    schema.upgrade("0001")
    connection = db.engine.connect()
    at = "2026-11-27 08:00:00+00:00"
    for table, row in {
        "user": {"id": "u", "email": "a@example.com", "name": "A", "must_change_password": False,
                 "is_admin": True, "is_active": True, "theme": "auto", "timezone": "UTC",
                 "created_at": at, "version": 1},
        "user_session": {"id": "s", "user_id": "u", "created_at": at, "last_seen_at": at,
                         "expires_at": at, "address": "", "user_agent": ""},
        "api_token": {"id": "t", "user_id": "u", "name": "t", "token_hash": "h", "scopes": "[]",
                      "created_at": at},
        "project": {"id": "p", "name": "p", "title": "", "description": "", "created_at": at,
                    "created_by_name": "", "version": 1, "last_run_number": 0},
        "member": {"id": "m", "user_id": "u", "project_id": "p", "role": "owner",
                   "created_at": at},
    }.items():  # fmt: skip
        names = ", ".join(row)
        values = ", ".join(f":{name}" for name in row)
        connection.execute(text(f'INSERT INTO "{table}" ({names}) VALUES ({values})'), row)  # noqa: S608 - ours
    connection.commit()

    schema.upgrade()
    if there_and_back:
        schema.downgrade("0001")

    tables = ("user", "user_session", "api_token", "project", "member")
    counts = {each: connection.scalar(text(f'SELECT count(*) FROM "{each}"')) for each in tables}  # noqa: S608 - ours
    connection.close()
    assert counts == dict.fromkeys(tables, 1)

"""Migrations lead where the models are, and back."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

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

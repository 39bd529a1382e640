"""The application: wires settings, database, house and blueprints together, and nothing else."""

from pathlib import Path
from typing import Any

from apiflask import APIFlask

import blueprints
import config
from blueprints._shared import mail_room, security
from config import Settings
from engines import registry
from engines.base import Engine
from lib import crypto
from lib.passwords import Hasher
from models.base import connect
from models.run_state import RunType
from services.house import EngineFacts, House, move_in

ROOT = Path(__file__).resolve().parent
NOTHING_OF_ITS_OWN: dict[str, Any] = {
    "json_errors": False,
    "enable_openapi": False,  # `scripts.openapi` writes a fuller description, which is served.
    "static_folder": None,
}


def create_app(
    settings: Settings, *, passwords: Hasher | None = None, with_fake_engine: bool = False
) -> APIFlask:
    """The application for these settings; it asks the database nothing and starts nothing.

    Raises lib.crypto.BadKey when the secret key cannot be used.
    """
    app = APIFlask("gantry", root_path=str(ROOT), **NOTHING_OF_ITS_OWN)
    engines = registry.engines(_engine_options(settings, with_fake_engine=with_fake_engine))
    house = _house(settings, passwords or Hasher(), engines)
    app.config |= security.flask_settings(settings, house.keyring.derive("cookies"))
    app.extensions |= {
        "gantry_settings": settings,
        "gantry_house": house,
        "gantry_engines": engines,
    }
    connect(app, settings.database)
    move_in(house)
    blueprints.install(app, settings)
    blueprints.register(app)
    return app


def _engine_options(settings: Settings, *, with_fake_engine: bool) -> registry.EngineOptions:
    path = Path(settings.engine) if settings.engine else None
    search = config.inherited(("PATH",)).get("PATH", "/usr/local/bin:/usr/bin:/bin")
    return registry.EngineOptions(path, search, with_fake_engine)


def _house(settings: Settings, passwords: Hasher, engines: dict[str, Engine]) -> House:
    key, key_file = settings.secret_key, settings.data_dir / "secret.key"
    return House(
        data_dir=settings.data_dir,
        keyring=crypto.Keyring.from_text(key) if key else crypto.load_or_create(key_file),
        engines={name: _facts(engine) for name, engine in engines.items()},
        passwords=passwords,
        allowed_hosts=settings.allowed_hosts,
        anyone_creates=settings.anyone_creates,
        upload_limit_bytes=settings.upload_limit_mb << 20,
        session_days=settings.session_days,
        disk_floor_bytes=settings.disk_floor_mb << 20,
        base_url=settings.url,
        mail=mail_room.furnish(settings),
    )


def _facts(engine: Engine) -> EngineFacts:
    types = frozenset(RunType(name) for name in engine.run_types)
    return EngineFacts(engine.name, types, engine.refused_variable, engine.read_state)

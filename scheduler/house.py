"""Time and work in one process: what `gantry serve` starts beside the web."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import config
from integrations.git import Git
from lib.net import AllowedHosts
from scheduler import isolation
from scheduler.execution.site import Site
from scheduler.outbox import Postman
from scheduler.spawner import Spawner
from scheduler.threads import Pool
from scheduler.timetable import Timetable
from scheduler.vcs import Watch


@dataclass(frozen=True)
class Running:
    """What was started, so that it can be stopped."""

    site: Site
    pool: Pool | None
    timetable: Timetable
    postman: Postman
    watch: Watch

    def stop(self, drain_s: float) -> None:
        """Take no new work, let phases in flight go on for `drain_s`, hand the rest over."""
        self.postman.stop()
        self.watch.stop()
        self.timetable.stop()
        if self.pool is not None:
            self.pool.stop(drain_s)
        self.site.closing.set()
        self.site.spawner.close()


def start(app: Any) -> Running:
    """Start the timetable and the embedded pool for an application.

    `app` is what `create_app` made; of it only its context and its fittings are used.

    Raises:
        scheduler.isolation.NotIsolated: when runs cannot be kept apart as the settings ask.
    """
    settings: config.Settings = app.extensions["gantry_settings"]
    site = Site(
        data_dir=Path(settings.data_dir),
        engines=app.extensions["gantry_engines"],
        spawner=Spawner(settings.data_dir),
        unit=app.app_context,
        git=Git(
            allowed=AllowedHosts.parse(settings.allowed_hosts),
            environment=config.inherited(settings.engine_env),
        ),
        allow_download=settings.engine_downloads,
        inherited_env=config.inherited(settings.engine_env),
        isolation=isolation.choose(settings),
        logs_kept=dt.timedelta(days=settings.log_retention_days),
    )
    pool = Pool(site, settings.workers) if settings.workers else None
    timetable = Timetable(site)
    timetable.start()
    if pool is not None:
        pool.start()
    postman = Postman(site, lambda: timetable.leads)
    postman.start()
    watch = Watch(site, lambda: timetable.leads)
    watch.start()
    return Running(site, pool, timetable, postman, watch)

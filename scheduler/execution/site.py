"""Where work is done: what every stretch of this process shares."""

import datetime as dt
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engines.base import Engine
from integrations.git import Git
from scheduler.isolation import Isolation
from scheduler.spawner import Spawner


@dataclass(frozen=True)
class Site:
    """The worker's tools. `unit` opens a unit of work: a database session for this thread."""

    data_dir: Path
    engines: Mapping[str, Engine]
    spawner: Spawner
    unit: Callable[[], AbstractContextManager[Any]]
    git: Git = field(default_factory=Git)
    allow_download: bool = False
    inherited_env: Mapping[str, str] = field(default_factory=dict)
    logs_kept: dt.timedelta = dt.timedelta(days=60)
    isolation: Isolation = field(default_factory=Isolation)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def providers(self) -> Path:
        """The store of providers that every run shares."""
        return self.data_dir / "providers"

    def work_dir(self, run_id: str) -> Path:
        """The directory of a run: made for it, gone after it."""
        return self.data_dir / "work" / run_id

    def log_path(self, run_id: str) -> Path:
        """The log of a run."""
        return self.data_dir / "logs" / run_id[-2:] / f"{run_id}.log"

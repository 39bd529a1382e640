"""Keeping the data directory tidy: the directories of ended runs, and logs that are too old."""

import shutil
from pathlib import Path

from scheduler.execution.site import Site
from services import upkeep
from services.runs import work

_BATCH = 200


def remove_directories(site: Site) -> None:
    """Remove the directories of runs that are over: discarded ones, and what a crash left."""
    for path in _subdirectories(site.data_dir / "work"):
        if work.may_clear(path.name):
            shutil.rmtree(path, ignore_errors=True)


def remove_old_logs(site: Site) -> None:
    """Remove logs that are older than they are kept; their runs ended long ago."""
    for run_id in upkeep.logs_to_expire(site.logs_kept, _BATCH):
        path = site.log_path(run_id)
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink(missing_ok=True)
        upkeep.log_expired(run_id)


def _subdirectories(path: Path) -> list[Path]:
    return [child for child in path.iterdir() if child.is_dir()] if path.is_dir() else []

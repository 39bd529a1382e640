"""The state copied while a step changes things, so that a dead machine takes little with it.

The engine writes its state file after each resource. About once a second the file's time is looked
at; when it has changed, the file is read and kept in place of the copy before. A copy may take at
most one part in twenty of the time, so that a state of hundreds of megabytes is copied seldom
rather than all the time. See docs/adr/0002-state-copies.md.
"""

from pathlib import Path

import structlog

from lib import clock, inside
from lib.masking import Masker
from services import states
from services.errors import GantryError
from services.runs import work

log = structlog.get_logger(__name__)

SHARE_OF_TIME = 20


class Progress:
    """Copies of one state file, for the step of one claim. `root` is the run's directory."""

    def __init__(
        self, claim: work.Claim, engine: str, path: Path, masker: Masker, *, root: Path
    ) -> None:
        self._claim, self._engine, self._path, self._masker = claim, engine, path, masker
        self._root = root
        self._seen: tuple[int, int] | None = None
        self._not_before_s = 0.0

    def look(self) -> None:
        """Copy the state if it has changed. Whatever goes wrong, the step goes on."""
        began_s = clock.monotonic()
        mark = self._mark()
        if began_s < self._not_before_s or mark is None or mark == self._seen:
            return
        try:
            self._copy()
            self._seen = mark
        except work.Fenced:
            # Another worker holds the run. Our own end will be refused, and its state offered.
            self._not_before_s = float("inf")
            return
        except (ValueError, OSError):
            # It is being written at this moment: look again.
            return
        except GantryError as error:
            log.warning("the state could not be copied", run=self._claim.run_id, reason=error.text)
        self._not_before_s = began_s + SHARE_OF_TIME * (clock.monotonic() - began_s)

    def _copy(self) -> None:
        # The run's own code is at work beside us: no link of its making is followed.
        state = states.read(self._engine, inside.read(self._root, self._path), self._masker)
        if state is not None:
            states.keep_progress(self._claim, state)

    def _mark(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size

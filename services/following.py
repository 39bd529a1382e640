"""What else is written when a run moves, in the transaction that moves it.

A follower is a module with `run_moved(run, before)`: `before` is None for a run just made. It only
writes rows (an outbox message, a verdict): it asks nobody outside, and it does not move runs. What
it raises undoes the move, so it raises nothing it could have known.
"""

from importlib import import_module

from models.run import Run
from models.run_state import RunState

FOLLOWERS: tuple[str, ...] = (
    "drift",
    "emails.replies",
    "mail.notices",
    "ttl",
    "vcs.reports",
)
"""Names of modules under services."""


def tell(run: Run, before: RunState | None) -> None:
    """Let every follower write what it has to, now that `run` has moved on from `before`."""
    for name in FOLLOWERS:
        import_module(f"services.{name}").run_moved(run, before)

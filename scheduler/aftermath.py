"""What follows a run outside of its transaction: drift is put right, a destroyed place removed."""

from collections.abc import Mapping
from typing import Any

from scheduler.execution.site import Site
from scheduler.undeliverable import Undeliverable
from services import drift, ttl


def reconcile(_site: Site, payload: Mapping[str, Any], _message_id: str) -> None:
    """Make the apply that a drift check asks for; called again it makes no second one."""
    drift.reconcile(str(payload["run"]))


def clear(_site: Site, payload: Mapping[str, Any], _message_id: str) -> None:
    """Remove what a time to live has destroyed.

    Raises:
        Undeliverable: when it may not or cannot be removed; the place stays, and nothing is lost.
    """
    reason = ttl.clear(str(payload["run"]), str(payload["schedule"]))
    if reason:
        raise Undeliverable(reason)

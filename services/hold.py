"""On hold: after a restore nothing runs until an administrator has looked and lets it."""

import json
from dataclasses import dataclass

from lib import clock
from models.setting import Setting
from services import audit, hints
from services.access import Actor, require_admin
from services.errors import Conflict
from services.transaction import after_commit, session, transaction

NAME = "hold"


@dataclass(frozen=True)
class Hold:
    """Why nothing runs, and since when (RFC 3339, UTC)."""

    reason: str
    since: str


def current() -> Hold | None:
    """The hold that is on, or None."""
    kept = session().get(Setting, NAME)
    return None if kept is None else Hold(**json.loads(kept.value))


def is_on() -> bool:
    """Whether nothing may run. Costs one row by its key."""
    return session().get(Setting, NAME) is not None


def begin(actor: Actor, reason: str) -> None:
    """Let nothing run from now on; what is at work goes on. Once on, its reason stays.

    Raises:
        Forbidden: to everybody but administrators.
    """
    require_admin(actor)
    with transaction() as here:
        if here.get(Setting, NAME) is None:
            since = clock.now().isoformat(timespec="seconds")
            here.add(Setting(name=NAME, value=json.dumps({"reason": reason, "since": since})))
            audit.record(actor, "instance.hold", NAME, after={"reason": reason})


def release(actor: Actor) -> None:
    """Let runs go on.

    Raises:
        Forbidden: to everybody but administrators.
        Conflict: when nothing is on hold.
    """
    require_admin(actor)
    with transaction() as here:
        kept = here.get(Setting, NAME)
        if kept is None:
            raise Conflict("Nothing is on hold.")
        audit.record(actor, "instance.release", NAME, before=json.loads(kept.value))
        here.delete(kept)
        after_commit(lambda: hints.send(hints.WorkWaiting()))

"""Telling a run's maker by mail: when it waits for them, fails, or ends after a long while."""

import datetime as dt

from models.email import NoticeChoice
from models.run import Run
from models.run_state import FINAL, RunState
from models.user import User
from services import audit
from services.access import Actor
from services.emails import replies
from services.errors import Forbidden
from services.mail.sending import is_possible, send
from services.mail.words import end_word, ended, run_url, waits
from services.transaction import session, transaction

LONG = dt.timedelta(minutes=10)
WAITING = frozenset({RunState.UNCONFIRMED, RunState.PENDING_REVIEW})
FAILED = frozenset({RunState.FAILED, RunState.TIMED_OUT})


def run_moved(run: Run, before: RunState | None) -> None:
    """A follower: put a letter to the run's maker into the outbox, if they want it."""
    about = _about(run)
    if about is None or before is None or not is_possible():
        return
    maker = session().get(User, run.created_by_id) if run.created_by_id else None
    if maker is None or not maker.is_active or maker.is_service:
        return
    if not getattr(choice_of(maker.id), about) or replies.answers(run, maker.email):
        return
    send(
        maker.email,
        f"{_headline(run)}: {run.project_name}#{run.number}",
        f"{ended(run) if run.state in FINAL else waits(run)}\n\n{run_url(run)}\n\n{_WHY}\n",
        key=f"run:{run.id}:{about}",
    )


def choice_of(user_id: str) -> NoticeChoice:
    """What somebody wants to be told; everything, as long as they have not said otherwise."""
    found = session().get(NoticeChoice, user_id)
    return found or NoticeChoice(user_id=user_id, waits=True, fails=True, ends=True)


def choose(actor: Actor, *, waits: bool, fails: bool, ends: bool) -> NoticeChoice:
    """Say what one wants to be told of one's own runs.

    Raises:
        Forbidden: when the actor is no person.
    """
    if actor.id is None or actor.kind != "user":
        raise Forbidden("Only people are told by mail.")
    wanted = {"waits": waits, "fails": fails, "ends": ends}
    with transaction() as here:
        row = here.get(NoticeChoice, actor.id) or NoticeChoice(
            user_id=actor.id, waits=True, fails=True, ends=True
        )
        before = {name: getattr(row, name) for name in wanted}
        for name, value in wanted.items():
            setattr(row, name, value)
        here.add(row)
        here.flush()
        user = here.get_one(User, actor.id)
        audit.record(actor, "user.choose_notices", user, before=before, after=wanted)
    return row


_WHY = "You are told because the run is yours. What you are told is chosen in your account."


def _about(run: Run) -> str | None:
    """Which of the three choices a run's present state falls under."""
    if run.state in WAITING:
        return "waits"
    if run.state in FAILED:
        return "fails"
    if run.state in FINAL and run.finished_at and run.finished_at - run.created_at >= LONG:
        return "ends"
    return None


def _headline(run: Run) -> str:
    what = f"{run.stack_name} in {run.workspace_name}"
    if run.state in WAITING:
        return f"{what}: {run.type} waits for you"
    return f"{what}: {run.type} {end_word(run)}"

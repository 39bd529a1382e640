"""What must hold after every fault, whatever it was."""

import re
from collections import Counter
from itertools import pairwise

from sqlalchemy import select

from models.audit import AuditEvent
from models.base import db
from models.run_content import PlanUse
from models.run_history import RunHistory
from models.run_state import CHANGING, FINAL, MOVES, RunState
from scheduler.doctor import leftovers
from services import doctor
from services.runs.moves import words

_WAITING = {RunState.UNCONFIRMED, RunState.PENDING_REVIEW, RunState.QUEUED}
_UNSURE = {RunState.FAILED, RunState.CANCELED, RunState.TIMED_OUT}
_TICK = re.compile(r"local-exec\):\x1b\[0m tick (\d+)$", re.MULTILINE)


def judge(scene):
    """Everything that is wrong, in sentences, once the scene's runs are over or wait."""
    db.session.rollback()
    db.session.expire_all()
    found = [f"doctor: {it.name}: {it.text}" for it in doctor.examine() if not it.is_well]
    found += [f"{run} is over and has {who}" for run, who in leftovers(scene.data_dir)]
    for run in scene.accepted:
        found += [f"run {run.nonce} ({run.id}): {text}" for text in _of_run(scene, run)]
    return [*found, *_overlaps(scene)]


def lost(scene):
    """Runs that were accepted and neither ended nor wait visibly."""
    return [it for it in scene.accepted if scene.now(it).state not in FINAL | _WAITING]


def doubled(scene):
    """Runs that the witness has seen to begin more than once."""
    said = Counter(scene.witness.lines())
    return [it for it in scene.accepted if said["start", it.nonce] > 1]


def _of_run(scene, run):
    row = scene.now(run)
    states = [RunState(state) for state in scene.inside.states(row)]
    yield from _history(states)
    if row.state not in FINAL | _WAITING:
        yield f"is neither over nor waits: {row.state}"
    yield from _witnessed(scene, run, row, states)
    yield from _log(scene, run, row)
    yield from _words(scene, run, row, states)


def _history(states):
    for before, after in pairwise(states):
        if after not in MOVES[before]:
            yield f"went from {before} to {after}"
    if sum(state in FINAL for state in states) > 1:
        yield f"ended more than once: {states}"


def _witnessed(scene, run, row, states):
    """The plan was used, the engine began and ended, as often as the portal says."""
    begun, ended = (scene.witness.times(word, run.nonce) for word in ("start", "end"))
    uses = len(db.session.scalars(select(PlanUse).where(PlanUse.run_id == run.id)).all())
    changing = sum(state in CHANGING for state in states)
    if max(begun, ended, uses, changing) > 1:
        yield f"was applied more than once: {begun=} {ended=} {uses=} {changing=}"
    if begun > uses and run.kind != "task":
        yield "was applied without using up its plan"
    if row.state is RunState.FINISHED and changing and (begun, ended) != (1, 1):
        yield f"is finished, but the witness says {begun=} {ended=}"
    if begun > ended and row.state in _UNSURE and not run.was_blocked:
        yield f"was cut off at its work ({row.state}), and its deployment was not blocked"
    if not changing and begun:
        yield f"was never applying, but the witness saw it begin ({row.state})"


def _log(scene, run, row):
    said = [int(number) for number in _TICK.findall(scene.inside.log(row))]
    if said != list(range(1, len(said) + 1)):
        yield f"its log has a gap or a repeat: {said}"
    if row.state is RunState.FINISHED and run.ticks and len(said) != run.ticks:
        yield f"its log has {len(said)} of {run.ticks} ticks"


def _words(scene, run, row, states):
    """API, page and audit log say what the rows say."""
    told = scene.server.run(run.id)
    if told["state"] != row.state.value:
        yield f"the API says {told['state']}, the row {row.state}"
    if row.state not in FINAL and told["waiting_on"] is None:
        yield f"is {row.state}, and does not say what it waits for"
    if f">{words(row.state).capitalize()}<" not in scene.page(run):
        yield f"its page does not say {row.state}"
    events = Counter(
        db.session.scalars(select(AuditEvent.action).where(AuditEvent.target_id == run.id))
    )
    confirms = sum(
        history.state is RunState.CONFIRMED
        for history in db.session.scalars(select(RunHistory).where(RunHistory.run_id == run.id))
    )
    if events["run.create"] != 1 or events["run.confirm"] != confirms:
        yield f"the audit log says {dict(events)}, its history {confirms} confirms"
    if run.confirmed > confirms:
        yield f"{run.confirmed} confirms were answered with 200, its history has {confirms}"


def _overlaps(scene):
    """Applies of one deployment that were at work at the same time, by the witness."""
    at_work = {}
    for word, nonce in scene.witness.lines():
        stack = scene.stacks[nonce]
        if nonce in scene.past:
            continue
        if word == "end":
            at_work.pop(stack, None)
            continue
        if (other := at_work.get(stack)) is not None and not _was_killed(scene, other):
            yield f"{nonce} began on {stack} while {other} was at work"
        at_work[stack] = nonce


def _was_killed(scene, nonce):
    """Whether a run's apply was ended by force, and so could not say that it ended."""
    runs = [it for it in scene.accepted if it.nonce == nonce]
    return bool(runs) and scene.now(runs[0]).state is not RunState.FINISHED

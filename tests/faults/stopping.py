"""Portals and runs that are told to end: a drain, a hand-over, a kill that leaves nothing."""

import time

from lib import procfs
from tests.faults.servers import processes_of

#: Children that hide: in sessions of their own, forked twice, without the variables of their
#: parents, deaf to what they are asked.
HIDING = (
    "trap '' INT TERM HUP; "
    "setsid sh -c 'trap \"\" INT TERM HUP; sleep 7771' & "
    "(setsid sh -c 'sleep 7772 & exec sleep 7773' &) ; "
    "env -i setsid sleep 7774 & "
    "echo start NONCE >> {witness}; sleep 7775; sleep 7776"
)


def forced_end(scene):
    """Force the end of a task whose children hide. Which of them are left, and the run's state."""
    stack = scene.stack(cancel_grace_s=1)
    command = HIDING.format(witness=scene.witness.path)
    run = scene.ask(stack, kind="task", command=command, init=False)
    scene.until_begun(run)
    time.sleep(0.3)
    steps = processes_of(scene.inside.work_dir(run))
    family = _descendants(steps["keeper"])
    early = scene.server.verb(run.id, "force-cancel")
    assert scene.server.verb(run.id, "cancel") == 200
    deadline = time.monotonic() + 20
    while scene.server.verb(run.id, "force-cancel") != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    ended = scene.ended(run)
    time.sleep(0.2)
    scene.settle(stack)
    return early, ended.state.value, [who for who in family if who.is_alive]


def _descendants(roots):
    found = [root.pid for root in roots]
    for pid in found:
        found += procfs.children(pid)
    return [procfs.identify(pid) for pid in found]


def drained(scene):
    """A portal is told to end while an apply has a second to go. (Seconds it took, state then)."""
    run = scene.ask(scene.stack(), ticks=20, auto_apply=True)
    scene.until_begun(run)
    ended_s = scene.end()
    state = scene.now(run).state.value
    scene.start()
    return ended_s, state


def handed_over(scene):
    """A portal is told to end while an apply has long to go, and another one takes it over."""
    run = scene.ask(scene.stack(), ticks=160, auto_apply=True)
    scene.until_begun(run)
    ended_s = scene.end()
    left = scene.now(run).state.value
    scene.start()
    return ended_s, left, scene.ended(run).state.value

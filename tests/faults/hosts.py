"""Two portals: on one database and one directory, and on machines of their own."""

import shutil
import subprocess
import time

from tests.faults.servers import end_all

HOST = "another-machine"
# Work of minutes: on a slow machine the second portal takes its time to start.
_LONG = 6000


def many_runs(scene, rng, *, stacks=4, runs=24):
    """Runs asked for and confirmed through two portals, of which one is killed on the way."""
    places = [scene.stack() for _ in range(stacks)]
    for number in range(runs):
        server = scene.servers[number % len(scene.servers)]
        scene.ask(places[number % stacks], ticks=2, server=server, auto_apply=rng.random() < 0.5)
    time.sleep(rng.uniform(1, 4))
    scene.kill(scene.servers[rng.randrange(len(scene.servers))])
    scene.finish(within_s=240)


def clocks_apart(scene, by_s=3600):
    """Runs through two portals whose clocks are an hour apart. How often each run was claimed."""
    scene.start(program=("tests.faults.shifted", str(by_s)))
    for number in range(8):
        # Long ones, too: a lease that is judged by another clock would be over at once.
        ticks = 80 if number < 2 else 5
        scene.ask(scene.stack(), ticks=ticks, server=scene.servers[number % 2], auto_apply=True)
    scene.finish(within_s=180)
    return [scene.now(run).claim_epoch for run in scene.accepted]


def frozen(scene):
    """A portal stands still beyond its lease in the middle of an apply, and then goes on.

    Answers how long it took the other portal to take the run over.
    """
    first = scene.server
    run = scene.ask(scene.stack(), ticks=1200, auto_apply=True)
    scene.until_begun(run)
    scene.start()
    epoch = scene.now(run).claim_epoch
    first.freeze()
    began = time.monotonic()
    scene.until(run, lambda it: it.claim_epoch > epoch, within_s=90)
    found_s = time.monotonic() - began
    first.thaw()
    scene.finish(within_s=240)
    return found_s


def can_be_elsewhere():
    """Whether a process here may be given another host name."""
    done = subprocess.run([*elsewhere(), "true"], check=False, capture_output=True)
    return done.returncode == 0


def elsewhere():
    """The arguments before a command that runs on a machine of another name."""
    script = f'hostname {HOST} && exec "$@"'
    return ["/usr/bin/unshare", "--uts", "/bin/sh", "-c", script, "sh"]


def machine_lost(scene, moment):
    """A portal on another machine, with a directory of its own, is gone for good with all it did.

    Answers how long it took the portal here to find the orphan, and the state it then had.
    """
    there = scene.data_dir.parent / "elsewhere"
    there.mkdir(mode=0o700)
    shutil.copy(scene.data_dir / "secret.key", there)
    other = scene.start(data_dir=there, before=elsewhere())
    run = scene.ask(scene.stack(), ticks=_LONG, auto_apply=True)
    if moment == "applying":
        scene.until_begun(run)
    else:
        scene.until(run, lambda it: it.state == moment)
    scene.start()
    met = scene.now(run)
    epoch, state = met.claim_epoch, met.state
    scene.kill(other)
    end_all(there)
    began = time.monotonic()
    scene.until(run, lambda it: it.claim_epoch > epoch or it.state != state, within_s=90)
    return time.monotonic() - began, scene.now(run).state.value

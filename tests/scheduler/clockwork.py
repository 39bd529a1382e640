"""Many schedulers, many web processes, thousands of planned times: each decided once.

`make clockwork` runs it at length, with processes that are killed in between, on both databases.
Here no lease keeps the schedulers apart: all fire at once, which is worse than any handover.
"""

import datetime as dt
import itertools
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from sqlalchemy import func, select

from lib import clock, ids
from models.base import db
from models.run import Run
from models.run_state import RunType
from models.schedule import Missed, Outcome, Schedule, ScheduleTime
from models.user import User
from scheduler import firing
from scheduler.execution.site import Site
from services import access, runs, schedules
from services.errors import GantryError
from tests import databases, factories
from tests import world as worlds
from tests.services.runs.workshop import SOURCE

ROOT = Path(__file__).parents[2]
STACKS = 20
PLANNED = 4_000
"""So many times in a campaign: with fewer all would be decided before the first kill."""


def build(count):
    """A world with `count` schedules whose one time has come within the last minutes."""
    world = worlds.build()
    now = clock.now()
    stacks = [
        factories.stack(world.project, f"s{number}", source=SOURCE) for number in range(STACKS)
    ]
    deployments = [
        factories.deployment(*pair)
        for pair in itertools.product(stacks, (world.staging, world.prod))
    ]
    for number in range(count):
        place = deployments[number % len(deployments)]
        db.session.add(_due(place, number, world.people["dave"], now))
    db.session.commit()


def _due(deployment, number, owner, now):
    at = now - dt.timedelta(seconds=number % 200)
    names = "project_id stack_id workspace_id project_name stack_name workspace_name".split()
    return Schedule(
        id=ids.new_id(),
        deployment_id=deployment.id,
        **{name: getattr(deployment, name) for name in names},
        name=f"due {number}",
        type=RunType.PREVIEW,
        inputs={"variables": []},
        missed=Missed.ONE,  # On a busy machine a time may come late; it is not to be lost for it.
        at=at,
        first_at=at,
        next_fire_at=at,
        owner_id=owner.id,
        owner_name=owner.name,
        created_by_name=owner.name,
    )


def site_of(app):
    """What firing needs of a site."""
    return Site(
        data_dir=Path(tempfile.gettempdir()), engines={}, spawner=None, unit=app.app_context
    )


def be_a_scheduler(app, over):
    """Fire whatever is due, until it is over."""
    site = site_of(app)
    while not over.is_set():
        firing.fire(site)
        over.wait(0.01)


def be_a_web_process(app, over, seed):
    """Do what people do at the same time: look, edit, pause and resume, make runs."""
    chance = random.Random(seed)  # noqa: S311 - a story that can be told again
    while not over.is_set():
        with app.app_context():
            try:
                _do_something(chance)
            except GantryError:
                db.session.rollback()  # Somebody else was first.
        over.wait(0.005)


def _do_something(chance):
    dave = access.person(db.session.scalars(select(User).where(User.name == "Dave")).one())
    page = schedules.page(dave, schedules.scope_of(dave), limit=50)
    row = chance.choice(page.items).schedule
    match chance.randrange(4):
        case 0:
            schedules.edit(dave, row, {"message": f"edited {chance.random()}"})
        case 1:
            schedules.pause(dave, row)
            schedules.resume(dave, row)
        case 2:
            place = {"project": row.project_name, "stack": row.stack_name}
            asked = runs.NewRun(**place, workspace=row.workspace_name, type=RunType.PREVIEW)
            runs.create_pinned(dave, asked)
        case _:
            schedules.ledger(dave, row)


def left():
    """How many times have come and are not decided."""
    db.session.rollback()
    return db.session.scalar(select(func.count()).where(Schedule.next_fire_at.is_not(None)))


def wrong_with(count):
    """What does not hold of `count` planned times, in words; nothing when all is well."""
    db.session.rollback()
    rows = db.session.scalars(select(ScheduleTime)).all()
    fired = [row for row in rows if row.outcome is Outcome.FIRED]
    made = dict(
        db.session.execute(
            select(Run.id, Run.trigger_id).where(Run.trigger_kind == "schedule")
        ).all()
    )
    facts = {
        f"{len(rows)} rows in the ledgers": len(rows) == count,
        "a schedule has two rows": len({row.schedule_id for row in rows}) == len(rows),
        "a run stands in two rows": len({row.run_id for row in fired}) == len(fired),
        f"{len(made)} runs for {len(fired)} that fired": len(made) == len(fired),
        "a run is of another schedule": all(made.get(r.run_id) == r.schedule_id for r in fired),
        # Paused at its time, a schedule is skipped; nothing else keeps these from firing.
        "something was missed or refused": {row.outcome for row in rows}
        <= {Outcome.FIRED, Outcome.SKIPPED},
    }
    return [text for text, holds in facts.items() if not holds]


def together(app, count, *, schedulers=2, webs=4):
    """The same within one process: threads, each with a session of its own."""
    over = threading.Event()
    threads = [threading.Thread(target=be_a_scheduler, args=(app, over)) for _ in range(schedulers)]
    threads += [
        threading.Thread(target=be_a_web_process, args=(app, over, seed)) for seed in range(webs)
    ]
    for thread in threads:
        thread.start()
    ends = time.monotonic() + 60
    while left() and time.monotonic() < ends:
        time.sleep(0.05)
    over.set()
    for thread in threads:
        thread.join(30)
    return wrong_with(count)


# --- the long way: processes, some of which are killed -----------------------------------------


def start(role, folder, url, seed):
    argv = [sys.executable, "-m", "tests.scheduler.clockwork", role, str(folder), url, str(seed)]
    return subprocess.Popen(argv, cwd=ROOT)


def campaign(folder, url, count=PLANNED):
    """Two schedulers and four web processes; one of the schedulers is killed again and again."""
    app = databases.make_app(folder, database_url=url or None)
    from services import schema  # noqa: PLC0415 - only the campaign makes a database of its own

    with app.app_context():
        schema.upgrade()
        build(count)
        began = time.monotonic()
        others = [start("scheduler", folder, url, 0)]
        others += [start("web", folder, url, seed) for seed in range(4)]
        kills = 0
        while left():
            victim = start("scheduler", folder, url, 0)
            time.sleep(random.uniform(2.5, 5.0))  # noqa: S311 - when it is killed does not matter
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            kills += 1
        took = time.monotonic() - began
        for each in others:
            each.kill()
            each.wait()
        return wrong_with(count), kills, took


def main(role="campaign", folder="", url="", seed="0"):
    """Be one of the processes, or the campaign."""
    if role != "campaign":
        app = databases.make_app(Path(folder), database_url=url or None)
        over = threading.Event()
        if role == "scheduler":
            be_a_scheduler(app, over)
        be_a_web_process(app, over, int(seed))
    failed = False
    for kind in ("sqlite", "postgres"):
        with tempfile.TemporaryDirectory() as directory:
            server = databases.start_postgres() if kind == "postgres" else None
            address = databases.fresh_postgres_database(server, "clockwork") if server else ""
            wrong, kills, took = campaign(Path(directory), address)
            print(f"{kind}: {PLANNED:,} times, {kills} kills, {took:.0f} s: {wrong or 'each once'}")
            failed |= bool(wrong)
            if server:
                server.cleanup()
    sys.exit(failed)


if __name__ == "__main__":
    main(*sys.argv[1:])

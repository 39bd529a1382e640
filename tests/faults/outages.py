"""What a run depends on, taken away for a while: the database, the disk, the directory."""

import contextlib
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from models.base import db
from tests.faults.servers import NoAnswer, processes_of

_CUT_EVERY_S = 0.1


@contextmanager
def sqlite_locked(scene):
    """Nobody but us writes to the database, or reads what is not yet in its write-ahead log."""
    outside = sqlite3.connect(scene.data_dir / "gantry.db", timeout=60, isolation_level=None)
    outside.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        outside.execute("ROLLBACK")
        outside.close()


@contextmanager
def connections_cut(scene):
    """The database refuses connections, and ends those there are."""
    place = make_url(scene.database_url)
    stop = threading.Event()
    cutting = threading.Thread(target=_cut, args=(place, stop))
    cutting.start()
    try:
        yield
    finally:
        stop.set()
        cutting.join()


def _cut(place, stop):
    name = place.database
    server = create_engine(place.set(database="postgres"), isolation_level="AUTOCOMMIT")
    end = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :it")
    with server.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        while not stop.wait(_CUT_EVERY_S):
            connection.execute(end, {"it": name})
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    server.dispose()


def database_away(scene, away, seconds):
    """An apply, a plan that is decided on, and new runs, while the database is away.

    `away` is one of the above. Answers what the portal said to those who asked meanwhile.
    """
    at_work = scene.ask(scene.stack(), ticks=40, auto_apply=True)
    waiting = scene.ask(scene.stack())
    scene.settled(waiting)
    scene.until_begun(at_work)
    answers = []
    db.session.remove()
    db.engine.dispose()  # Ours would be cut, too, or hold something that must be free.
    with away(scene):
        ended_by = time.monotonic() + seconds
        while time.monotonic() < ended_by:
            answers.append(_tried(scene, waiting))
            time.sleep(0.2)
    waiting.confirmed = max(waiting.confirmed, sum(answer == 200 for answer in answers))
    scene.finish()
    later = scene.ask(scene.stack(), auto_apply=True)
    scene.ended(later)
    return answers


def _tried(scene, run):
    try:
        return scene.server.call("POST", f"/api/v1/runs/{run.id}/confirm", {})[0]
    except NoAnswer:
        return 0


def directory_gone(scene):
    """The directory of an apply is deleted together with all of its processes.

    Answers the resources of the newest stored state, whoever's it is.
    """
    stack = scene.stack()
    run = scene.ask(stack, ticks=100, auto_apply=True)
    scene.until_begun(run)
    time.sleep(2.5)  # A copy is made about once a second.
    work_dir = scene.inside.work_dir(run)
    for those in processes_of(work_dir).values():
        for process in those:
            process.send_group(signal.SIGKILL)
            process.send(signal.SIGKILL)
    shutil.rmtree(work_dir)
    scene.ended(run)
    names = scene.inside.kept_names(stack)
    scene.settle(stack)
    return run, names


@contextmanager
def small_disk(megabytes):
    """A file system of its own of this size, or None where none may be mounted."""
    folder = Path("/dev/shm") / f"gf-disk-{time.monotonic_ns()}"
    folder.mkdir()
    done = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)],
        check=False,
        capture_output=True,
    )
    try:
        yield folder if done.returncode == 0 else None
    finally:
        if done.returncode == 0:
            subprocess.run(["/bin/umount", "-l", str(folder)], check=False)
        folder.rmdir()


@contextmanager
def filled(data_dir, *, leaving_mb=0):
    """The disk is full but for so many megabytes."""
    ballast = data_dir / "ballast"
    room = shutil.disk_usage(data_dir).free - (leaving_mb << 20)
    # Unbuffered: closing must not find anything that is still to be written.
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        for _ in range(room >> 16):
            file.write(b"\0" * (1 << 16))
        while not leaving_mb:
            file.write(b"\0" * 4096)
    try:
        yield
    finally:
        ballast.unlink()


def below_the_floor(scene):
    """Runs that are asked for while the disk has less free than the floor.

    Answers what each says it waits for, and the state of the preview, which changes nothing.
    """
    planned = scene.ask(scene.stack())
    scene.settled(planned)
    with filled(scene.data_dir, leaving_mb=20):
        asked = scene.ask(scene.stack(), auto_apply=True)
        preview = scene.ask(scene.stack(), kind="preview")
        scene.confirm(planned)
        scene.ended(preview)
        time.sleep(3)
        waits = [scene.server.run(run.id)["waiting_on"] for run in (asked, planned)]
        preview_state = scene.now(preview).state.value
    scene.finish()
    return [wait and wait["kind"] for wait in waits], preview_state


def full_while_applying(scene):
    """The disk is full while an apply goes on, and has room again later. The state it ended in."""
    run = scene.ask(scene.stack(), ticks=60, auto_apply=True)
    scene.until_begun(run)
    with filled(scene.data_dir):
        time.sleep(6)
    found = scene.ended(run)
    scene.settle(run.stack)
    later = scene.ask(scene.stack(), auto_apply=True)
    assert scene.ended(later).state == "finished"
    return found.state.value, found.error_text, run.was_blocked

"""A backup is everything, at one moment; a restore is all of it again, and runs nothing."""

import json
import resource
import tarfile
import threading
from contextlib import contextmanager

import pytest
from sqlalchemy import func, select

from config import Settings
from lib.log_file import LogWriter
from models.base import Base, db
from models.project import Deployment, DeploymentLock
from models.run import Run
from models.run_state import RunState as S
from services import backup, first_start, hold, house, restore, runs, users, variables
from services.access import SYSTEM
from services.backup_file import Reader
from services.errors import Conflict, Invalid, Unavailable
from services.runs import work
from tests import databases
from tests.services.runs.workshop import ask, claim, hire, planned

SECRET = "hunter2-but-longer"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "gantry.backup"


@pytest.fixture
def furnished(world):
    """A world with a secret, and with the key's check value, as a start leaves it."""
    first_start._check_key()  # noqa: SLF001 - what a start does
    variables.put(
        world.alice, world.stack, "password", variables.NewValue(SECRET, "environment", secret=True)
    )
    return world


@pytest.fixture(params=["sqlite", "postgres"])
def elsewhere(request, built_apps, tmp_path, app):
    """`with elsewhere():` an empty place with the same key, on either database."""
    data_dir = tmp_path / "elsewhere"
    data_dir.mkdir(mode=0o700)
    key = (house.house().data_dir / "secret.key").read_bytes()
    (data_dir / "secret.key").touch(mode=0o600)
    (data_dir / "secret.key").write_bytes(key)
    url = built_apps.another_postgres() if request.param == "postgres" else None
    other = databases.make_app(data_dir, database_url=url)
    home = app.extensions["gantry_house"]
    house.move_in(home)

    @contextmanager
    def entered():
        house.move_in(other.extensions["gantry_house"])
        with other.app_context():
            yield
        house.move_in(home)

    yield entered
    with other.app_context():
        db.session.remove()
        db.engine.dispose()
    house.move_in(home)


def restored(file, **options):
    """Verify and restore; returns what the restore says."""
    with Reader(file) as reader:
        reader.verify()
        return restore.restore(reader, **options)


def counts():
    """How many rows each table has."""
    return {
        table.name: db.session.scalar(select(func.count()).select_from(table))
        for table in Base.metadata.sorted_tables
        if table.name not in backup.LEFT_OUT
    }


def test_what_is_restored_is_what_was_there(furnished, file, elsewhere):
    stack = furnished.stack.id
    run_id = ask(furnished.dave, "preview").id
    before = counts()
    backup.make(file)

    with elsewhere():
        restored(file)
        after = counts()
        run = db.session.get_one(Run, run_id)
        opened = _secret_of(stack)

    # The hold, and its row of the audit log, are what a restore adds.
    assert after == before | {
        "setting": before["setting"] + 1,
        "audit_event": before["audit_event"] + 1,
    }
    assert run.state is S.READY
    assert opened == SECRET


def test_numbers_go_on_after_a_restore(furnished, file, elsewhere):
    ask(furnished.dave, "preview")
    backup.make(file)

    with elsewhere():
        restored(file)
        hold.release(SYSTEM)
        again = ask(SYSTEM, "preview")

    assert again.number == 2


def test_a_restored_portal_is_on_hold(furnished, file, elsewhere):
    waiting = ask(furnished.dave, "preview")
    backup.make(file)

    with elsewhere():
        restored(file)

        assert claim(hire()) is None
        assert runs.waiting_on(db.session.get_one(Run, waiting.id)).kind == "hold"


def test_what_was_at_work_has_failed_and_its_deployment_is_blocked(furnished, file, elsewhere):
    run = ask(furnished.dave, auto_apply=True)
    planned(claim(hire()))
    assert db.session.get_one(Run, run.id).state is S.APPLYING
    backup.make(file)

    with elsewhere():
        done = restored(file)
        after = db.session.get_one(Run, run.id)
        place = db.session.get_one(Deployment, run.deployment_id)

        assert (done.failed, done.blocked) == (1, 1)
        assert (after.state, after.error_text) == (S.FAILED, restore.LOST)
        assert (after.worker_id, place.blocked_run_id) == (None, run.id)
        assert db.session.get(DeploymentLock, run.deployment_id) is None


def test_a_plan_that_may_have_been_applied_since_is_dropped(furnished, file, elsewhere):
    run = ask(furnished.dave)
    planned(claim(hire()))
    backup.make(file)

    with elsewhere():
        done = restored(file)
        after = db.session.get_one(Run, run.id)

        assert (done.laid_down, done.blocked) == (1, 1)
        assert (after.state, after.result.partition(":")[0]) == (
            S.DISCARDED,
            "Restored from a backup",
        )


def test_a_change_that_had_not_begun_waits_behind_the_block(furnished, file, elsewhere):
    waiting = [ask(furnished.dave).id, ask(furnished.dave).id]
    backup.make(file)

    with elsewhere():
        restored(file)
        hold.release(SYSTEM)
        states = [db.session.get_one(Run, run_id).state for run_id in waiting]

        assert states == [S.QUEUED, S.QUEUED]
        assert claim(hire()) is None
        assert runs.waiting_on(db.session.get_one(Run, waiting[0])).kind == "blocked"


def test_every_deployment_is_blocked_when_the_other_portal_went_on(furnished, file, elsewhere):
    furnished.deployment()
    db.session.commit()
    backup.make(file)

    with elsewhere():
        done = restored(file, block_all=True)

    assert done.blocked == 1


def test_a_backup_is_of_one_moment_while_others_write(furnished, file, app):
    ask(furnished.dave, "preview")
    stop, made = threading.Event(), []

    def write(context):
        with context:
            while not stop.is_set() and len(made) < 200:
                made.append(ask(SYSTEM, "preview").id)
            db.session.remove()

    writer = threading.Thread(target=write, args=(app.app_context(),))
    writer.start()
    backup.make(file)
    stop.set()
    writer.join()

    with Reader(file) as reader:
        found = {row["id"] for row in reader.rows("run")}
        history = {row["run_id"] for row in reader.rows("run_history")}
    assert history == found


def test_logs_come_along_when_asked_for(furnished, file, elsewhere):
    run = ask(furnished.dave, "preview")
    with LogWriter(house.house().log_path(run.id)) as log:
        log.write(b"hello\n")
    claimed = claim(hire())
    work.enter(claimed, S.INITIALIZING)
    planned_run = db.session.get_one(Run, run.id)
    planned_run.log_bytes = 6
    db.session.commit()
    work.fail(claimed, "engine", "It failed.")
    backup.make(file, with_logs=True)

    with elsewhere():
        restored(file)

        assert house.house().log_path(run.id).read_bytes() == b"hello\n"


def test_without_the_flag_neither_logs_nor_key_are_in_it(furnished, file):
    backup.make(file)

    with tarfile.open(file) as tar:
        names = tar.getnames()
    assert all(name.startswith("tables/") or name == "manifest.json" for name in names)
    assert SECRET.encode() not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0


def test_the_key_is_in_it_when_asked_for_and_laid_in_its_place(furnished, file, tmp_path):
    backup.make(file, with_key=True)
    (tmp_path / "new").mkdir()

    with Reader(file) as reader:
        restore.lay_key(reader, tmp_path / "new", key_is_set=False)

    laid = tmp_path / "new" / "secret.key"
    assert laid.read_text() == (house.house().data_dir / "secret.key").read_text()
    assert laid.stat().st_mode & 0o777 == 0o600


def test_a_restore_without_any_key_is_refused_before_one_is_made(furnished, file, tmp_path):
    backup.make(file)
    (tmp_path / "new").mkdir()

    with Reader(file) as reader, pytest.raises(Conflict, match="does not hold the secret key"):
        restore.lay_key(reader, tmp_path / "new", key_is_set=False)


def test_a_wrong_key_is_refused_and_nothing_is_left(furnished, file, tmp_path, app):
    backup.make(file)
    other = databases.make_app(_made(tmp_path / "wrong"))

    with other.app_context():
        with pytest.raises(Conflict, match="not the one that this backup was encrypted with"):
            restored(file)
        left = counts()
        db.session.remove()
        db.engine.dispose()

    house.move_in(app.extensions["gantry_house"])
    assert not any(left.values())


def test_a_place_with_something_in_it_is_refused(furnished, file, elsewhere, tmp_path):
    backup.make(file)

    with elsewhere():
        from services import schema  # noqa: PLC0415 - in the other place

        schema.upgrade()
        users.create(SYSTEM, "eve@example.com")
        with pytest.raises(Conflict, match="not empty"):
            restored(file)
    _made(tmp_path / "used")
    (tmp_path / "used" / "logs").mkdir()
    with pytest.raises(Conflict, match="logs"):
        restore.refuse_unless_empty(tmp_path / "used")


def test_a_backup_of_another_head_is_refused(furnished, file, elsewhere, monkeypatch):
    monkeypatch.setattr(backup.schema, "is_current", lambda: True)
    monkeypatch.setattr(backup.schema, "head", lambda: "9999")
    backup.make(file)
    monkeypatch.undo()

    with elsewhere(), pytest.raises(Conflict, match="at 9999"):
        restored(file)


@pytest.mark.parametrize("part", ["tables/user.jsonl.zst", "manifest.json"])
def test_a_changed_backup_is_refused(part, furnished, file):
    backup.make(file)
    with tarfile.open(file) as tar:
        place = tar.getmember(part).offset_data
    content = bytearray(file.read_bytes())
    content[place + 10] ^= 1
    file.write_bytes(content)

    with pytest.raises(Invalid), Reader(file) as reader:
        reader.verify()


def test_a_backup_that_broke_off_is_refused(furnished, file):
    backup.make(file)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])

    with pytest.raises(Invalid, match=r"not whole|no whole"):
        Reader(file)


def test_a_full_disk_is_a_sentence_and_leaves_nothing(furnished, file):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(Unavailable, match="could not be written: file too large"):
            backup.make(file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert list(file.parent.iterdir()) == []


def test_a_file_that_is_there_is_never_overwritten(furnished, file):
    file.write_text("mine")

    with pytest.raises(Conflict, match="there already"):
        backup.make(file)

    assert file.read_text() == "mine"


def test_the_manifest_says_what_it_is(furnished, file):
    made = backup.make(file)

    with tarfile.open(file) as tar:
        said = json.load(tar.extractfile("manifest.json"))
    assert (said["format"], said["head"], said["made_at"]) == (1, made.head, made.made_at)
    assert "tables/run.jsonl.zst" in said["members"]


def _secret_of(stack_id):
    from models.variable import Variable  # noqa: PLC0415 - loaded only when it is needed
    from services.variables import sealed  # noqa: PLC0415 - loaded only when it is needed

    row = db.session.scalars(select(Variable).where(Variable.stack_id == stack_id)).one()
    return sealed.unseal(row.value_id, row.ciphertext)


def _made(path):
    path.mkdir(mode=0o700)
    assert Settings(data_dir=path).data_dir == path
    return path

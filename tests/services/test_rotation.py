"""A new key opens everything the old one did, and the old one nothing any more."""

import shutil
from dataclasses import replace

import pytest
from sqlalchemy import LargeBinary, select

from lib import clock, crypto
from models.base import Base, db
from models.draft import Draft
from models.run_content import RunOutput, RunVariable
from models.setting import Setting
from models.variable import Variable
from services import blobs, drafts, first_start, house, rotation, variables
from services.errors import Conflict
from services.states import contents
from services.transaction import transaction
from services.variables import RunVariableInput, sealed
from tests.services.runs.workshop import ask, hire

SECRET = "hunter2-but-longer"


@pytest.fixture
def key_file(app, tmp_path):
    """A copy of the app's key that may be changed; the app's house is put back afterwards."""
    found = house.house()
    path = tmp_path / "secret.key"
    shutil.copy(found.data_dir / "secret.key", path)
    yield path
    house.move_in(found)


@pytest.fixture
def furnished(world):
    """Something sealed in every place there is."""
    first_start._check_key()  # noqa: SLF001 - what a start does
    secret = variables.NewValue(SECRET, "environment", secret=True)
    variables.put(world.alice, world.stack, "password", secret)
    plain = variables.NewValue("eu", "environment", secret=False)
    variables.put(world.alice, world.stack, "region", plain)
    [given] = variables.run_inputs({"token": {"value": SECRET, "category": "environment",
                                              "secret": True}})  # fmt: skip
    assert isinstance(given, RunVariableInput)
    world.run_id = ask(world.dave, variables=[given]).id
    with transaction() as here:
        world.blob_id = blobs.put("state", SECRET.encode()).id
        clear = b'"' + SECRET.encode() + b'"'
        context = f"output:{world.run_id}:pw"
        ciphertext = house.house().keyring.encrypt(clear, context)
        here.add(RunOutput(run_id=world.run_id, name="pw", sensitive=True, ciphertext=ciphertext))
    return world


def rotated(key_file):
    rotation.use_new_key(key_file)
    rotation.reseal_all()
    return rotation.retire_old_keys(key_file)


def test_everything_opens_with_the_new_key_alone(furnished, key_file):
    rotated(key_file)

    house.move_in(replace(house.house(), keyring=crypto.load_or_create(key_file)))
    assert len(key_file.read_text().split()) == 1
    assert blobs.read(furnished.blob_id) == SECRET.encode()
    for table in (Variable, RunVariable):
        row = db.session.scalars(select(table).where(table.secret)).first()
        assert sealed.unseal(row.value_id, row.ciphertext) == SECRET
    output = db.session.scalars(select(RunOutput)).one()
    assert contents.open_output(furnished.run_id, output) == SECRET
    first_start._check_key()  # noqa: SLF001 - it would refuse a start


def test_nothing_anywhere_is_sealed_with_the_old_key(furnished, key_file):
    old = crypto.VERSION + crypto.Key.from_text(key_file.read_text().strip()).id

    rotated(key_file)

    db.session.rollback()
    columns = [
        (table, column)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    ]
    values = [v for _, column in columns for v in db.session.scalars(select(column)) if v]
    assert len(values) >= 4
    assert not [value for value in values if bytes(value).startswith(old)]
    check = db.session.get_one(Setting, first_start.KEY_CHECK)
    assert not bytes.fromhex(check.value).startswith(old)


def test_equal_values_still_have_equal_fingerprints(furnished, key_file):
    before = db.session.scalars(select(Variable.fingerprint)).all()

    rotated(key_file)

    db.session.rollback()
    after = dict(db.session.execute(select(Variable.name, Variable.fingerprint)).all())
    of_run = dict(db.session.execute(select(RunVariable.name, RunVariable.fingerprint)).all())
    assert set(after.values()).isdisjoint(before)
    assert of_run["password"] == after["password"]
    assert of_run["region"] == after["region"]


def test_a_rotation_that_broke_off_goes_on(furnished, key_file, monkeypatch):
    rotation.use_new_key(key_file)
    monkeypatch.setattr(rotation, "SEALED", rotation.SEALED[:1])
    rotation.reseal_all()
    monkeypatch.undo()

    assert blobs.read(furnished.blob_id) == SECRET.encode()
    rotation.reseal_all()
    retired = rotation.retire_old_keys(key_file)

    house.move_in(replace(house.house(), keyring=crypto.load_or_create(key_file)))
    assert blobs.read(furnished.blob_id) == SECRET.encode()
    assert retired.stat().st_mode & 0o777 == 0o600
    assert len(retired.read_text().split()) == 1


def test_drafts_keep_their_secrets(furnished, key_file):
    user = furnished.people["dave"]
    draft = Draft(user_id=user.id, data={}, expires_at=clock.now())
    item = drafts.DraftVariable(name="x", category="environment", secret=True, value=SECRET)
    # There is no other way to see it.
    draft.data = {"variables": [drafts._kept(draft, item, None)]}  # noqa: SLF001
    with transaction() as here:
        here.add(draft)

    rotated(key_file)

    kept = db.session.scalars(select(Draft)).one()
    # There is no other way to see it.
    assert drafts._open(kept, kept.data["variables"][0]) == SECRET  # noqa: SLF001


def test_a_running_portal_is_in_the_way(furnished):
    hire()

    with pytest.raises(Conflict, match="Stop it first"):
        rotation.refuse_while_running()


def test_a_stopped_portal_is_not(furnished):
    rotation.refuse_while_running()


MASKED = {"run_change"}
"""Tables with bytes that are compressed, and hold no secret to be sealed."""


def test_every_table_with_sealed_bytes_is_known_to_the_rotation():
    binary = {
        table.name
        for table in Base.metadata.tables.values()
        if any(isinstance(column.type, LargeBinary) for column in table.columns)
    }

    assert binary - MASKED <= {table.__tablename__ for table, _ in rotation.SEALED}

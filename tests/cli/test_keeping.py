"""gantry backup, restore, hold, secrets and doctor, as one types them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def commands(folder):
    """`gantry("backup", file, data="one")` → (exit code, stdout, stderr)."""

    def run(*arguments, data="one", **settings):
        kept = {name: value for name, value in os.environ.items() if "GANTRY" not in name}
        done = subprocess.run(
            [sys.executable, "-m", "cli", *map(str, arguments)],
            cwd=ROOT,
            env={**kept, "GANTRY_DATA_DIR": str(folder / data), **settings},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    """A data directory with a database in it."""
    folder = tmp_path_factory.mktemp("kept")
    gantry = commands(folder)
    assert gantry("db", "upgrade")[0] == 0
    assert gantry("user", "create", "eve@example.com")[0] == 0
    return folder / "one"


@pytest.fixture
def served(made_once, tmp_path):
    """Commands on a copy of it."""
    shutil.copytree(made_once, tmp_path / "one")
    return commands(tmp_path)


def test_a_backup_is_restored_on_hold_and_released(served, tmp_path):
    gantry, file = served, tmp_path / "kept.gantry"

    code, said, _ = gantry("backup", file, "--with-key")
    assert (code, "Wrote" in said) == (0, True)
    code, said, _ = gantry("restore", file, data="two")
    assert (code, "on hold" in said) == (0, True)
    assert "eve@example.com" in gantry("user", "list", data="two")[1]
    assert "On hold since" in gantry("hold", "show", data="two")[1]
    assert gantry("hold", "release", data="two")[0] == 0
    assert gantry("hold", "show", data="two")[1] == "Runs go on.\n"


def test_a_restore_without_the_key_says_so_and_makes_none(served, tmp_path):
    gantry, file = served, tmp_path / "kept.gantry"
    gantry("backup", file)

    code, _, complaint = gantry("restore", file, data="two")

    assert code == 1
    assert "does not hold the secret key" in complaint
    assert not (tmp_path / "two" / "secret.key").exists()


def test_what_the_command_line_makes_is_its_owners_alone(served, tmp_path):
    modes = {path.stat().st_mode & 0o077 for path in (tmp_path / "one").rglob("*")}

    assert modes == {0}


def test_a_key_is_rotated_and_the_database_still_opens(served, tmp_path):
    before = (tmp_path / "one" / "secret.key").read_text()

    code, said, _ = served("secrets", "rotate")

    assert (code, "secret.key.retired" in said) == (0, True)
    assert (tmp_path / "one" / "secret.key").read_text() != before
    assert (tmp_path / "one" / "secret.key.retired").read_text() == before
    assert served("user", "list")[0] == 0


def test_the_doctor_answers_programs_too(served):
    code, said, _ = served("doctor", "--json", GANTRY_ISOLATION="none")

    found = json.loads(said)
    assert (code, found["well"]) == (0, True)
    checks = {check["name"]: check["text"] for check in found["checks"]}
    assert {"integrity", "locks", "isolation", "processes"} <= checks.keys()
    assert "other runs' secrets among it" in checks["isolation"]


def test_the_doctor_names_what_is_the_matter_and_ends_with_1(served):
    code, said, _ = served("doctor", GANTRY_ISOLATION="user", GANTRY_DISK_FLOOR_MB="1048576")

    assert code == 1
    assert "BAD  disk:" in said
    assert "BAD  isolation:" in said
    assert "lower GANTRY_DISK_FLOOR_MB" in said


def test_the_doctor_makes_no_key_where_one_is_lost(served, tmp_path):
    (tmp_path / "one" / "secret.key").unlink()

    code, said, _ = served("doctor")

    assert (code, "There is no secret key" in said) == (1, True)
    assert not (tmp_path / "one" / "secret.key").exists()


def test_a_damaged_database_is_named(served, tmp_path):
    database = tmp_path / "one" / "gantry.db"
    content = bytearray(database.read_bytes())
    content[len(content) // 2 :] = b"\xff" * (len(content) - len(content) // 2)
    database.write_bytes(content)

    code, said, _ = served("doctor")

    assert code == 1
    assert "BAD" in said


def test_a_start_that_cannot_keep_runs_apart_as_asked_ends_with_a_sentence(served):
    code, _, complaint = served("serve", GANTRY_RUN_USER="no-such-user", GANTRY_PORT="18999")

    assert code not in {0, None}
    assert "GANTRY_RUN_USER names no-such-user, whom nobody here knows." in complaint

"""The checks themselves: they are on, they bite, and each exception says why it is one."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYPROJECT = (ROOT / "pyproject.toml").read_text()
# A comment that switches a rule off and ends there, without a word of why.
NO_REASON = re.compile(
    r"#\s*(noqa(: ?[A-Z0-9, ]+)?|type: ignore(\[[a-z, -]+\])?|pragma: no cover)\s*$"
)
LOCKS = ["runtime", "dev", "provider"]


def tracked(*patterns):
    """The files of the repository that are committed, or would be."""
    listed = subprocess.run(
        [
            "git",
            "-c",
            "safe.directory=*",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
            "--",
            *patterns,
        ],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def lint(code, path):
    """The codes of ruff's findings in `code`, were it the file `path`."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "ruff",
            "check",
            "--output-format=concise",
            f"--stdin-filename={path}",
            "-",
        ],
        cwd=ROOT,
        input=code.encode(),
        capture_output=True,
        check=False,
    )
    return set(re.findall(r": ([A-Z]+\d+) ", done.stdout.decode()))


@pytest.mark.parametrize(
    ("code", "path", "found"),
    [
        ("import subprocess\n", "services/runs.py", "TID251"),
        ("import subprocess\n", "engines/terraform.py", "TID251"),
        ("import os\n\nHOME = os.environ\n", "services/runs.py", "TID251"),
        ("import os\n\nHOME = os.getenv('HOME')\n", "lib/net.py", "TID251"),
        (
            "from datetime import UTC, datetime\n\nAT = datetime.now(UTC)\n",
            "models/run.py",
            "TID251",
        ),
        ("from flask import render_template_string\n", "blueprints/runs.py", "TID251"),
        ("from ..models import run\n", "services/runs/decide.py", "TID252"),
        ("print('hello')\n", "services/runs.py", "T201"),
        ("def f(a, b, c, d, e, f, g):\n    pass\n", "services/runs.py", "PLR0913"),
        ("def f():\n" + "    x = 1\n" * 31, "services/runs.py", "PLR0915"),
        (
            "def f(x):\n" + "".join(f"    if x == {n}:\n        x += 1\n" for n in range(8)),
            "lib/x.py",
            "C901",
        ),
        ("def public():\n    return 1\n", "services/runs.py", "D103"),
    ],
)
def test_the_linter_finds_what_is_banned(code, path, found):
    assert found in lint(code, path)


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("import subprocess\n", "lib/process.py"),
        ("import subprocess\n", "scheduler/supervisor.py"),
        ("import os\n\nHOME = os.environ\n", "config.py"),
        ("from datetime import UTC, datetime\n\nAT = datetime.now(UTC)\n", "lib/clock.py"),
    ],
)
def test_the_one_place_for_it_may_use_it(code, path):
    assert "TID251" not in lint(code, path)


def test_every_rule_that_is_switched_off_says_why():
    start = PYPROJECT.index("\nignore = [")
    lines = PYPROJECT[start : PYPROJECT.index("]\n", start)].strip().splitlines()[1:]

    assert lines
    assert [line for line in lines if not re.search(r'"[A-Z]+\d*",\s+# \S.{10,}', line)] == []


def says_why(lines, number):
    """Whether line `number` gives its exception a reason, behind it or in a comment above it."""
    return not NO_REASON.search(lines[number]) or lines[max(0, number - 1)].lstrip().startswith("#")


def test_every_exception_in_the_code_says_why():
    sources = {path: path.read_text().splitlines() for path in tracked("*.py") if path.exists()}

    without = [
        f"{path.relative_to(ROOT)}:{number + 1}"
        for path, lines in sources.items()
        for number in range(len(lines))
        if not says_why(lines, number)
    ]

    assert without == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_everything_by_hash_and_names_no_server(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    pins = re.split(r"\n(?=\S)", text.strip())

    assert "://" not in text
    assert pins
    assert [
        pin.splitlines()[0] for pin in pins if not re.search(r"==.*--hash=sha256:", pin, re.DOTALL)
    ] == []


def test_what_the_tests_run_on_is_what_the_portal_runs_on():
    runtime, dev = (
        set(
            re.findall(
                r"^([\w.-]+==\S+)",
                (ROOT / "requirements" / f"{name}.txt").read_text(),
                re.MULTILINE,
            )
        )
        for name in ("runtime", "dev")
    )

    assert runtime <= dev


def test_the_wheel_lists_every_package():
    listed = set(tomllib.loads(PYPROJECT)["tool"]["hatch"]["build"]["targets"]["wheel"]["include"])
    not_shipped = {"bench", "scripts", "tests"}

    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - not_shipped

    # Without the slash, "/lib" would mean tests/lib, too.
    assert {f"/{name}" for name in packages} <= listed


def test_the_arrows_cover_every_package():
    contracts = tomllib.loads(PYPROJECT)["tool"]["importlinter"]
    layers = next(c["layers"] for c in contracts["contracts"] if c["type"] == "layers")

    drawn = {name.strip() for layer in layers for name in layer.split("|")}

    assert drawn == set(contracts["root_packages"])


def test_every_command_of_the_makefile_says_what_it_does():
    makefile = (ROOT / "Makefile").read_text()
    commands = set(re.findall(r"^\.PHONY: (\S+)$", makefile, re.MULTILINE)) - {"python-is-there"}

    described = set(re.findall(r"^([a-z-]+):.*## \w", makefile, re.MULTILINE))

    assert commands == described


def test_ci_runs_the_checks_and_the_tests():
    script = (ROOT / ".ci" / "run").read_text()

    assert "\nmake check\n" in script
    assert "\nmake test ||" in script
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


@pytest.mark.parametrize(
    ("python", "sentence"),
    [("", "needs Python 3.11 or later"), ("false", "has no venv module. .* python3-venv")],
)
def test_a_machine_without_the_python_it_takes_is_told_what_to_install(python, sentence):
    done = subprocess.run(
        ["make", "python-is-there", f"PYTHON={python}"], cwd=ROOT, capture_output=True, check=False
    )

    assert done.returncode != 0
    assert re.search(sentence, done.stderr.decode())

"""Run as a program by the fake engine: ``python -I -S fake_program.py STEP WORK_DIR STATE_FILE``.

Reads ``fake.json`` of the current directory; engines/fake.py says what may stand there. It is
terraform's stand-in in tests: it prints, waits, writes, heeds one SIGINT and leaves with a code.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_PLAN = {
    "format_version": "1.2",
    "resource_changes": [
        {
            "address": "fake_thing.one",
            "mode": "managed",
            "type": "fake_thing",
            "name": "one",
            "provider_name": "fake",
            "change": {
                "actions": ["create"],
                "before": None,
                "after": {"name": "one"},
                "after_unknown": {"id": True},
                "before_sensitive": False,
                "after_sensitive": {},
            },
        }
    ],
}
_PLAN_HAS_CHANGES = 2


class Interrupted(Exception):
    """Somebody asked us to stop."""


def main(step: str, work_dir: Path, state_file: Path) -> int:
    """Play one step; return its exit code."""
    script = _script().get(step, {})
    signal.signal(signal.SIGTERM, _interrupt)
    ignores = script.get("on_interrupt") == "ignore"
    signal.signal(signal.SIGINT, signal.SIG_IGN if ignores else _interrupt)
    try:
        _play(script.get("output", [f"fake {step}"]))
    except Interrupted:
        _say("Interrupt received. Stopping gracefully...")
        if step == "apply":
            _write_state(state_file, script)
        return 1
    if step == "plan":
        work_dir.joinpath("plan.tfplan").write_text(json.dumps(script.get("plan", _PLAN)))
    if step == "show":
        sys.stdout.write(work_dir.joinpath("plan.tfplan").read_text())
    if step == "apply" and script.get("state", True):
        _write_state(state_file, script)
    return int(script.get("exit_code", _PLAN_HAS_CHANGES if step == "plan" else 0))


def _script() -> dict[str, Any]:
    path = Path("fake.json")
    return json.loads(path.read_text()) if path.exists() else {}


def _play(output: list[Any]) -> None:
    for item in output:
        if isinstance(item, str):
            _say(item)
        else:
            for name, argument in item.items():
                _DEEDS[name](argument, item)


def _write(path: str, item: dict[str, Any]) -> None:
    Path(path).write_text(item.get("text", ""))


def _wait_for(path: str, _item: dict[str, Any]) -> None:
    while not Path(path).exists():
        time.sleep(0.005)


def _show_variable(name: str, _item: dict[str, Any]) -> None:
    value = os.environ.get(name, "")  # noqa: TID251 - a program of its own, not Gantry's code
    _say(f"{name}={value}")


_DEEDS: dict[str, Callable[[Any, dict[str, Any]], object]] = {
    "sleep_s": lambda seconds, _: time.sleep(seconds),
    "write": _write,
    "text": lambda *_: None,
    "wait_for": _wait_for,
    "print": lambda message, _: _say(json.dumps(message)),
    "environment": _show_variable,
    "signal": lambda number, _: os.kill(os.getpid(), number),
}


def _say(line: str) -> None:
    # `show` prints data on stdout, so what it says goes beside it, as with terraform.
    stream = sys.stderr if sys.argv[1] == "show" else sys.stdout
    stream.write(line + "\n")
    stream.flush()


def _write_state(path: Path, script: dict[str, Any]) -> None:
    """Write a state with the next serial; ``state`` of the script is laid over it."""
    before = json.loads(path.read_text() or "{}") if path.exists() else {}
    state = {
        "version": 4,
        "terraform_version": "1.0.0",
        "serial": before.get("serial", 0) + 1,
        "lineage": before.get("lineage", "00000000-0000-0000-0000-00000000fa4e"),
        "outputs": {},
        "resources": [],
    }
    given = script.get("state", {})
    state.update(given if isinstance(given, dict) else {})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(state))


def _interrupt(_number: int, _frame: object) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    raise Interrupted


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))

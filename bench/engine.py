"""(c) What Gantry adds to the engine's own time: a preview, and an apply of 200 resources."""

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.common import Api, Row, Stream, portal
from engines.terraform.detection import Detection

PAIRS, RESOURCES = 12, 200
CODE = 'resource "terraform_data" "item" {\n  count = %d\n  input = "%s-${count.index}"\n}\n'
INIT = ("init", "-json", "-input=false", "-no-color")
PLAN = ("plan", "-json", "-input=false", "-detailed-exitcode", "-out=plan.tfplan")
SHOW = ("show", "-json", "-no-color", "plan.tfplan")
APPLY = ("apply", "-json", "-input=false", "plan.tfplan")


def measure() -> list[Row]:
    """Pairs, one of each after the other, so that a loud neighbour disturbs both."""
    command = Detection(None, os.environ.get("PATH", "")).find().command
    with portal() as running:
        # A client that polled would take from the engine what the bare commands have.
        api, stream = Api(running), Stream(running, "runs")
        small = api.stack("small", api.upload({"main.tf": CODE % (5, "small")}))
        previews = [_preview(api, stream, command, small) for _ in range(PAIRS)]
        applies = [_apply(api, stream, command, number) for number in range(PAIRS // 2)]
    added = [(through - bare) * 1000 for bare, through in previews]
    ratios = [through / bare for bare, through in applies]
    return [
        Row("c", "init, plan, show bare", [bare * 1000 for bare, _ in previews], "ms"),
        Row("c", "preview through Gantry: added to that", added, "ms", 60),
        Row(
            "c", f"apply of {RESOURCES} bare (four commands)", [b * 1000 for b, _ in applies], "ms"
        ),
        Row("c", "apply through Gantry ÷ bare", ratios, "×", 1.05),
    ]


def _preview(api: Api, stream: Stream, command: Sequence[str], stack: str) -> tuple[float, float]:
    bare = _bare(command, CODE % (5, "small"), (INIT, PLAN, SHOW))
    started = time.perf_counter()
    return bare, stream.finished(api.run(stack, "preview")["id"]) - started


def _apply(api: Api, stream: Stream, command: Sequence[str], number: int) -> tuple[float, float]:
    code = CODE % (RESOURCES, f"many-{number}")
    stack = api.stack(f"many-{number}", api.upload({"main.tf": code}))
    bare = _bare(command, code, (INIT, PLAN, SHOW, APPLY))
    started = time.perf_counter()
    return bare, stream.finished(api.run(stack, "apply", auto_apply=True)["id"]) - started


def _bare(command: Sequence[str], code: str, steps: Sequence[Sequence[str]]) -> float:
    """Seconds of the engine's commands in a new directory, output to files as in a run."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "main.tf").write_text(code)
        env = {"PATH": os.environ.get("PATH", ""), "HOME": folder, "CHECKPOINT_DISABLE": "1"}
        env |= {"TF_IN_AUTOMATION": "1", "TF_WORKSPACE": "main"}
        seconds = 0.0
        for step in steps:
            with Path(folder, "output").open("ab") as output:
                started = time.perf_counter()
                done = subprocess.run(
                    [*command, *step], cwd=folder, env=env, stdout=output, check=False
                )
                seconds += time.perf_counter() - started
            assert done.returncode in {0, 2}, step
        return seconds

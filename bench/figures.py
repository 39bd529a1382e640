"""Rows of figures: what was measured, how it stands to its target, and on which machine."""

import os
import platform
import re
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Row:
    """One figure: what was measured, in which unit, and what it should at most (or least) be."""

    letter: str
    what: str
    values: Sequence[float]
    unit: str
    target: float | None = None
    at_least: bool = False
    judged: str = "median"
    note: str = ""

    @property
    def figure(self) -> float:
        """The one number that is held against the target."""
        return {"median": self.median, "p95": self.p95, "max": max(self.values)}[self.judged]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    @property
    def p95(self) -> float:
        """All but one in twenty are below."""
        return sorted(self.values)[min(len(self.values) - 1, int(len(self.values) * 0.95))]

    @property
    def verdict(self) -> str:
        """How the figure stands to its target."""
        if self.target is None:
            return ""
        is_met = self.figure >= self.target if self.at_least else self.figure <= self.target
        sign = "≥" if self.at_least else "≤"
        ratio = f", ×{self.figure / self.target:.2f}" if self.target else ""
        return f"{'met' if is_met else 'MISSED'} ({sign} {_short(self.target)}{ratio})"

    def cells(self) -> list[str]:
        """The row as text: letter, what, min, median, p95, unit, target, note."""
        several = len(self.values) > 1
        numbers = [_short(min(self.values)) if several else "", _short(self.median)]
        numbers.append(_short(self.p95) if several else "")
        return [self.letter, self.what, *numbers, self.unit, self.verdict, self.note]


HEAD = ["", "what", "min", "median", "p95", "unit", "target", ""]


def _short(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def machine() -> dict[str, str]:
    """What the figures depend on."""
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "processor": f"{cpu.group(1) if cpu else platform.machine()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "load before": " ".join(f"{each:.2f}" for each in os.getloadavg()),
        "commit": commit.stdout.strip() or "?",
    }


def milliseconds(action: Any) -> float:
    """How long a call takes."""
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000

"""Run measurements: `python -m bench [names or letters] [--write bench/RESULTS.md]`."""

import argparse
import datetime as dt
import importlib
from pathlib import Path

from bench import common
from bench.common import HEAD, Row
from lib import clock

#: In the order of the letters they measure.
SCRIPTS = {
    "tasks": "ab",
    "engine": "c",
    "lists": "d",
    "loud": "e",
    "viewers": "f",
    "idle": "g",
    "changes": "h",
    "api": "i",
    "schedules": "s",
    "pushes": "p",
    "mails": "m",
    "crowd": "q",
}


def main() -> None:
    """Measure what is asked for, print it, and write it down if told so."""
    asked = argparse.ArgumentParser(prog="bench", description=__doc__)
    asked.add_argument("what", nargs="*", help=f"of {', '.join(SCRIPTS)}, or their letters")
    asked.add_argument("--write", type=Path, metavar="FILE", help="a Markdown file for the rows")
    wanted = asked.parse_args()
    facts = common.machine()
    for name, value in facts.items():
        print(f"{name:14}{value}")
    rows: list[Row] = []
    for name in _chosen(wanted.what):
        print(f"\n{name}", flush=True)
        for row in importlib.import_module(f"bench.{name}").measure():
            rows.append(row)
            _print(row)
    if wanted.write:
        wanted.write.write_text(markdown(facts, rows), encoding="utf-8")


def markdown(facts: dict[str, str], rows: list[Row]) -> str:
    """Facts and rows as a document."""
    on = clock.now().astimezone(dt.UTC).date().isoformat()
    lines = ["# Results", "", f"Measured on {on} by `python -m bench`.", ""]
    lines += [f"- {name}: {value}" for name, value in facts.items()]
    lines += ["", f"| {' | '.join(HEAD)} |", f"|{' --- |' * len(HEAD)}"]
    lines += [f"| {' | '.join(row.cells())} |" for row in rows]
    return "\n".join(lines) + "\n"


def _chosen(words: list[str]) -> list[str]:
    if not words:
        return list(SCRIPTS)
    for word in words:
        if word not in SCRIPTS and not any(word in letters for letters in SCRIPTS.values()):
            raise SystemExit(f"bench: there is no {word}")
    return [
        name
        for name, letters in SCRIPTS.items()
        if name in words or any(letter in words for letter in letters)
    ]


def _print(row: Row) -> None:
    letter, what, low, middle, high, unit, target, note = row.cells()
    spread = f"{low} … {high}" if low else ""
    print(f"({letter}) {what:64} {middle:>9} {unit:9} {spread:18} {target} {note}", flush=True)


if __name__ == "__main__":
    main()

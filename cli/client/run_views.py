"""gantry run history, variables, outputs and the like: lists of what a run has."""

import click

from cli.client.command import Command, Here, connected
from cli.client.http import path
from cli.client.kinds import RUN, run_id
from cli.client.output import Column, kind_of_output, when
from cli.client.screen import clock_words


def _lasted(milliseconds: int | None) -> str:
    return "" if milliseconds is None else clock_words(milliseconds // 1000)


HISTORY = [
    Column("state", "state", is_state=True),
    Column("at", when("at")),
    Column("lasted", lambda row: _lasted(row["duration_ms"]), 1),
    Column("by", "actor.name", 2),
    Column("reason", "reason", 3),
]
COMMENTS = [Column("at", when("at")), Column("by", "author"), Column("text", "text")]
DIAGNOSTICS = [
    Column("severity", "severity"),
    Column("summary", "summary"),
    Column("file", lambda row: f"{row['file']}:{row['line'] or ''}" if row["file"] else ""),
    Column("address", "address", 1),
    Column("detail", "detail", 2),
]
METADATA = [
    Column("with", "verb"),
    Column("text", "text"),
    Column("by", "author", 1),
    Column("at", when("at"), 2),
]
VARIABLES = [
    Column("name", "name"),
    Column("category", "category", 2),
    Column("value", lambda row: "(hidden)" if row["hidden"] else row["value"]),
    Column("from", "source", 1),
]
OUTPUTS = [
    Column("name", "name"),
    Column("value", lambda row: "(sensitive)" if row["sensitive"] else row["value"]),
    Column("type", kind_of_output, 1),
]


def _reading(name: str, columns: list[Column], said: str, *, field: str = "name") -> click.Command:
    """A command that lists something of a run."""

    @click.command(
        name,
        cls=Command,
        help=said,
        calls=[f"GET /runs/{{run_id}}/{name}"],
        examples=[f"gantry run {name} shop#17"],
    )
    @click.argument("run", type=RUN)
    @connected
    def command(here: Here, run: str) -> None:
        here.out.listing(
            here.portal.get(path("runs", run_id(here.portal, run), name)), columns, field
        )

    return command


history = _reading(
    "history", HISTORY, "List the states a run went through, and who moved it.", field="state"
)
variables = _reading("variables", VARIABLES, "List the variables a run got; secret ones hidden.")
comments = _reading("comments", COMMENTS, "List the comments on a run.", field="id")
diagnostics = _reading(
    "diagnostics", DIAGNOSTICS, "List what the engine complained about.", field="summary"
)
metadata = _reading("metadata", METADATA, "List what was attached to a run.", field="text")
outputs = _reading("outputs", OUTPUTS, "List a run's outputs; of sensitive ones only the names.")

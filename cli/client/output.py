"""What commands print: tables and facts for people, the API's JSON for programs, or ids alone."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.client.failures import printable

if TYPE_CHECKING:
    from rich.console import Console

Json = dict[str, Any]
GAP = 2
ENOUGH = 26
"""Of a longer text so much is shown, before a column is left out."""
STYLES: Mapping[str, str] = {
    "finished": "green",
    "succeeded": "green",
    "failed": "bold red",
    "timed_out": "bold red",
    "unconfirmed": "bold yellow",
    "pending_review": "bold yellow",
    "discarded": "dim",
    "stopped": "dim",
    "canceled": "dim",
    "skipped": "dim",
    "queued": "dim",
    "ready": "dim",
}
WORKING = "cyan"


@dataclass(frozen=True)
class Column:
    """A column of a table.

    `of` is a path such as "source.commit", or makes the text of an item. The higher `rank`, the
    sooner it is left out where a terminal is narrow; 0 always stays.
    """

    title: str
    of: str | Callable[[Json], object]
    rank: int = 0
    is_state: bool = False

    def text(self, item: Json) -> str:
        """The cell: one line, harmless."""
        value = self.of(item) if callable(self.of) else at(item, self.of)
        return printable(words(value))


def at(item: Any, where: str) -> Any:
    """The value at a dotted path, or None."""
    for name in where.split("."):
        item = item.get(name) if isinstance(item, Mapping) else None
    return item


def words(value: Any) -> str:
    """A value as people read it."""
    match value:
        case None | "":
            return ""
        case bool():
            return "yes" if value else "no"
        case str() | int() | float():
            return str(value)
        case list():
            return ", ".join(words(each) for each in value)
        case dict():
            said = {name: words(each) for name, each in value.items()}
            return ", ".join(f"{name} {text}" for name, text in said.items() if text)
        case _:
            return json.dumps(value, ensure_ascii=False)


def when(name: str) -> Callable[[Json], str]:
    """An instant of an item, to the second, in the time zone of whoever reads."""
    return lambda item: local(at(item, name))


def local(text: str | None) -> str:
    """An instant of the API, in the time zone of whoever reads; "" for none."""
    from datetime import datetime

    if not text:
        return ""
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def kind_of_output(item: Json) -> str:
    """The type of an output, in a word: of `["list", "string"]` the first."""
    kind = item["type"]
    return words(kind[0] if isinstance(kind, list) and kind else kind)


class Output:
    """Where a command prints: `as_json` for programs, `quiet` for ids alone."""

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json, self.quiet = as_json, quiet

    @property
    def is_for_people(self) -> bool:
        """Whether a person reads it."""
        return not self.as_json and not self.quiet

    def raw(self, value: Any) -> None:
        """JSON, as the API has it."""
        print(json.dumps(value, indent=2, ensure_ascii=False))

    def say(self, text: str) -> None:
        """A sentence beside the answer: on standard error, so that it is in nobody's way."""
        if self.is_for_people:
            print(printable(text, lines=True), file=sys.stderr)

    def listing(self, page: Json, columns: Sequence[Column], name: str) -> None:
        """A list; `name` is the field that stands for an item where ids are asked for."""
        if self.as_json:
            return self.raw(page)
        if self.quiet:
            return _print_all(printable(words(at(item, name))) for item in page["items"])
        if page["items"]:
            _table(page["items"], columns)
        else:
            self.say("There are none.")
        if page.get("next"):
            self.say("There are more: ask for --all, or a larger --limit.")
        return None

    def one(self, item: Json, name: str, shown: Sequence[Column] = ()) -> None:
        """One thing: `shown`, or all that is known of it."""
        if self.as_json:
            return self.raw(item)
        if self.quiet:
            return print(printable(words(at(item, name))))
        columns = shown or [Column(each.replace("_", " "), each) for each in item]
        facts = [(each.title, each.text(item), each.is_state) for each in columns]
        return _facts([fact for fact in facts if fact[1]])

    def done(self, item: Json | None, name: str, sentence: str) -> None:
        """What a verb did: a sentence for people, the thing for programs."""
        if self.is_for_people or item is None:
            self.say(sentence)
        else:
            self.one(item, name)


def console(*, on_error: bool = False) -> "Console":
    """A rich console; it knows NO_COLOR, and whether a terminal is there."""
    from rich.console import Console

    return Console(stderr=on_error, highlight=False, markup=False, emoji=False)


def style_of(state: str) -> str:
    """The colour of a state."""
    return STYLES.get(state, WORKING)


def _print_all(lines: Any) -> None:
    for line in lines:
        print(line)


def _table(items: Sequence[Json], columns: Sequence[Column]) -> None:
    cells = [[column.text(item) for column in columns] for item in items]
    if sys.stdout.isatty():
        _drawn(cells, columns)
    else:
        _aligned([[column.title.upper() for column in columns], *cells])


def _aligned(rows: Sequence[Sequence[str]]) -> None:
    """Columns of their natural width, whole, for files and pipes; the last one is not padded."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = [text.ljust(width + GAP) for text, width in zip(row, widths, strict=True)]
        print("".join(padded).rstrip())


def _drawn(cells: Sequence[Sequence[str]], columns: Sequence[Column]) -> None:
    """A table as wide as the terminal allows: columns of little weight go first."""
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    screen = console()
    natural = [
        max([len(column.title), *(cell_len(row[place]) for row in cells)]) + GAP
        for place, column in enumerate(columns)
    ]
    empty = {place for place in range(len(columns)) if not any(row[place] for row in cells)}
    widths = _fitting(natural, columns, screen.width + GAP, empty)
    kept = list(widths)
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for place in kept:
        table.add_column(
            columns[place].title.upper(),
            no_wrap=True,
            overflow="ellipsis",
            width=widths[place] - GAP,
        )
    for row in cells:
        table.add_row(
            *(
                Text(row[place], style_of(row[place]) if columns[place].is_state else "")
                for place in kept
            )
        )
    screen.print(table)


def _fitting(
    natural: Sequence[int], columns: Sequence[Column], room: int, empty: set[int]
) -> dict[int, int]:
    """The places of the columns that are shown, and their widths: long text is cut if need be."""
    kept = [place for place in range(len(columns)) if place not in empty or not columns[place].rank]
    while sum(min(natural[place], ENOUGH) for place in kept) > room:
        spare = max(kept, key=lambda place: (columns[place].rank, place))
        if not columns[spare].rank:
            break
        kept.remove(spare)
    widths = {place: min(natural[place], ENOUGH) for place in kept}
    left = room - sum(widths.values())
    for place in sorted(kept, key=lambda place: columns[place].rank):
        more = max(0, min(left, natural[place] - widths[place]))
        widths[place] += more
        left -= more
    return widths


def _facts(facts: Sequence[tuple[str, str, bool]]) -> None:
    width = max((len(title) for title, _, _ in facts), default=0) + GAP
    if not sys.stdout.isatty():
        return _print_all(f"{title.ljust(width)}{text}" for title, text, _ in facts)
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), show_header=False)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for title, text, is_state in facts:
        table.add_row(title, Text(text, style_of(text) if is_state else ""))
    return console().print(table)

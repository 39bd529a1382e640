"""What starts runs without a person: schedules and triggers are shown, deleted and told alike."""

from collections.abc import Callable
from dataclasses import dataclass

import click

from cli.client.command import Here, connected
from cli.client.fields import agreed
from cli.client.http import path

EXAMPLE = "06gzq1k2v5c8m9r3tw4x"
"""An id, as examples have it."""


@dataclass(frozen=True)
class Starter:
    """A kind of them, and the group of commands that is about it.

    `words` is how the group is typed, `noun` what one is called, `full_noun` what it is called
    where people are asked about it; `collection` and `parameter` are those of the API's paths.
    """

    group: click.Group
    words: str
    noun: str
    full_noun: str
    collection: str
    parameter: str

    @property
    def one(self) -> str:
        """The path of one of them, as the API describes it."""
        return f"/{self.collection}/{{{self.parameter}}}"

    def show(self, said_as: str) -> None:
        """Add the command that shows one."""

        def show(here: Here, starter_id: str) -> None:
            here.out.one(here.portal.get(path(self.collection, starter_id)), "id")

        self._add("show", said_as, [f"GET {self.one}"], show)

    def delete(self, said_as: str) -> None:
        """Add the command that deletes one, having asked for its name."""

        @click.option("--yes", "-y", is_flag=True, help="Do not ask.")
        def delete(here: Here, starter_id: str, *, yes: bool) -> None:
            where = path(self.collection, starter_id)
            name = here.portal.get(where)["name"]
            agreed(self.full_noun, name, yes=yes)
            here.portal.delete(where)
            here.out.say(f"Deleted the {self.noun} {name}.")

        calls = [f"GET {self.one}", f"DELETE {self.one}"]
        self._add("delete", said_as, calls, delete, more=" --yes")

    def verb(self, name: str, said_as: str, done_as: str) -> None:
        """Add a command that tells one what to do."""

        def tell(here: Here, starter_id: str) -> None:
            done = here.portal.do(path(self.collection, starter_id, name))
            here.out.done(done, "id", f"The {self.noun} {done['name']} {done_as}.")

        self._add(name, said_as, [f"POST {self.one}/{name}"], tell)

    def _add(
        self, name: str, said_as: str, calls: list[str], body: Callable[..., None], more: str = ""
    ) -> None:
        examples = [f"{self.words} {name} {EXAMPLE}{more}"]
        taking_id = click.argument("starter_id", metavar="ID")(connected(body))
        self.group.command(name, help=said_as, calls=calls, examples=examples)(taking_id)

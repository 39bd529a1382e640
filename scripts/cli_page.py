"""Write docs/cli.md from the commands: `make cli-docs`."""

from collections.abc import Iterator
from pathlib import Path

import click

from cli import gantry
from cli.client.command import Command
from cli.client.failures import MEANINGS
from cli.late import LateGroup

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"
HEAD = """# The command line

`gantry` does over the API whatever the pages do, from anywhere, and on the server's machine it
serves, backs up and mends the portal itself. [CI recipes](howto/ci.md) show it in pipelines.

## Sign in

Make a token on your account page, then:

```
gantry login https://gantry.example.com
gantry whoami
```

The token is asked for without showing it, or read from standard input. It is kept in
`~/.config/gantry/portals.json` (under `XDG_CONFIG_HOME`, if that is set), a file that only you can
read; one that others can read is refused. `--profile NAME` keeps several portals side by side;
`gantry profile use` says which one is meant.

In pipelines, and for once, the environment wins over what is kept:

| Variable | |
| --- | --- |
| `GANTRY_URL` | the portal's URL; a kept token goes only to the portal it was kept for |
| `GANTRY_TOKEN` | the token |
| `GANTRY_PROFILE` | which of the kept portals is meant |
| `GANTRY_CA_FILE` | certificates to trust instead of the usual ones; TLS is always verified |
| `GANTRY_RETRY_FOR` | how long to try again while the portal cannot be reached; `0`: once |
| `NO_COLOR` | no colours, whatever its value |

`HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are respected.

## Runs, from a folder to an apply

```
gantry run create shop/web/staging --local . --follow
gantry run create shop/web/prod -t apply -m 'Release 12' --follow
```

The first packs the folder (what `.gitignore` and `.terraformignore` name is left out, and so are
`.git`, `.terraform` and local states; links are refused), uploads it, and previews what it would
change. The second plans, shows what the plan changes, asks, and applies exactly that plan: its
SHA-256 goes along, and another plan in its place is refused. Destroying something in a protected
workspace takes its name, typed, or with `--yes` as `--confirm-name`.

While a run is followed, Ctrl-C says that the run goes on and how to cancel it; a second one leaves.

A run goes by its id, by `PROJECT#NUMBER`, or by the address of its page.

## For people and for programs

Tables are as wide as the terminal: columns of little weight are left out first. In a file or a pipe
they are whole. `--json` prints what the API says, unchanged; `--quiet` prints ids (or names) alone.
Answers go to standard output, everything said beside them to standard error.

```
gantry run list --status failed --since 24h --json | jq -r '.items[].error.text'
gantry run list -q --status failed --until 30d --all | gantry run bulk archive -
```

## When the way to the portal breaks

A call is asked again for a minute, ever more slowly, and as `Retry-After` says; a followed run for
ten minutes, and its log goes on at the byte where it broke. What makes something carries an
Idempotency-Key, the same each time, so nothing is made twice; `--idempotency-key` lets a job that
is started again find the run it has made. A decision whose answer got lost (confirm, cancel, …) is
looked up before it is asked for again.

## How a command ends

| Code | |
| --- | --- |
{codes}

## Complete words in a shell

```
eval "$(gantry completion bash)"                                             # in ~/.bashrc
gantry completion zsh > ~/.zfunc/_gantry                                     # in a folder of $fpath
gantry completion fish > ~/.config/fish/completions/gantry.fish
```

Projects, stacks, workspaces and runs are completed, too, from the portal.

## Options of every command

{common}

What follows is written by `make cli-docs` from the commands themselves; `--help` says the same.
"""
INTRODUCTIONS = {
    "A portal, over its API": "Every one of these takes the options above.",
    "The server itself, on its machine": "These work on the data directory and the database of "
    "`GANTRY_DATA_DIR`, not over the API.",
}


def text() -> str:
    """The page."""
    codes = "\n".join(f"| {int(code)} | {said} |" for code, said in MEANINGS.items())
    parts = [HEAD.format(codes=codes, common=_table(_common())).rstrip()]
    for title, commands in gantry.sections.items():
        parts.append(f"## {title}\n\n{INTRODUCTIONS[title]}")
        for name in commands:
            parts += _pages(f"gantry {name}", _loaded(gantry, name))
    return "\n\n".join(parts) + "\n"


def leaves(
    names: str = "gantry", command: click.Command = gantry
) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by how it is typed."""
    if not isinstance(command, click.Group):
        yield names, command
        return
    for name in command.list_commands(_context(names, command)):
        yield from leaves(f"{names} {name}", _loaded(command, name))


def _pages(names: str, command: click.Command) -> Iterator[str]:
    if isinstance(command, click.Group):
        yield f"### `{names}`\n\n{_prose(command)}"
        for name in command.list_commands(_context(names, command)):
            yield from _pages(f"{names} {name}", _loaded(command, name))
        return
    context = _context(names, command)
    usage = " ".join(
        piece for piece in command.collect_usage_pieces(context) if piece != "[OPTIONS]"
    )
    parts = [f"#### `{names}{' ' + usage if usage else ''}`", _prose(command)]
    options = _table(_records(context, command, common=False))
    parts += [options] if options else []
    if isinstance(command, Command):
        if command.examples:
            parts.append("```\n" + "\n".join(command.examples) + "\n```")
        if command.calls:
            parts.append("Calls " + ", ".join(f"`{call}`" for call in command.calls) + ".")
    yield "\n\n".join(parts)


def _records(
    context: click.Context, command: click.Command, *, common: bool
) -> list[tuple[str, str]]:
    found = []
    for parameter in command.params:  # --help is every command's, and not among these.
        record = parameter.get_help_record(context)
        is_wanted = getattr(parameter, "is_common", False) is common
        if is_wanted and record and isinstance(parameter, click.Option):
            found.append(record)
    return found


def _common() -> list[tuple[str, str]]:
    run = _loaded(gantry, "run")
    assert isinstance(run, LateGroup)  # noqa: S101 - for the type checker
    command = _loaded(run, "list")
    return _records(_context("gantry run list", command), command, common=True)


def _table(records: list[tuple[str, str]]) -> str:
    if not records:
        return ""
    rows = [f"| `{names}` | {said.replace('|', 'or')} |" for names, said in records]
    return "\n".join(["| Option | |", "| --- | --- |", *rows])


def _prose(command: click.Command) -> str:
    return "\n".join(line.strip() for line in (command.help or "").strip().splitlines())


def _context(names: str, command: click.Command) -> click.Context:
    return click.Context(command, info_name=names, max_content_width=200, terminal_width=200)


def _loaded(group: click.Group, name: str) -> click.Command:
    found = group.get_command(_context(name, group), name)
    assert found is not None, name  # noqa: S101 - a table that names what is not there
    return found


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")

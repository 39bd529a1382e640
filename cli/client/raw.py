"""gantry api: any call of the API, as it is."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from cli.client.command import Command, Here, connected
from cli.client.failures import Exit, Failure
from cli.client.kinds import json_of, pairs

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@click.command(
    cls=Command,
    examples=[
        "gantry api GET /me",
        "gantry api GET '/runs?status=failed&limit=5'",
        "gantry api POST /projects -f name=shop",
        "gantry api PUT /projects/shop/members --input members.json",
    ],
)
@click.argument("method", type=click.Choice(METHODS, case_sensitive=False))
@click.argument("where", metavar="PATH")
@click.option("--field", "-f", multiple=True, metavar="NAME=TEXT", help="A text field of the body.")
@click.option("--typed", "-F", multiple=True, metavar="NAME=JSON", help="A field of any type.")
@click.option(
    "--input",
    "body_file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="The whole body; - is standard input.",
)
@click.option("--idempotency-key", metavar="KEY", help="The same key again makes nothing new.")
@connected
def api(here: Here, method: str, where: str, **given: Any) -> None:
    """Make any call of the API, and print its answer. PATH is below /api/v1.

    For what has no command of its own, and for scripts. A call that makes something is made once
    although the connection breaks; its key is made for it, unless you say one.
    """
    name, query = where.removeprefix("/api/v1").partition("?")[::2]
    headers = {"Idempotency-Key": given["idempotency_key"]} if given["idempotency_key"] else {}
    reply = here.portal.request(
        method.upper(),
        f"/{name.lstrip('/')}" + (f"?{query}" if query else ""),
        _body(given),
        headers=headers,
        repeats=method.upper() != "POST" or bool(headers),
    )
    if not reply.data:
        return
    if "json" in reply.headers.get("Content-Type", ""):
        here.out.raw(json.loads(reply.data))
    else:
        sys.stdout.buffer.write(reply.data)


def _body(given: dict[str, Any]) -> Any:
    fields: dict[str, Any] = dict(pairs(given["field"], "--field"))
    fields |= {
        name: json_of(text, "--typed") for name, text in pairs(given["typed"], "--typed").items()
    }
    file = given["body_file"]
    if file is None:
        return fields or None
    if fields:
        raise click.UsageError("Say --input, or fields, not both.")
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{file} cannot be read.", Exit.USAGE) from error
    return json_of(text, "--input")

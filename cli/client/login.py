"""gantry login, logout, whoami, profile: coming in, and which portal is meant."""

import sys
from dataclasses import replace
from urllib.parse import urlsplit

import click

from cli.client import profiles
from cli.client.command import (
    Command,
    Group,
    Here,
    connected,
    is_this_machine,
    usual_url,
)
from cli.client.failures import Exit, Failure, Refused
from cli.client.http import Portal, path
from cli.client.output import Column, Output

PROFILES = [Column("", "mark"), Column("profile", "name"), Column("url", "url")]


@click.command(
    cls=Command,
    calls=["GET /me"],
    examples=[
        "gantry login https://gantry.example.com",
        "gantry login https://gantry.example.com --profile work < token.txt",
    ],
)
@click.argument("url", required=False)
@click.option("--profile", metavar="NAME", help="Keep it under this name, beside others.")
@click.option("--ca-file", metavar="FILE", help="Certificates to trust instead of the usual ones.")
def login(url: str | None, profile: str | None, ca_file: str | None) -> None:
    """Sign in to a portal: its token is checked, and kept for the commands after.

    The token is asked for without showing it, or read from standard input. Make one on your account
    page in the portal. It is kept in a file that only you can read.
    """
    if url is None and not sys.stdin.isatty():
        raise click.UsageError("Say the portal's URL: gantry login https://gantry.example.com")
    address = usual_url(url or click.prompt("URL of the portal"))
    token = _token(address)
    me = Portal(address, token, ca_file).get("/me")
    kept = profiles.load()
    name = profile or profiles.USUAL
    portals = kept.portals | {name: profiles.Profile(address, token, ca_file)}
    profiles.save(profiles.Kept(name, portals))
    Output().say(f"Signed in to {address} as {_who(me)}. Kept in {profiles.path()}.")
    if _travels_in_clear(address):
        Output().say("Beware: without https the token can be read on its way to the portal.")


@click.command(
    cls=Command,
    calls=["DELETE /tokens/{token_id}"],
    examples=["gantry logout", "gantry logout --profile work --revoke"],
)
@click.option("--profile", metavar="NAME", help="Of this profile, instead of the one in use.")
@click.option("--revoke", is_flag=True, help="Also make the token useless, in the portal.")
def logout(profile: str | None, *, revoke: bool) -> None:
    """Forget the token that is kept; with --revoke the portal forgets it, too."""
    kept = profiles.load()
    name = profile or kept.current
    found = profiles.named(kept, profile)
    if found is None:
        raise Failure("You are not signed in.")
    if revoke:
        _revoke(found)
    portals = {each: one for each, one in kept.portals.items() if each != name}
    current = kept.current if kept.current in portals else next(iter(portals), profiles.USUAL)
    profiles.save(profiles.Kept(current, portals))
    Output().say(f"The token of {found.url} is forgotten{' and revoked' if revoke else ''}.")


@click.command(cls=Command, calls=["GET /me"], examples=["gantry whoami", "gantry whoami --json"])
@connected
def whoami(here: Here) -> None:
    """Say who the token is, at which portal, and what it may do."""
    me = here.portal.get("/me")
    shown = {**me, "portal": here.portal.url}
    here.out.one(me if here.out.as_json else shown, "id")


@click.group(cls=Group)
def profile() -> None:
    """The portals that you are signed in to."""


@profile.command("list", examples=["gantry profile list"])
def list_profiles() -> None:
    """List the profiles; * is the one in use."""
    kept = profiles.load()
    items = [
        {"mark": "*" if name == kept.current else "", "name": name, "url": each.url}
        for name, each in sorted(kept.portals.items())
    ]
    Output().listing({"items": items, "next": None}, PROFILES, "name")


@profile.command("use", examples=["gantry profile use work"])
@click.argument("name")
def use_profile(name: str) -> None:
    """Mean this portal from now on."""
    kept = profiles.load()
    found = profiles.named(kept, name)
    profiles.save(replace(kept, current=name))
    Output().say(f"Commands go to {found.url if found else name} now.")


def _token(address: str) -> str:
    if sys.stdin.isatty():
        Output().say(f"Make a token at {address}/account, under API tokens.")
        text = click.prompt("Token", hide_input=True, err=True)
    else:
        text = sys.stdin.readline()
    token = str(text).strip()
    if not token or not token.isascii() or not token.isprintable():
        raise Failure("There is no token in what was given.", Exit.USAGE)
    return token


def _who(me: dict[str, object]) -> str:
    return str(me.get("email") or me.get("name") or me.get("id"))


def _travels_in_clear(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme != "https" and not is_this_machine(parts.netloc)


def _revoke(found: profiles.Profile) -> None:
    """End the token in the portal. One that is good for nothing already is what was wanted."""
    portal = Portal(found.url, found.token, found.ca_file)
    try:
        portal.delete(path("tokens", portal.get("/me")["token"]["id"]))
    except Refused as error:
        if error.status == 401:
            return
        raise Failure(f"The token is kept, for it could not be revoked: {error.message}") from error

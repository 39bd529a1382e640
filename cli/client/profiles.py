"""Where tokens are kept: one file of the user's own, a profile for each portal.

The file is JSON: `{"current": name, "portals": {name: {"url", "token", "ca_file"}}}`.
"""

import json
import os
import stat
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click

from cli.client.failures import Exit, Failure

USUAL = "default"
OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class Profile:
    """A portal, and how one comes in."""

    url: str
    token: str = field(repr=False)
    ca_file: str | None = None


@dataclass(frozen=True)
class Kept:
    """What the file holds."""

    current: str = USUAL
    portals: dict[str, Profile] = field(default_factory=dict)


def path() -> Path:
    """The file, under $XDG_CONFIG_HOME or ~/.config."""
    return Path(click.get_app_dir("gantry", force_posix=False)) / "portals.json"


def load() -> Kept:
    """What is kept; nothing when there is no file.

    Raises:
        Failure: when others may read it, or it cannot be read.
    """
    file = path()
    try:
        with file.open(encoding="utf-8") as opened:
            _refuse_open_to_others(file, os.fstat(opened.fileno()))
            return _kept(json.load(opened))
    except FileNotFoundError:
        return Kept()
    except OSError as error:
        raise Failure(f"{file} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, KeyError) as error:
        raise Failure(
            f"{file} cannot be understood. Remove it, and sign in again with “gantry login”."
        ) from error


def save(kept: Kept) -> None:
    """Keep this: the file is written whole, 0600, in a directory 0700.

    Raises:
        Failure: when it cannot be written.
    """
    import tempfile

    file = path()
    content = {
        "current": kept.current,
        "portals": {name: asdict(each) for name, each in kept.portals.items()},
    }
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.parent.chmod(0o700)
        descriptor, draft = tempfile.mkstemp(dir=file.parent, prefix=".portals-")  # It makes 0600.
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
                json.dump(content, opened, indent=1)
                opened.flush()
                os.fsync(opened.fileno())
            Path(draft).replace(file)
        except BaseException:
            with suppress(OSError):
                Path(draft).unlink()
            raise
    except OSError as error:
        raise Failure(f"{file} cannot be written: {error.strerror}.") from error


def named(kept: Kept, name: str | None) -> Profile | None:
    """The profile of this name, or the current one; None when nobody has signed in.

    Raises:
        Failure: when a name is given that is not kept.
    """
    if name is not None and name not in kept.portals:
        known = ", ".join(sorted(kept.portals)) or "none yet"
        raise Failure(f"There is no profile “{name}”. Known are: {known}.", Exit.USAGE)
    return kept.portals.get(name or kept.current)


def _refuse_open_to_others(file: Path, found: os.stat_result) -> None:
    if found.st_mode & OTHERS:
        raise Failure(
            f"{file} holds tokens, and others may read it (its mode is "
            f"{stat.S_IMODE(found.st_mode):04o}). Take that away with: chmod 600 {file}\n"
            "If others use this machine, revoke those tokens and sign in again."
        )
    if found.st_uid != os.geteuid():
        raise Failure(f"{file} belongs to another user; its tokens are not used.")


def _kept(content: dict[str, Any]) -> Kept:
    portals = {str(name): Profile(**each) for name, each in content["portals"].items()}
    return Kept(str(content["current"]), portals)

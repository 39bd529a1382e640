"""What can be set on an integration, and what stands against it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services import sources
from services.fields import Fields
from services.vcs.rules import MOST_GLOBS, glob_problem

MOST_RUNS = 500
SHORTEST_POLL_S = 30
LONGEST_SECRET = 16_384
SECRETS = ("token", "ssh_key", "webhook_secret")
ADDRESSES = ("base_url", "clone_url")
DEFAULTS: Mapping[str, Any] = {
    "base_url": "",
    "clone_url": "",
    "username": "",
    "known_hosts": "",
    "repositories": [],
    "is_paused": False,
    "max_runs": 50,
    "poll_every_s": None,
}
"""What can be set beside name, kind and secrets, and what it is when nobody says."""

_PAIR = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_NESTED = re.compile(r"[A-Za-z0-9_][\w.-]*(/[\w.-]+)+")
_ANYWHERE = re.compile(r"[\w.~+-]+(/[\w.~+-]+)*")


@dataclass(frozen=True)
class Kind:
    """A kind of integration: its usual address, whether it sends webhooks, its names."""

    title: str
    base_url: str
    schemes: tuple[str, ...]
    name: re.Pattern[str]
    poll_every_s: int = 0
    has_webhooks: bool = True

    def repository_problem(self, name: str) -> str | None:
        """Why this is no repository's name there, or None."""
        parts = name.split("/")
        if not self.name.fullmatch(name) or any(part in {".", "..", ".git"} for part in parts):
            example = "team/infra" if self.has_webhooks else "team/infra.git"
            return f"A repository here is called something like “{example}”."
        return None


KINDS: Mapping[str, Kind] = {
    "github": Kind("GitHub", "https://github.com", ("https",), _PAIR),
    "gitlab": Kind("GitLab", "https://gitlab.com", ("https",), _NESTED),
    "gitea": Kind("Gitea or Forgejo", "", ("https",), _PAIR),
    "git": Kind("Plain git", "", ("https", "ssh"), _ANYWHERE, 60, has_webhooks=False),
}
"""The kinds of integrations; those that send webhooks are the services of integrations.vcs."""


def checked_settings(fields: Fields, kind: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings in their usual form; what is wrong is noted in `fields`."""
    if kind not in KINDS:
        return {}
    found: dict[str, Any] = {}
    for name, value in settings.items():
        check = _CHECKS.get(name)
        if check is None:
            fields.add(name, "An integration has no such setting.")
        else:
            found[name] = check(fields, KINDS[kind], value)
    return found


def checked_secrets(fields: Fields, given: Mapping[str, Any]) -> dict[str, str]:
    """The secrets that were given; what is wrong is noted in `fields`, without repeating it."""
    found = {name: fields.text(name, value, LONGEST_SECRET) for name, value in given.items()}
    key = found.get("ssh_key", "")
    if key and "PRIVATE KEY" not in key.partition("\n")[0]:
        fields.add("ssh_key", "This is not a private key as ssh-keygen writes it.")
    if any(letter.isspace() for letter in found.get("token", "")):
        fields.add("token", "There is white space in it, which no token has.")
    if 0 < len(found.get("webhook_secret", "")) < 16:
        fields.add("webhook_secret", "A secret of less than 16 characters can be guessed.")
    return found


def _base_url(fields: Fields, kind: Kind, value: Any) -> str:
    url = fields.text("base_url", value, 2000).rstrip("/")
    if not url:
        fields.add("base_url", f"Give the address of your {kind.title}.")
    else:
        fields.add("base_url", sources.address_problem(url, kind.schemes))
    return url


def _clone_url(fields: Fields, _kind: Kind, value: Any) -> str:
    url = fields.text("clone_url", value, 2000).rstrip("/")
    if url:
        fields.add("clone_url", sources.address_problem(url, ("https", "ssh")))
    return url


def _patterns(fields: Fields, _kind: Kind, value: Any) -> list[str]:
    return globs(fields, "repositories", value)


def globs(fields: Fields, name: str, value: Any) -> list[str]:
    """A list of globs."""
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    if not is_list or not all(isinstance(each, str) for each in value):
        fields.add(name, "Give a list of patterns.")
        return []
    found = list(dict.fromkeys(each.strip() for each in value if each.strip()))
    if len(found) > MOST_GLOBS:
        fields.add(name, f"At most {MOST_GLOBS} patterns fit here.")
    for glob in found:
        fields.add(name, glob_problem(glob))
    return found


def _poll(fields: Fields, kind: Kind, value: Any) -> int:
    if value is None:
        return kind.poll_every_s
    if value == 0 and kind.has_webhooks and not isinstance(value, bool):
        return 0
    return fields.whole("poll_every_s", value, SHORTEST_POLL_S, 86_400)


_Check = Callable[[Fields, Kind, Any], Any]
_CHECKS: Mapping[str, _Check] = {
    "base_url": _base_url,
    "clone_url": _clone_url,
    "username": lambda fields, _kind, value: fields.text("username", value, 255),
    "known_hosts": lambda fields, _kind, value: fields.text("known_hosts", value),
    "repositories": _patterns,
    "is_paused": lambda fields, _kind, value: fields.flag("is_paused", value),
    "max_runs": lambda fields, _kind, value: fields.whole("max_runs", value, 1, MOST_RUNS),
    "poll_every_s": _poll,
}

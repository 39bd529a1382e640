"""One conversation with one repository: a scratch directory, and git run in it with our rules."""

import ipaddress
import os
import shlex
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from integrations.git import checks
from integrations.git.errors import GitError, explain
from lib import net, process

PATH = "/usr/local/bin:/usr/bin:/bin"
FETCHED = "refs/gantry/fetched"
DEFAULT_OUTPUT_BYTES = 64 * 1024
MIB = 1024 * 1024

# Answers git's questions from files beside it, so that no secret is an argument or in a variable.
ASKPASS = """\
#!/bin/sh
case "$1" in
  Username*) cat "${0%/*}/username" ;;
  *) cat "${0%/*}/password" ;;
esac
"""


@dataclass(frozen=True)
class Login:
    """A user and a password or token, for https."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class SshKey:
    """A private key, and the `known_hosts` lines by which the server is recognised."""

    private_key: str = field(repr=False)
    known_hosts: str


Credentials = Login | SshKey


@dataclass(frozen=True)
class Rules:
    """How long a conversation may take, how large a repository may be, and what git inherits."""

    timeout_s: float
    limit_bytes: int
    environment: Mapping[str, str]


class Session:
    """git, talking to `target` from the scratch directory `root`, which its maker removes."""

    def __init__(
        self, root: Path, target: net.Target, rules: Rules, credentials: Credentials | None
    ) -> None:
        self.address = checks.address_of(target)
        self._root = root
        self._target = target
        self._rules = rules
        self._deadline = time.monotonic() + rules.timeout_s
        self._secrets = (credentials.password,) if isinstance(credentials, Login) else ()
        self._environment = self._make_environment(credentials)

    def fetch(self, ref: str, *options: str) -> None:
        """Fetch `ref`, one commit deep, as FETCHED.

        Raises:
            GitError: when that fails, or what comes is too large.
        """
        self.fetch_each({ref: FETCHED}, "--depth=1", *options)

    def fetch_each(self, names: Mapping[str, str], *options: str) -> None:
        """Fetch refs or commit ids, each under the name it is to have here. Raises as `fetch`."""
        self.begin()
        options = ("--quiet", "--no-tags", "--no-recurse-submodules", *options)
        fetch = ("fetch", "--no-write-fetch-head", *options, "--end-of-options")
        specs = [f"+{ref}:{name}" for ref, name in names.items()]
        self.run(*fetch, self.address, *specs, ref=next(iter(names)))

    def begin(self) -> None:
        """Make the empty repository that others' commits are fetched into."""
        self.run("init", "--quiet", "--bare", "--template=", ".")

    def run(
        self, *arguments: str, ref: str = "", output_bytes: int = DEFAULT_OUTPUT_BYTES
    ) -> bytes:
        """What `git <arguments>` prints, of which `output_bytes` are kept.

        Raises:
            GitError: when it fails; `ref` is the one its sentence names.
        """
        finished = self.attempt(*arguments, output_bytes=output_bytes)
        if not finished.succeeded:
            raise self.failure(finished, ref)
        return finished.stdout

    def attempt(
        self, *arguments: str, output_bytes: int = DEFAULT_OUTPUT_BYTES
    ) -> process.Finished:
        """How `git <arguments>` ended; of its output `output_bytes` are kept."""
        argv = ["git", "--git-dir=.", *self._configuration(), *arguments]
        return process.run(
            process.with_file_limit(argv, self._rules.limit_bytes),
            cwd=self._repository,
            env=self._environment,
            timeout_s=max(0.0, self._deadline - time.monotonic()),
            limit_bytes=output_bytes,
        )

    def failure(self, finished: process.Finished, ref: str = "") -> GitError:
        """Why a command failed, as an error to raise."""
        return explain(
            finished,
            place=self.address,
            ref=ref,
            limit=f"{self._rules.limit_bytes / MIB:,.0f} MiB",
            secrets=(*self._secrets, str(self._root)),
        )

    @property
    def _repository(self) -> Path:
        return self._made("repository")

    def _made(self, name: str) -> Path:
        directory = self._root / name
        directory.mkdir(mode=0o700, exist_ok=True)
        return directory

    def _configuration(self) -> list[str]:
        settings = {
            "core.autocrlf": "false",
            "core.fsmonitor": "false",
            "core.hooksPath": "/dev/null",
            "core.symlinks": "false",
            "credential.helper": "",
            "fetch.recurseSubmodules": "false",
            "fetch.unpackLimit": "1",  # One pack, so that the limit on a file limits the fetch.
            "gc.auto": "0",
            "http.followRedirects": "false",
            "i18n.logOutputEncoding": "UTF-8",
            "log.showSignature": "false",
            "maintenance.auto": "false",
            "protocol.file.allow": "never",  # GIT_ALLOW_PROTOCOL names the one scheme allowed.
            "submodule.recurse": "false",
            "transfer.fsckObjects": "true",
        }
        if self._target.scheme in {"http", "https"} and not _is_address(self._target.host):
            settings["http.curloptResolve"] = self._pin()
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _pin(self) -> str:
        """The addresses that were checked, so that the name cannot come to mean another."""
        addresses = ",".join(f"[{a}]" if ":" in a else a for a in self._target.addresses)
        return f"{self._target.host}:{self._target.port}:{addresses}"

    def _make_environment(self, credentials: Credentials | None) -> dict[str, str]:
        environment = {
            **self._rules.environment,
            "PATH": PATH,
            "HOME": str(self._made("home")),
            "TMPDIR": str(self._made("tmp")),
            "LC_ALL": "C",
            "GIT_ALLOW_PROTOCOL": self._target.scheme,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
        }
        if self._target.scheme == "ssh":
            environment["GIT_SSH_COMMAND"] = self._ssh_command(credentials)
            environment["GIT_SSH_VARIANT"] = "ssh"
        elif isinstance(credentials, Login):
            environment["GIT_ASKPASS"] = str(self._write_askpass(credentials))
        return environment

    def _write_askpass(self, login: Login) -> Path:
        self._keep("username", login.username)
        self._keep("password", login.password)
        return self._keep("askpass", ASKPASS, mode=0o700)

    def _ssh_command(self, credentials: Credentials | None) -> str:
        if not isinstance(credentials, SshKey):
            raise GitError(f"{self.address} needs an SSH key; save one, or use https.")
        key = self._keep("key", credentials.private_key.strip() + "\n")
        known_hosts = self._keep("known_hosts", credentials.known_hosts.strip() + "\n")
        host, port = self._target.host, self._target.port
        options = [
            "BatchMode=yes",
            "IdentitiesOnly=yes",
            "IdentityAgent=none",
            "StrictHostKeyChecking=yes",
            f"UserKnownHostsFile={known_hosts}",
            "GlobalKnownHostsFile=/dev/null",
            f"HostName={self._target.addresses[0]}",
            f"HostKeyAlias={host if port == net.DEFAULT_PORTS['ssh'] else f'[{host}]:{port}'}",
        ]
        return shlex.join(["ssh", "-F", "/dev/null", "-i", str(key), *_each("-o", options)])

    def _keep(self, name: str, text: str, mode: int = 0o600) -> Path:
        """A file for git's helpers, which nobody else can read."""
        path = self._made("secrets") / name
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
            file.write(text)
        return path


def _each(flag: str, values: list[str]) -> list[str]:
    return [part for value in values for part in (flag, value)]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

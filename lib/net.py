"""Where outgoing requests may go: an address is looked at before anything is asked of it.

Private, loopback, link-local and metadata addresses are refused, unless `GANTRY_ALLOWED_HOSTS`
names them. An entry of that setting is one of:

    git.internal            a host, over https and ssh
    10.0.0.0/8              a network, likewise
    http://127.0.0.1        a host or network that may be reached by plain http, too
    file:///srv/repos       a directory whose repositories may be read
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

SETTING = "GANTRY_ALLOWED_HOSTS"
DEFAULT_PORTS = {"https": 443, "ssh": 22, "http": 80}
LONGEST_URL = 2_000
HOST_PATTERN = re.compile(
    r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*"
)

# Global addresses that are nobody's server: Azure's metadata, and IPv6 forms that carry an IPv4.
NEVER_PUBLIC = tuple(
    ipaddress.ip_network(text)
    for text in ("168.63.129.16/32", "64:ff9b::/96", "2002::/16", "::/96")
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolver = Callable[[str, int], list[str]]


class Refused(Exception):
    """An address may not be asked; the message is a sentence that names host and setting."""


@dataclass(frozen=True)
class Target:
    """A checked address. Connect to `addresses`, so that the name cannot come to mean another."""

    scheme: str
    host: str
    port: int
    addresses: tuple[str, ...]
    path: str
    user: str | None = None


@dataclass(frozen=True)
class AllowedHosts:
    """What is allowed although it is private. Build it with `parse`."""

    hosts: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()
    plain_hosts: frozenset[str] = frozenset()
    plain_networks: tuple[Network, ...] = ()
    directories: tuple[Path, ...] = ()

    @classmethod
    def parse(cls, entries: str | Iterable[str]) -> "AllowedHosts":
        """The entries of the setting, or of its text, parted by commas or white space.

        Raises:
            ValueError: when one is none of the forms above; the sentence names it.
        """
        words = re.split(r"[\s,]+", entries) if isinstance(entries, str) else entries
        places: list[tuple[bool, str | Network]] = []
        directories: list[Path] = []
        for word in filter(None, words):
            if word.startswith("file://"):
                directories.append(_directory(word))
            else:
                plain = word.startswith("http://")
                places.append((plain, _place(word.removeprefix("http://").rstrip("/"), word)))
        return cls(
            hosts=frozenset(place for _, place in places if isinstance(place, str)),
            networks=tuple(place for _, place in places if not isinstance(place, str)),
            plain_hosts=frozenset(p for plain, p in places if plain and isinstance(p, str)),
            plain_networks=tuple(p for plain, p in places if plain and not isinstance(p, str)),
            directories=tuple(directories),
        )

    def has(self, host: str, address: Address) -> bool:
        """Whether `host` at `address` may be reached although the address is private."""
        return host in self.hosts or any(address in network for network in self.networks)

    def has_plain(self, host: str, address: Address) -> bool:
        """Whether `host` at `address` may be reached by plain http."""
        return host in self.plain_hosts or any(address in net for net in self.plain_networks)

    def has_path(self, path: Path) -> bool:
        """Whether `path`, links resolved, lies in an allowed directory."""
        real = path.resolve()
        return any(real.is_relative_to(directory.resolve()) for directory in self.directories)


def resolve(host: str, port: int) -> list[str]:
    """The addresses of `host`, as this machine resolves it; none when it does not."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


def check(
    url: str,
    *,
    allowed: AllowedHosts,
    schemes: Iterable[str] = ("https",),
    resolver: Resolver = resolve,
) -> Target:
    """The target of `url`, if it may be asked.

    `schemes` are those of the caller's protocol; "http" and "file" are refused all the same unless
    `allowed` has the place so marked.

    Raises:
        Refused: with the reason, for a person.
    """
    parts = _split(url)
    if parts.scheme not in {*schemes, "http", "file"}:
        raise Refused(
            f"Addresses here begin with {_either(schemes)}, not with “{parts.scheme}://”."
        )
    if parts.scheme == "file":
        return _check_file(parts, allowed)
    host, port = _host(parts), parts.port or DEFAULT_PORTS[parts.scheme]
    addresses = [ipaddress.ip_address(text) for text in resolver(host, port)]
    if not addresses:
        raise Refused(f"The host “{host}” has no address; is its name right?")
    for address in addresses:
        _check_address(parts.scheme, host, address, allowed)
    return Target(
        scheme=parts.scheme,
        host=host,
        port=port,
        addresses=tuple(str(address) for address in addresses),
        path=parts.path,
        user=parts.username,
    )


def is_public(address: Address) -> bool:
    """Whether `address` is one of the wide internet, and no other form of a private one."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return is_public(address.ipv4_mapped)
    if address.is_multicast or any(address in network for network in NEVER_PUBLIC):
        return False
    return address.is_global


def _split(url: str) -> SplitResult:
    """The parts of `url`, free of what only an attack or a mistake would hold."""
    if len(url) > LONGEST_URL or not url.isascii() or re.search(r"[\x00-\x20\x7f\\]", url):
        raise Refused("The address is too long, or has characters that no address has.")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise Refused("The address cannot be read; it looks like “https://host/path”.") from None
    if not parts.scheme or not (parts.netloc or parts.scheme == "file"):
        raise Refused("The address is incomplete; it looks like “https://host/path”.")
    if parts.password is not None or (parts.username and parts.scheme != "ssh"):
        raise Refused("The address holds a user or password; keep credentials apart from it.")
    return parts


def _host(parts: SplitResult) -> str:
    """The host of the address, a plain name or an IP address."""
    host = (parts.hostname or "").rstrip(".")
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    if not HOST_PATTERN.fullmatch(host):
        raise Refused("The address has no host that could be asked.")
    return host


def _check_address(scheme: str, host: str, address: Address, allowed: AllowedHosts) -> None:
    if scheme == "http" and not allowed.has_plain(host, address):
        raise Refused(
            f"The host “{host}” may not be asked by plain http. Use https, or have an "
            f"administrator add “http://{host}” to {SETTING}."
        )
    if not is_public(address) and not allowed.has(host, address):
        raise Refused(
            f"The host “{host}” has a private address, which Gantry does not ask. If it should, "
            f"have an administrator add “{host}” to {SETTING}."
        )


def _check_file(parts: SplitResult, allowed: AllowedHosts) -> Target:
    path = Path(unquote(parts.path))
    if parts.netloc or not path.is_absolute() or ".." in path.parts or not allowed.has_path(path):
        raise Refused(
            "Repositories on Gantry's own machine may not be read. If this one should, have an "
            f"administrator add its directory to {SETTING}, as “file:///…”."
        )
    return Target(scheme="file", host="", port=0, addresses=(), path=str(path))


def _place(text: str, entry: str) -> str | Network:
    """The host or network that `text` names; `entry` is what the sentence quotes."""
    host = text.removeprefix("[").removesuffix("]").lower()
    if "/" in host:
        try:
            return ipaddress.ip_network(host)
        except ValueError:
            raise ValueError(
                f"“{entry}” in {SETTING} is not a network such as “10.0.0.0/8”."
            ) from None
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    if not HOST_PATTERN.fullmatch(host):
        raise ValueError(
            f"“{entry}” in {SETTING} is none of: a host, a network such as “10.0.0.0/8”, "
            "“http://host”, “file:///directory”."
        )
    return host


def _directory(entry: str) -> Path:
    path = Path(unquote(entry.removeprefix("file://")))
    if not path.is_absolute() or ".." in path.parts:
        raise ValueError(f"“{entry}” in {SETTING} is not a directory such as “file:///srv/repos”.")
    return path


def _either(schemes: Iterable[str]) -> str:
    return " or ".join(f"“{scheme}://”" for scheme in schemes)

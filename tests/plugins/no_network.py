"""A pytest plugin: tests reach this machine only.

Python reports each connection to its audit hooks before it is made, whichever library asks for it,
so one hook is enough and nothing has to be patched. A hook cannot be removed; it ends with pytest.
"""

import ipaddress
import socket
import sys

GUARDED = {"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"}
LOCAL_NAMES = {"", "localhost", "localhost.localdomain"}


class NetworkBlockedError(RuntimeError):
    """A test tried to leave the machine. Not an OSError, so that no code under test swallows it."""


def is_local(host):
    """Whether `host`, a name or an address as sockets take them, is this machine."""
    if host is None:
        return True
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name in LOCAL_NAMES:
        return True
    address = as_address(name.partition("%")[0])
    return address is not None and (address.is_loopback or address.is_unspecified)


def as_address(name):
    """The address that `name` spells, in any way that needs no server to look it up, or None."""
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        pass
    try:
        return ipaddress.ip_address(socket.inet_aton(name))
    except OSError:
        return None


def refuse_the_outside(event, args):
    """Raise NetworkBlockedError when `event` is about to reach beyond the loopback."""
    if event not in GUARDED:
        return
    host = args[0] if event.startswith("socket.get") else args[1]
    if isinstance(host, tuple):
        host = host[0]
    elif not event.startswith("socket.get"):
        return  # A unix socket: its address is a path.
    if not is_local(host):
        message = f"This test asked for {host!r}; tests reach the loopback only."
        raise NetworkBlockedError(message)


def pytest_configure():
    """Begin to watch, before any test is collected."""
    sys.addaudithook(refuse_the_outside)

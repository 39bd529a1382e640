"""The tests' own rule: nothing leaves the machine, and trying fails the test loudly."""

import socket

import pytest

from tests.plugins.no_network import NetworkBlockedError


def test_a_connection_to_the_outside_is_refused():
    with socket.socket() as outside, pytest.raises(NetworkBlockedError, match=r"192\.0\.2\.1"):
        outside.connect(("192.0.2.1", 80))


def test_looking_up_a_name_of_the_outside_is_refused():
    with pytest.raises(NetworkBlockedError, match="example"):
        socket.getaddrinfo("host.example", 443)


def test_this_machine_can_be_reached():
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname(), timeout=5) as client,
    ):
        assert client.getpeername() == server.getsockname()

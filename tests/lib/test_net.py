"""Which addresses may be asked, and what a refusal says."""

import ipaddress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.net import AllowedHosts, Refused, check, is_public, resolve

PUBLIC = "93.184.215.14"
GIT_SCHEMES = ("https", "ssh")


def resolves_to(*addresses):
    return lambda _host, _port: list(addresses)


def ask(url, *addresses, allowed="", schemes=GIT_SCHEMES):
    return check(
        url,
        allowed=AllowedHosts.parse(allowed),
        schemes=schemes,
        resolver=resolves_to(*(addresses or [PUBLIC])),
    )


def test_a_public_host_may_be_asked():
    target = ask("https://git.example/team/stack.git")

    assert (target.scheme, target.host, target.port) == ("https", "git.example", 443)
    assert target.addresses == (PUBLIC,)
    assert target.path == "/team/stack.git"


def test_port_and_user_of_ssh_are_kept():
    target = ask("ssh://git@git.example:2222/team/stack.git")

    assert (target.port, target.user) == (2222, "git")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.9.10", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1",
        "169.254.169.254", "100.100.100.200", "168.63.129.16", "224.0.0.1", "255.255.255.255",
        "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1",
    ],
)  # fmt: skip
def test_a_host_with_a_private_address_is_refused(address):
    with pytest.raises(Refused, match=r"“host\.example” has a private .* GANTRY_ALLOWED_HOSTS"):
        ask("https://host.example/", address)


def test_one_private_address_among_public_ones_is_enough_to_refuse():
    with pytest.raises(Refused, match="private"):
        ask("https://host.example/", PUBLIC, "10.0.0.1")


@pytest.mark.parametrize("host", ["127.1", "0x7f.0.0.1", "2130706433", "localhost", "0"])
def test_odd_spellings_of_this_machine_are_refused(host):
    with pytest.raises(Refused, match=r"private|no address"):
        check(f"https://{host}/", allowed=AllowedHosts(), resolver=resolve)


def test_a_name_that_does_not_resolve_is_refused():
    with pytest.raises(Refused, match=r"“gone\.example” has no address"):
        check("https://gone.example/", allowed=AllowedHosts(), resolver=lambda _h, _p: [])


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c id",
        "ftp://host/",
        "gopher://host/",
        "javascript:alert(1)",
        "data:,x",
        "git://h/",
    ],
)
def test_other_schemes_are_refused(url):
    with pytest.raises(Refused):
        ask(url)


@pytest.mark.parametrize(
    "url",
    [
        "", "host", "//host/x", "https://", "https:///x", "https://ho st/", "https://host/\n",
        "https://host\\@evil/", "https://[::1", "https://host:99999/", "https://-host/",
        "https://höst/", "https://a..b/", "https://host/" + "x" * 3000, "https://%31/",
    ],
)  # fmt: skip
def test_unreadable_addresses_are_refused_with_a_sentence(url):
    with pytest.raises(Refused, match=r"\.$"):
        ask(url)


@pytest.mark.parametrize("url", ["https://me:secret@host/", "https://me@host/", "ssh://a:b@host/"])
def test_credentials_in_the_address_are_refused_and_not_repeated(url):
    with pytest.raises(Refused, match="credentials") as refusal:
        ask(url)

    assert "secret" not in str(refusal.value)


def test_an_allowed_name_may_be_private():
    assert ask("https://git.internal/x", "10.0.0.7", allowed="git.internal").addresses == (
        "10.0.0.7",
    )


def test_names_are_allowed_whole_and_in_any_case():
    assert ask("https://Git.Internal./x", "10.0.0.7", allowed="GIT.internal").host == "git.internal"
    with pytest.raises(Refused):
        ask("https://evil.git.internal/x", "10.0.0.7", allowed="git.internal")


def test_an_allowed_network_may_be_asked_and_no_other():
    assert ask("https://any.example/", "10.9.9.9", allowed="10.0.0.0/8")
    with pytest.raises(Refused):
        ask("https://any.example/", "192.168.0.1", allowed="10.0.0.0/8")


def test_plain_http_needs_its_mark():
    assert ask("http://127.0.0.1:3000/x", "127.0.0.1", allowed="http://127.0.0.1").port == 3000
    with pytest.raises(Refused, match=r"plain http.*“http://127\.0\.0\.1” to GANTRY_ALLOWED_HOSTS"):
        ask("http://127.0.0.1/x", "127.0.0.1", allowed="127.0.0.1")


def test_plain_http_to_the_public_is_refused():
    with pytest.raises(Refused, match="plain http"):
        ask("http://git.example/")


def test_a_network_can_be_marked_for_plain_http():
    assert ask("http://any.example/", "10.1.1.1", allowed="http://10.0.0.0/8")


def test_a_host_marked_for_plain_http_may_be_asked_by_https():
    assert ask("https://127.0.0.1/", "127.0.0.1", allowed="http://127.0.0.1")


def test_ipv6_hosts_are_allowed_in_brackets():
    assert ask("http://[::1]:8080/", "::1", allowed="http://[::1]").host == "::1"


def test_files_are_refused_unless_their_directory_is_allowed(tmp_path):
    repository = tmp_path / "team" / "stack.git"

    assert ask(f"file://{repository}", allowed=f"file://{tmp_path}").path == str(repository)
    with pytest.raises(Refused, match="GANTRY_ALLOWED_HOSTS"):
        ask(f"file://{repository}")


@pytest.mark.parametrize(
    "url", ["file:///{}/../x", "file:///{}/%2e%2e/x", "file://host/{}/x", "file:x"]
)
def test_files_outside_the_allowed_directory_are_refused(tmp_path, url):
    with pytest.raises(Refused):
        ask(url.format(str(tmp_path).lstrip("/")), allowed=f"file://{tmp_path}")


def test_a_link_out_of_the_allowed_directory_is_refused(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "out").symlink_to(Path("/etc"))

    with pytest.raises(Refused):
        ask(f"file://{inside}/out", allowed=f"file://{inside}")


@pytest.mark.parametrize(
    "entry", ["10.0.0.1/8", "http://", "ho st!", "file://relative", "https://x/y"]
)
def test_a_malformed_entry_is_named(entry):
    with pytest.raises(ValueError, match="GANTRY_ALLOWED_HOSTS"):
        AllowedHosts.parse([entry])


def test_entries_are_parted_by_commas_and_spaces():
    allowed = AllowedHosts.parse("git.internal, 10.0.0.0/8\nhttp://127.0.0.1,,file:///srv")

    assert allowed.hosts == {"git.internal", "127.0.0.1"}
    assert allowed.networks == (ipaddress.ip_network("10.0.0.0/8"),)
    assert allowed.plain_hosts == {"127.0.0.1"}
    assert allowed.directories == (Path("/srv"),)


@given(st.ip_addresses(v=4))
def test_the_ipv6_form_of_an_address_is_judged_as_the_address(address):
    assert is_public(ipaddress.IPv6Address(f"::ffff:{address}")) == is_public(address)


@given(st.text(max_size=60))
def test_no_text_upsets_the_check(text):
    with pytest.raises(Refused):
        ask(text)

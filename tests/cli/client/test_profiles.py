"""Where tokens are kept: for their owner alone, several portals side by side."""

import stat

import click
import pytest

from cli.client import profiles
from cli.client.command import Here, usual_url
from cli.client.failures import Failure
from cli.client.output import Output
from cli.client.profiles import Kept, Profile


@pytest.fixture(autouse=True)
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / "gantry"


def test_the_file_and_its_folder_are_for_their_owner_alone(config):
    profiles.save(Kept("work", {"work": Profile("https://g.example", "gty_1")}))

    assert stat.S_IMODE((config / "portals.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(config.stat().st_mode) == 0o700
    assert profiles.load() == Kept("work", {"work": Profile("https://g.example", "gty_1")})
    assert [each.name for each in config.iterdir()] == ["portals.json"]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_that_others_may_read_is_refused_with_the_way_out(config, mode):
    profiles.save(Kept())
    (config / "portals.json").chmod(mode)

    with pytest.raises(Failure, match="chmod 600"):
        profiles.load()


def test_a_file_that_is_broken_is_refused(config):
    profiles.save(Kept())
    (config / "portals.json").write_text("{}")

    with pytest.raises(Failure, match="sign in again"):
        profiles.load()


def test_the_environment_wins_over_what_is_kept():
    kept = {"default": Profile("https://a.example", "gty_a", "/ca")}
    profiles.save(Kept("default", kept))

    portal = Here(Output(), token="gty_env").portal
    assert (portal.url, portal.token) == ("https://a.example", "gty_env")

    portal = Here(Output(), url="https://b.example", token="gty_b").portal
    assert (portal.url, portal.token) == ("https://b.example", "gty_b")


def test_a_kept_token_goes_to_no_other_portal():
    profiles.save(Kept("default", {"default": Profile("https://a.example", "gty_a")}))

    with pytest.raises(Failure, match="not signed in"):
        _ = Here(Output(), url="https://evil.example").portal


def test_a_profile_is_chosen_by_name():
    both = {"a": Profile("https://a.example", "gty_a"), "b": Profile("https://b.example", "gty_b")}
    profiles.save(Kept("a", both))

    assert Here(Output(), profile="b").portal.url == "https://b.example"
    with pytest.raises(Failure, match="Known are: a, b"):
        _ = Here(Output(), profile="c").portal


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("gantry.example.com", "https://gantry.example.com"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
        ("https://x.example/gantry/api/v1/", "https://x.example/gantry"),
    ],
)
def test_a_url_is_taken_as_people_type_it(typed, url):
    assert usual_url(typed) == url


@pytest.mark.parametrize(
    "typed", ["ftp://x.example", "https://", "https://a:b@x.example", "http://x?y"]
)
def test_what_is_no_url_of_a_portal_is_refused(typed):
    with pytest.raises(Failure):
        usual_url(typed)


def test_the_folder_is_the_user_s_own(config):
    assert profiles.path().parent == config
    assert click.get_app_dir("gantry") == str(config)

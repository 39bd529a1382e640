"""The provider store: what may come in, and how its absence is told."""

import base64
import hashlib
import json
import zipfile

import pytest

from engines.terraform import providers

BINARY = "terraform-provider-cloud_v2.0.1"
HOME = "example.com/acme/cloud"


def mirrored(staging, members=None, digest=None):
    """Lay down what `terraform providers mirror` writes for one package."""
    home = staging / HOME
    home.mkdir(parents=True)
    members = {BINARY: b"#!/bin/sh\n", "LICENSE": b"MPL"} if members is None else members
    name = "terraform-provider-cloud_2.0.1_linux_amd64.zip"
    with zipfile.ZipFile(home / name, "w") as package:
        for member, content in members.items():
            package.writestr(member, content)
    lines = "".join(f"{hashlib.sha256(members[m]).hexdigest()}  {m}\n" for m in sorted(members))
    right = "h1:" + base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()
    package = {"hashes": [digest or right], "url": name}
    (home / "index.json").write_text(json.dumps({"versions": {"2.0.1": {}}}))
    (home / "2.0.1.json").write_text(json.dumps({"archives": {"linux_amd64": package}}))
    return staging


def test_a_fetched_package_is_unpacked_into_the_store(tmp_path):
    staging = mirrored(tmp_path / "staging")

    added = providers.take_in(staging, tmp_path / "store")

    assert added == ["cloud 2.0.1 linux_amd64"]
    assert providers.held(tmp_path / "store") == ["example.com/acme/cloud 2.0.1 linux_amd64"]
    binary = tmp_path / "store" / HOME / "2.0.1" / "linux_amd64" / BINARY
    assert binary.stat().st_mode & 0o111
    assert not staging.exists()


def test_a_package_that_is_there_is_not_taken_again(tmp_path):
    providers.take_in(mirrored(tmp_path / "one"), tmp_path / "store")

    assert providers.take_in(mirrored(tmp_path / "two"), tmp_path / "store") == []


def test_a_package_that_is_not_what_its_index_says_is_refused(tmp_path):
    staging = mirrored(tmp_path / "staging", digest="h1:somethingelse")

    with pytest.raises(ValueError, match="not what its index says"):
        providers.take_in(staging, tmp_path / "store")

    assert providers.held(tmp_path / "store") == []
    assert not list((tmp_path / "store").rglob(BINARY))


def test_a_package_may_not_write_outside_itself(tmp_path):
    staging = mirrored(tmp_path / "staging", members={"../../../../../escaped": b"x"})

    with pytest.raises(ValueError, match="outside itself"):
        providers.take_in(staging, tmp_path / "store")

    assert not list(tmp_path.rglob("escaped"))


QUERY = "Could not retrieve the list of available versions for provider acme/cloud: "


@pytest.mark.parametrize(
    ("reason", "summary"),
    [
        (
            "no available releases match the given constraints ~> 2.0, != 2.1\n\nTo see which: run",
            "Provider acme/cloud in version ~> 2.0, != 2.1 is not in the provider store",
        ),
        (
            "could not connect to example.com: failed to request discovery document",
            "Provider acme/cloud is not in the provider store",
        ),
    ],
)
def test_what_cannot_be_had_is_said_in_one_sentence(reason, summary):
    said, way_out = providers.explain("Failed to query available provider packages", QUERY + reason)

    assert said == summary
    assert providers.missing_source(said) == "acme/cloud"
    assert "An administrator can lay the provider there" in way_out


def test_other_diagnostics_stay_as_they_are():
    assert providers.explain("Invalid expression", "Expected …") == (
        "Invalid expression",
        "Expected …",
    )
    assert providers.missing_source("Invalid expression") is None

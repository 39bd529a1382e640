"""State files, whole and broken."""

import json

import pytest

from engines.terraform.state import read_state

RESOURCE = {
    "module": 'module.net["a"]',
    "mode": "data",
    "type": "cloud_zone",
    "name": "all",
    "provider": 'module.net.provider["example.com/acme/cloud"].east',
    "instances": [
        {"index_key": "x", "attributes": {"id": "z-1"}},
        {"index_key": "y", "attributes": {"id": "z-2"},
         "sensitive_attributes": [[{"type": "get_attr", "value": "id"}]]},
        {"index_key": "x", "deposed": "00aa", "attributes": {"id": "z-0"}},
    ],
}  # fmt: skip


def state(**more):
    facts = {"version": 4, "serial": 7, "lineage": "l", "terraform_version": "1.2.3"}
    return json.dumps(facts | more).encode()


@pytest.mark.parametrize("content", [b"", b"\n", b"\0\0"])
def test_an_empty_file_is_no_state(content):
    assert read_state(content) is None


def test_resources_and_outputs_are_read():
    facts = read_state(state(resources=[RESOURCE], outputs={"o": {"value": 1, "type": "number"}}))

    assert (facts.serial, facts.lineage, facts.terraform_version) == (7, "l", "1.2.3")
    [resource] = facts.resources
    assert resource.address == 'module.net["a"].data.cloud_zone.all'
    assert resource.provider == "example.com/acme/cloud"
    assert resource.instances == ("x", "y")
    assert resource.ids == ("z-1", None)
    assert (facts.outputs["o"].value, facts.outputs["o"].sensitive) == (1, False)


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"version": 3}',
        b'{"version": 4, "serial": "x"}',
        b"[" * 99_999,
        b"\xff",
    ],
)
def test_what_is_no_state_is_refused_with_a_sentence(content):
    with pytest.raises(ValueError, match="terraform state"):
        read_state(content)

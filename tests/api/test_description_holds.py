"""The served description against the portal: whatever it allows is sent, by everybody.

For each call schemathesis makes requests out of the description; each is sent by a stranger, by
somebody who sees nothing here, by a viewer, a deployer, an owner and an administrator. Nothing may
answer 5xx, or anything that its call does not declare (the client of the tests looks at that); and
whoever sees nothing is told nothing of what is there. HYPOTHESIS_PROFILE=thorough looks longer.
"""

import json
import re

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.transport.wsgi import WSGI_TRANSPORT

from lib import ids, net
from models.base import db
from models.run_state import RunState, RunType
from services.variables import NewValue, put
from tests import contract, factories
from tests.run_stories import UNCONFIRMED, told

PEOPLE = ("", "sam", "vera", "dave", "alice", "ada")
TELLING = "zirkonium"
"""Stands in everything of the world that Sam may not know of, and in nothing that is sent."""

EXAMPLES = 2
IS_THOROUGH = settings().max_examples > 50
PARTS = 4
"""The calls are shared out, so that several processes look at them."""


@pytest.fixture
def known(world):
    """What is there: names and ids by the part of a path that they fit."""
    place = world.deployment()
    run = told(place, UNCONFIRMED)
    run.message, run.search = TELLING, TELLING
    ended = factories.run(place, state=RunState.FINISHED, type=RunType.PREVIEW, message=TELLING)
    world.project.description = world.staging.description = world.stack.description = TELLING
    put(world.alice, world.project, "size", NewValue(TELLING, "terraform"))
    db.session.commit()
    return {
        "run_id": [run.id, ended.id],
        "project": ["shop"],
        "stack": ["web", "sketch"],
        "workspace": ["staging", "prod"],
        "name": ["size", "embedded"],
        "user_id": [person.id for person in world.people.values()],
        "version": ["1"],
        "other": ["2"],
    }


@pytest.fixture(autouse=True)
def no_names_are_asked_for(monkeypatch):
    """Every host has an address: a name such as github.com may come up, and is asked of nobody."""
    monkeypatch.setattr(net, "resolve", lambda _host, _port: ["93.184.215.14"])


def calls():
    """The calls of the description, in a fixed order."""
    spec = json.loads((contract.ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    schema = schemathesis.openapi.from_dict(spec)
    found = [result.ok() for result in schema.get_all_operations()]
    return sorted(found, key=lambda call: call.label)


@pytest.mark.parametrize("part", range(PARTS))
def test_what_the_description_allows_is_answered_as_it_says(api, world, known, part):
    callers = {name: api(name) for name in PEOPLE}
    examples = settings().max_examples // 20 if IS_THOROUGH else EXAMPLES

    for call in calls()[part::PARTS]:
        tried(call, callers, known, examples)


def tried(call, callers, known, examples):
    """Send what a call takes, as everybody; what is known stands in half of the paths."""

    @settings(
        max_examples=examples,
        derandomize=not IS_THOROUGH,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=call.as_strategy(), luck=st.randoms(use_true_random=False))
    def send(case, luck):
        real = luck.random() < 0.7
        for name in case.path_parameters if real else ():
            case.path_parameters[name] = luck.choice(known.get(name, ["1" * ids.ID_LENGTH]))
        for name, caller in callers.items():
            sent(case, name, caller)

    send()


def sent(case, name, caller):
    """Send one request as somebody, and look at what comes."""
    request = dict(WSGI_TRANSPORT.serialize_case(case))
    request.pop("base_url", None)
    headers = {
        key: value
        for key, value in request.pop("headers", {}).items()
        if key.lower() in {"content-type", "idempotency-key", "last-event-id", "if-none-match"}
        and re.fullmatch(r"[\x20-\x7e]*", value)
    }
    answer = caller.open(request.pop("path"), headers=headers, **request)
    said = "" if answer.is_streamed else answer.text
    answer.close()
    label = f"{name or 'a stranger'}: {case.operation.label}: {answer.status}"
    assert answer.status_code < 500, label
    if not name:
        assert answer.status_code in {401, 404, 405, 429}, label
    if name in {"", "sam"}:
        assert TELLING not in said, label

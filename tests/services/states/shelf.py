"""States to be kept: real ones in form, made as a test wants them."""

import json

from services import states
from services.runs import work
from services.transaction import session
from tests.services.runs.workshop import ask, claim, hire, planned

LINEAGE = "3f8e2a4c-0000-4000-8000-000000000001"


def content(serial=1, *, lineage=LINEAGE, things=("one",), outputs=None, **attributes):
    """A state file with a `terraform_data` for each name of `things`."""
    return json.dumps(
        {
            "version": 4,
            "terraform_version": "1.15.5",
            "serial": serial,
            "lineage": lineage,
            "outputs": outputs or {},
            "resources": [_thing(name, attributes) for name in things],
            "check_results": None,
        }
    ).encode()


def _thing(name, attributes):
    hidden = attributes.get("hide", ())
    attributes = {key: value for key, value in attributes.items() if key != "hide"}
    return {
        "mode": "managed",
        "type": "terraform_data",
        "name": name,
        "provider": 'provider["terraform.io/builtin/terraform"]',
        "instances": [
            {
                "schema_version": 0,
                "attributes": {"id": f"id-{name}", **attributes},
                "sensitive_attributes": [[{"type": "get_attr", "value": key}] for key in hidden],
            }
        ],
    }


def state(*args, **kwargs):
    return states.read("terraform", content(*args, **kwargs))


def applying(world, **options):
    """A run at work on its apply: (run, claim)."""
    run = ask(world.dave, auto_apply=True, **options)
    held = claim(hire())
    assert held.run_id == run.id
    planned(held)
    return run, held


def applied(world, serial=1, **options):
    """A run that has left a state and ended."""
    run, held = applying(world)
    states.keep(held, state(serial, **options))
    work.finish(held, "apply completed")
    return run


def lost(world):
    """A run that was lost while it was applying; its deployment is blocked."""
    run, _ = applying(world)
    work.lose(run.id)
    return run


def fresh(thing):
    """A row as the database has it."""
    session().rollback()
    return session().get(type(thing), thing.id, populate_existing=True)


__all__ = ["applied", "applying", "content", "fresh", "lost", "state"]

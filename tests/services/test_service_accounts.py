"""Service accounts: members like anybody, who never sign in."""

import pytest

from models.audit import AuditEvent
from models.base import db
from models.run_state import RunType
from services import members, runs, service_accounts, sessions, tokens, users
from services.access import Action, can, person
from services.errors import Conflict, Forbidden, Invalid, NotFound
from services.runs import NewRun
from services.sessions import Origin

HERE = Origin("192.0.2.1")


@pytest.fixture
def ci(world):
    """A service account that deploys the project to staging, and its token's actor."""
    account = service_accounts.create(
        world.ada, "ci", description="Builds.", responsible="alice@example.com"
    )
    for place in (world.project, world.staging):
        members.put(world.alice, place, "ci", "deployer", "service_account")
    return account


def acting(text):
    return tokens.actor_of(*tokens.find(text, HERE), HERE)


def test_its_token_names_its_kind_and_runs_and_audit_say_who_it_was(world, ci):
    made = tokens.create(world.ada, "github", owner=ci)
    actor = acting(made.text)

    task = NewRun(
        project="shop", stack="web", workspace="staging", type=RunType.TASK, command="true"
    )
    run = runs.create(actor, task)

    row = db.session.query(AuditEvent).filter_by(action="run.create").one()
    assert made.text.startswith("gty_service_")
    assert (run.created_by_kind, run.created_by_name) == ("service_account", "ci")
    assert (row.actor_kind, row.actor_name, row.token_id) == (
        "service_account",
        "ci",
        made.token.id,
    )


def test_it_cannot_sign_in_whatever_is_typed(world, ci):
    for address in ("ci", "service:ci", ci.id):
        with pytest.raises(Invalid):
            sessions.sign_in(address, "", HERE)


def test_nobody_gives_it_a_password_or_edits_it_as_a_person(world, ci):
    with pytest.raises(NotFound):
        users.reset_password(world.ada, ci.id)
    with pytest.raises(NotFound):
        users.edit(world.ada, ci.id, users.Changes(password="a long enough one"))
    assert [user.name for user in users.listed(world.ada, after=None, limit=9).items] == [
        "Ada",
        "Alice",
        "Dave",
        "Sam",
        "Vera",
    ]


def test_shut_out_its_tokens_are_useless_at_once(world, ci):
    text = tokens.create(world.ada, "github", owner=ci).text

    service_accounts.edit(world.ada, "ci", {"is_active": False})

    assert tokens.find(text) is None
    service_accounts.edit(world.ada, "ci", {"is_active": True})
    assert tokens.find(text) is not None


def test_only_administrators_make_them_and_their_tokens(world, ci):
    with pytest.raises(Forbidden):
        service_accounts.create(world.alice, "mine")
    with pytest.raises(Forbidden):
        tokens.create(world.alice, "mine", owner=ci)
    with pytest.raises(Forbidden):
        service_accounts.edit(world.alice, "ci", {"description": "Mine."})
    with pytest.raises(NotFound):
        service_accounts.get(world.alice, "ci")


def test_it_is_no_last_administrator(world, ci):
    service_accounts.edit(world.ada, "ci", {"is_admin": True})

    with pytest.raises(Conflict):
        users.edit(world.ada, world.people["ada"].id, users.Changes(is_admin=False))


def test_a_name_is_a_slug_and_taken_once(world, ci):
    with pytest.raises(Conflict):
        service_accounts.create(world.ada, "ci")
    with pytest.raises(Invalid):
        service_accounts.create(world.ada, "CI@example.com")
    with pytest.raises(Invalid):
        service_accounts.create(world.ada, "cd", responsible="nobody@example.com")


def test_it_has_the_roles_of_now(world, ci):
    members.remove(world.alice, world.project, ci.id)

    assert not can(person(ci), Action.SEE, world.stack)
    assert service_accounts.responsible_for(ci).name == "Alice"


def test_an_edit_of_an_old_version_is_a_conflict(world, ci):
    service_accounts.edit(world.ada, "ci", {"description": "Deploys."}, version=1)

    with pytest.raises(Conflict):
        service_accounts.edit(world.ada, "ci", {"description": "Both."}, version=1)

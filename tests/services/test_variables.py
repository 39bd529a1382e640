"""Variables: written by who may, secret once and for all, the nearest wins."""

import pytest

from lib import ids
from models.audit import AuditEvent
from models.base import db
from models.run_content import RunVariable
from models.variable import Category, Variable
from services import deployments, variables
from services.edits import ChangedMeanwhile
from services.errors import Forbidden, Invalid, NotFound
from services.variables import NewValue, RunVariableInput

SECRET = "xK9-very-secret"


def given(name, value="v", category=Category.TERRAFORM):
    return RunVariableInput(name, category, False, value, None, None, None)


def test_the_nearest_value_wins_and_says_what_it_hides():
    layers = {layer: [given("size", layer)] for layer in variables.LAYERS}

    (merged,) = variables.merge(layers)

    assert (merged.value, merged.source) == ("run", "run")
    assert merged.shadows == ("deployment", "stack", "workspace", "project")


@pytest.mark.parametrize(
    ("places", "winner"),
    [
        (("project", "workspace"), "workspace"),
        (("workspace", "stack"), "stack"),
        (("stack", "deployment"), "deployment"),
        (("project", "deployment"), "deployment"),
        (("deployment", "run"), "run"),
    ],
)
def test_of_two_places_the_nearer_wins(places, winner):
    (merged,) = variables.merge({place: [given("size", place)] for place in places})

    assert merged.source == winner


def test_effective_loads_every_place_of_a_deployment(world):
    deployment = world.deployment()
    for place, value in ((world.project, 1), (world.staging, 2), (world.stack, 3), (deployment, 4)):
        variables.put(world.dave, place, "size", NewValue(value))
    variables.put(world.dave, world.prod, "size", NewValue("another workspace"))

    found = variables.effective(
        project=world.project,
        stack=world.stack,
        workspace=world.staging,
        deployment=deployment,
        run_variables=[given("own")],
    )

    assert [(item.name, item.value, item.source) for item in found] == [
        ("own", "v", "run"),
        ("size", 4, "deployment"),
    ]
    assert found[1].shadows == ("stack", "workspace", "project")


def test_a_secret_is_kept_as_ciphertext_only_its_own_id_opens(world):
    variables.put(world.dave, world.stack, "TOKEN", NewValue(SECRET, "environment", secret=True))

    row = db.session.query(Variable).one()

    assert row.value is None
    assert SECRET.encode() not in row.ciphertext
    assert variables.unseal(row.value_id, row.ciphertext) == SECRET
    with pytest.raises(Exception, match="changed, or belongs elsewhere"):
        variables.unseal(ids.new_id(), row.ciphertext)


def test_no_audit_row_holds_a_value(world):
    for value in (SECRET, SECRET + "2"):
        variables.put(world.dave, world.stack, "TOKEN", NewValue(value, secret=True))
    variables.put(world.dave, world.stack, "TOKEN", NewValue("plain-value", secret=False))
    variables.delete(world.dave, world.stack, "TOKEN")

    rows = db.session.query(AuditEvent).order_by(AuditEvent.id).all()

    assert [row.action for row in rows] == [
        "variable.create",
        "variable.edit",
        "variable.edit",
        "variable.delete",
    ]
    told = " ".join(f"{row.before} {row.after}" for row in rows)
    assert SECRET not in told
    assert "plain-value" not in told
    assert "TOKEN" in told


def test_a_secret_becomes_plain_only_with_a_new_value(world):
    variables.put(world.dave, world.stack, "TOKEN", NewValue(SECRET, secret=True))

    with pytest.raises(Invalid, match="together with a new value"):
        variables.put(world.dave, world.stack, "TOKEN", NewValue(secret=False))
    with pytest.raises(Invalid, match="category changes"):
        variables.put(world.dave, world.stack, "TOKEN", NewValue(category="environment"))

    assert variables.get(world.dave, world.stack, "TOKEN").secret


def test_rotating_a_secret_keeps_it_secret(world):
    variables.put(world.dave, world.stack, "TOKEN", NewValue(SECRET, secret=True))

    written = variables.put(world.dave, world.stack, "TOKEN", NewValue("another-secret"))

    assert (written.line.secret, written.line.value, written.created) == (True, None, False)


def test_a_plain_value_made_secret_leaves_no_clear_copy(world):
    variables.put(world.dave, world.stack, "size", NewValue(SECRET))

    variables.put(world.dave, world.stack, "size", NewValue(secret=True))

    row = db.session.query(Variable).one()
    assert row.value is None
    assert variables.unseal(row.value_id, row.ciphertext) == SECRET


def test_a_short_secret_is_taken_with_a_warning(world):
    short = variables.put(world.dave, world.stack, "PIN", NewValue("1234", secret=True))
    long = variables.put(world.dave, world.stack, "TOKEN", NewValue(SECRET, secret=True))

    assert "shorter than 6" in short.warnings[0]
    assert long.warnings == ()


def test_null_is_a_value_and_no_value_is_none(world):
    variables.put(world.dave, world.stack, "nothing", NewValue(None))

    assert variables.get(world.dave, world.stack, "nothing").value is None
    with pytest.raises(Invalid):
        variables.put(world.dave, world.stack, "missing", NewValue())


def test_a_viewer_sees_names_only_also_of_what_runs_get(world):
    variables.put(world.dave, world.stack, "size", NewValue("large"))

    (line,) = variables.of(world.vera, world.stack)
    (item,) = variables.of_deployment(world.vera, world.deployment())

    assert (line.name, line.value, line.hidden, line.fingerprint) == ("size", None, True, None)
    assert (item.name, item.value, item.fingerprint) == ("size", None, None)


def test_who_may_not_write_writes_nothing(world):
    with pytest.raises(Forbidden):
        variables.put(world.vera, world.stack, "size", NewValue(1))
    with pytest.raises(NotFound):
        variables.put(world.sam, world.stack, "size", NewValue(1))
    with pytest.raises(Forbidden):
        variables.delete(world.vera, world.stack, "size")

    assert db.session.query(Variable).count() == 0


def test_of_two_edits_of_one_version_the_second_is_told(world):
    first = variables.put(world.dave, world.stack, "size", NewValue(1)).line
    variables.put(world.dave, world.stack, "size", NewValue(2), version=first.version)

    with pytest.raises(ChangedMeanwhile):
        variables.put(world.dave, world.stack, "size", NewValue(3), version=first.version)

    assert variables.get(world.dave, world.stack, "size").value == 2


def test_a_first_variable_makes_the_deployment_and_a_refused_one_does_not(world):
    blank = deployments.at(world.dave, "shop", "web", "prod")
    with pytest.raises(Invalid):
        variables.put(world.dave, blank, "1st", NewValue(1))
    assert not deployments.is_stored(deployments.at(world.dave, "shop", "web", "prod"))

    variables.put(world.dave, blank, "size", NewValue(1))

    assert deployments.is_stored(deployments.at(world.dave, "shop", "web", "prod"))


@pytest.mark.parametrize(
    ("name", "value", "category", "field"),
    [
        ("", 1, "terraform", "name"),
        ("a" * 256, 1, "terraform", "name"),
        ("a b", 1, "terraform", "name"),
        ("size\n", 1, "terraform", "name"),
        ("a-b", "x", "environment", "name"),
        ("PYTHONPATH", "x", "environment", "name"),
        ("TF_WORKSPACE", "x", "environment", "name"),
        ("GIT_SSH_COMMAND", "x", "environment", "name"),
        ("ok", "a\x00b", "environment", "value"),
        ("ok", {"a": ["\x00"]}, "terraform", "value"),
        ("ok", "\ud800", "terraform", "value"),
        ("ok", float("nan"), "terraform", "value"),
        ("ok", ["x" * (1 << 20)], "terraform", "value"),
        ("ok", 1, "environment", "value"),
        ("ok", 1, "hcl", "category"),
    ],
)
def test_what_no_engine_or_database_takes_is_refused(world, name, value, category, field):
    with pytest.raises(Invalid) as refused:
        variables.put(world.dave, world.stack, name, NewValue(value, category))

    assert field in refused.value.fields


def test_a_value_nested_too_deep_is_refused_without_recursion(world):
    value = []
    for _ in range(5_000):
        value = [value]

    with pytest.raises(Invalid, match="nested deeper"):
        variables.put(world.dave, world.stack, "deep", NewValue(value))


def test_a_runs_own_variables_are_plain_or_described(world):
    inputs = variables.run_inputs(
        {
            "size": "large",
            "tags": {"value": "looks like a description", "owner": "but is a value"},
            "TOKEN": {"value": SECRET, "category": "environment", "secret": True},
        }
    )

    plain, tags, token = inputs
    assert (plain.value, plain.category, plain.secret) == ("large", Category.TERRAFORM, False)
    assert tags.value["owner"] == "but is a value"
    assert (token.value, token.secret) == (None, True)
    assert variables.unseal(token.value_id, token.ciphertext) == SECRET
    with pytest.raises(Invalid) as refused:
        variables.run_inputs({"1st": 1})
    assert list(refused.value.fields) == ["variables.1st"]


def test_what_an_older_run_was_given_can_be_given_again(world):
    (token,) = variables.run_inputs({"TOKEN": {"value": SECRET, "secret": True}})
    row = RunVariable(**{**vars(token), "source": "run"})

    again = variables.input_of(row)

    assert again.value_id != token.value_id
    assert again.fingerprint == token.fingerprint
    assert variables.unseal(again.value_id, again.ciphertext) == SECRET

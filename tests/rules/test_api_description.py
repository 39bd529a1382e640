"""Every call of the API says what it does, takes, answers and refuses; and the file says the same.

A new call needs `@describe(…)` under its route, a docstring of a line and a paragraph, and then
`make openapi`. CONTRIBUTING.md says more.
"""

import json
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from blueprints._shared.describe import TAGS, Content, Some, Upload, call_of
from blueprints._shared.problems import PROBLEMS
from scripts import openapi

CHANGING = {"POST", "PUT", "PATCH"}


@pytest.fixture(scope="module")
def described():
    return json.loads(openapi.PAGE.read_text(encoding="utf-8"))


def calls_of(app):
    return [
        (f"{method} {rule.rule}", rule, method, view) for rule, method, view in openapi.calls(app)
    ]


def operations(described):
    for path, methods in described["paths"].items():
        for method, said in methods.items():
            yield f"{method.upper()} {path}", said


def test_the_file_is_what_the_code_says(app):
    assert openapi.PAGE.read_text(encoding="utf-8") == openapi.text(app), "run “make openapi”"


def test_every_call_is_described(app):
    silent = [name for name, _, _, view in calls_of(app) if call_of(view) is None]

    assert silent == [], "put @describe(…) under the route; see CONTRIBUTING.md, “Calls of the API”"


def test_every_call_has_a_summary_and_a_paragraph(app):
    short = [name for name, _, _, view in calls_of(app) if not all(openapi.words_of(view))]

    assert short == [], "the docstring's first line is the summary, the rest the description"


def test_every_call_declares_its_answer_or_says_that_there_is_none(app):
    for name, _, _, view in calls_of(app):
        for status, answer in call_of(view).answers.items():
            assert (answer is None) == (status == 204), f"{name}: {status} {answer}"


def test_every_call_that_takes_a_body_says_which(app):
    for name, _, method, view in calls_of(app):
        if method in {"PUT", "PATCH"}:
            assert call_of(view).takes is not None, name


def test_every_call_declares_how_it_refuses(app):
    for name, rule, method, view in calls_of(app):
        refused = set(call_of(view).refusals(method, rule.rule))

        assert {401, 403, 429, 503} <= refused, name
        assert (404 in refused) or not rule.arguments, name
        assert method not in CHANGING or {400, 409, 413, 422} <= refused, name


def test_what_is_made_is_made_once(app):
    for name, _, method, view in calls_of(app):
        call = call_of(view)
        if method == "POST" and 201 in call.answers:
            assert call.once, f"{name} answers 201, and takes no Idempotency-Key"


OF_ONES_OWN = {"PUT /api/v1/me/notices"}
"""Nobody else changes these."""


def test_what_changes_something_loses_nobody_s_change(described):
    schemas = described["components"]["schemas"]
    for name, said in operations(described):
        if name.split()[0] in {"PUT", "PATCH"} and name not in OF_ONES_OWN:
            schema = said["requestBody"]["content"]["application/json"]["schema"]
            body = schemas.get(schema.get("$ref", "").rpartition("/")[2], {})
            is_guarded = {"$ref": "#/components/parameters/IfMatch"} in said["parameters"]
            assert is_guarded or "version" in body["properties"], f"{name}: take a version"


HARMLESS_AGAIN = """
    deliveries_redeliver email_triggers_pause email_triggers_resume email_triggers_rotate
    hold_release stacks_publish stacks_unpublish deployments_lock settle_create run_verbs_archive
    run_verbs_cancel run_verbs_confirm run_verbs_discard run_verbs_force_cancel
    run_verbs_prioritize run_verbs_unarchive schedules_pause schedules_resume schedules_skip_next
    schedules_take_back vcs_integrations_rotate vcs_integrations_test
""".split()
"""What makes nothing more when it is sent twice; a new secret only takes the place of the last."""


def test_a_post_minds_a_key_or_does_no_harm_when_it_is_sent_twice(described):
    key = {"$ref": "#/components/parameters/IdempotencyKey"}
    without = {
        said["operationId"]
        for name, said in operations(described)
        if name.startswith("POST") and key not in said.get("parameters", ())
    }

    assert without == set(HARMLESS_AGAIN), "take an Idempotency-Key (once=True)"


def test_each_documented_problem_is_named_in_a_test_of_answers():
    tests = Path(__file__).parents[1] / "blueprints"
    texts = [path.read_text(encoding="utf-8") for path in tests.rglob("test_*.py")]
    shown = {
        problem.slug
        for problem in PROBLEMS
        for text in texts
        if f'"{problem.slug}"' in text or f'"{problem.type}"' in text
    }

    assert {problem.slug for problem in PROBLEMS} - shown == set(), "show it in test_habits.py"


def test_tags_are_told_and_used(described):
    used = {tag for _, said in operations(described) for tag in said["tags"]}

    assert used <= set(TAGS), "say in describe.TAGS what the new group is"


def test_names_of_operations_are_unique(described):
    names = [said["operationId"] for _, said in operations(described)]

    assert len(names) == len(set(names))


def test_every_field_and_parameter_says_what_it_is(described):
    schemas = described["components"]["schemas"]
    mute = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, part in schema.get("properties", {}).items()
        if not part.get("description") and name != "Problem"
    ]
    mute += [name for name, schema in schemas.items() if not schema.get("description")]
    mute += [
        f"{name} {parameter['name']}"
        for name, said in operations(described)
        for parameter in said.get("parameters", ())
        if "$ref" not in parameter and not parameter["description"]
    ]

    assert mute == [], "write a text under the field"


def test_every_reference_leads_somewhere(described):
    text = json.dumps(described)
    for kind, known in described["components"].items():
        for part in text.split(f'"#/components/{kind}/')[1:]:
            assert part.partition('"')[0] in known


def test_every_example_fits_its_shape(app):
    schemas = openapi.Schemas()
    for name, _, _, view in calls_of(app):
        call = call_of(view)
        for shape in (call.takes, *call.answers.values()):
            if shape is None or isinstance(shape, Content | Some | Upload | tuple):
                continue
            example = openapi.example_of(schemas.reference(shape), schemas)
            adapter = TypeAdapter(shape)
            assert adapter.validate_json(json.dumps(example)) is not None, name


def test_every_refusal_of_the_services_has_a_type_of_its_own():
    from services import edits, errors  # noqa: PLC0415 - loads the models

    kinds = {
        each.kind
        for module in (errors, edits)
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, errors.GantryError)
    }

    assert kinds - {"error"} <= {problem.slug for problem in PROBLEMS}

"""Every call of the API says what it does, takes, answers and refuses; and the file says the same.

A new call needs `@describe(…)` under its route, a docstring of a line and a paragraph, and then
`make openapi`. CONTRIBUTING.md says more.
"""

import json

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

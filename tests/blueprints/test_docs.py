"""What programmers read: open to strangers, whole, and the same for everybody."""

import json

import pytest

from blueprints._shared.problems import PROBLEMS


def test_the_page_of_the_api_is_open_and_has_every_call(client):
    described = client.get("/api/v1/openapi.json").json
    page = client.get("/docs/index.html")

    said = [call for methods in described["paths"].values() for call in methods.values()]
    missing = [
        call["operationId"]
        for call in said
        if f'id="/{call["tags"][0]}/{call["operationId"]}"' not in page.text
    ]
    assert page.status_code == 200
    assert missing == []
    assert 'id="/run"' in page.text, "where #/run leads"


def test_the_page_loads_nothing_from_elsewhere_and_nothing_inline(client):
    text = client.get("/docs/index.html").text

    assert "http://" not in text.replace("http://localhost", "")
    assert "<style" not in text
    assert "style=" not in text
    assert "onclick=" not in text


def test_every_shape_that_a_call_names_is_on_the_page(client):
    text = client.get("/docs/index.html").text
    linked = {part.partition('"')[0] for part in text.split('href="#')[1:]}

    assert [name for name in linked if f'id="{name}"' not in text and name != "main"] == []


def test_the_description_is_kept_and_asked_for_again_cheaply(client):
    first = client.get("/api/v1/openapi.json")
    again = client.get("/api/v1/openapi.json", headers={"If-None-Match": first.headers["ETag"]})

    assert "max-age" in first.headers["Cache-Control"]
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.slug)
def test_the_type_of_each_refusal_leads_to_its_page(client, problem):
    page = client.get(problem.type)

    assert page.status_code == 200
    assert problem.title in page.text
    assert problem.type in client.get("/docs/problems").text


def test_a_kind_of_refusal_that_is_none_is_not_found(client):
    assert client.get("/docs/problems/colour").status_code == 404


def test_the_examples_of_refusals_are_what_refusals_look_like(client):
    schema = client.get("/api/v1/openapi.json").json["components"]["schemas"]["Problem"]

    for problem in PROBLEMS:
        example = json.loads(json.dumps(problem.example()))
        assert set(schema["required"]) <= set(example) <= set(schema["properties"])

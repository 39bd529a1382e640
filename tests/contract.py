"""Holds every answer of the API against what its call declares: status, media type, shape.

The test client asks for this after each call, so that every test of the API is one of the
description, too.
"""

import json
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from blueprints._shared.describe import Content, Some, call_of
from blueprints._shared.problems import PROBLEMS

ROOT = Path(__file__).resolve().parent.parent
API = "/api/v1/"
_STATUSES = {problem.type: problem.status for problem in PROBLEMS}


def check_answer(app, response):
    """Fail unless an answer of the API is one that its call declares."""
    path = response.request.path
    if not path.startswith(API) or response.is_streamed:
        return
    method = response.request.method
    found = _matched(app, path, method)
    if found is None:
        return
    rule, call = found
    said = f"{method} {path} answers {response.status_code}"
    if response.status_code == 304:
        assert call.is_conditional(method), f"{said}, which it does not declare"
        assert not response.data
    elif response.status_code in call.answers:
        _check_shape(call.answers[response.status_code], response, said)
    else:
        assert response.status_code in call.refusals(method, rule.rule), f"{said}: undeclared"
        _check_problem(response, said)


def _matched(app, path, method):
    try:
        rule, _ = app.url_map.bind("localhost").match(path, method, return_rule=True)
    except Exception:  # noqa: BLE001 - whatever it is, it is no call of the API
        return None
    call = call_of(app.view_functions[rule.endpoint])
    return (rule, call) if call else None


def _check_shape(answers, response, said):
    choices = answers if isinstance(answers, tuple) else (answers,)
    if answers is None:
        assert not response.data, f"{said} with a body, and declares none"
        return
    media_types = {each.media_type for each in choices if isinstance(each, Content)}
    if response.mimetype in media_types:
        return
    assert response.mimetype == "application/json", f"{said} as {response.mimetype}"
    shapes = [each for each in choices if not isinstance(each, Content)]
    problems = [trouble for shape in shapes if (trouble := _trouble(shape, response.data))]
    assert len(problems) < len(shapes), f"{said}, not as declared: {problems}"


def _trouble(shape, data):
    is_some = isinstance(shape, Some)
    shape = shape.shape if is_some else shape
    try:
        _adapter(shape).validate_json(data, strict=True)
    except ValidationError as error:
        wrong = [each for each in error.errors() if each["type"] != "missing" or not is_some]
        return str(error) if wrong else ""
    return ""


@cache
def _adapter(shape):
    return TypeAdapter(shape)


def _check_problem(response, said):
    if response.request.method == "HEAD":
        return
    assert response.mimetype == "application/problem+json", f"{said} as {response.mimetype}"
    body = json.loads(response.data)
    assert _STATUSES.get(body["type"]) == response.status_code, f"{said}: {body['type']}"
    assert body["status"] == response.status_code
    assert {"type", "title", "status", "detail", "request_id"} <= set(body)

"""Every route equals the declared matrix: who may call it, and what it leaves in the audit log."""

import re

import pytest
from sqlalchemy import func, select

from blueprints import OPEN_ENDPOINTS
from models.audit import AuditEvent
from models.base import db
from tests.rules import matrix

CASES = matrix.cases()
PEOPLE = ("ada", "alice", "dave", "vera", "sam")
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}
# Calls that POST, but change nothing by themselves.
UNCHANGING = {"sessions.create"}


def rules_of(app):
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint not in OPEN_ENDPOINTS]


def method_of(rule):
    return next(iter(sorted(rule.methods - {"HEAD", "OPTIONS"})))


def some_names(rule):
    """A value for each part of a rule that its converter takes."""
    names = dict.fromkeys(rule.arguments, "1" * 20)
    for name in rule.arguments:
        choice = re.search(rf"any\(\W*([\w-]+)[^)]*\):{name}>", rule.rule)
        names[name] = (
            choice.group(1) if choice else 1 if f"int:{name}" in rule.rule else names[name]
        )
    return names


def url_of(app, case, world):
    rule = next(rule for rule in app.url_map.iter_rules() if rule.endpoint == case.endpoint)
    names = {name: part(world) if callable(part) else part for name, part in case.names.items()}
    db.session.commit()
    return method_of(rule), rule.build(names, append_unknown=False)[1] + case.query


def call(case, method, url, browse, api, name):
    if case.is_api:
        return api(name).open(url, method=method, **case.body)
    visitor = browse(name)
    if method == "GET":
        return visitor.get(url)
    return visitor.submit(url, case.send)


def rows():
    return db.session.scalar(select(func.count()).select_from(AuditEvent))


def test_every_route_stands_in_the_matrix(app):
    missing = {rule.endpoint for rule in rules_of(app)} - set(CASES)

    assert missing == matrix.STILL_TO_DECLARE


def test_the_matrix_has_no_route_that_is_gone(app):
    known = {rule.endpoint for rule in app.url_map.iter_rules()}

    assert not {name for name in CASES if name.split(".")[0] in app.blueprints} - known


def test_nothing_but_the_open_list_answers_a_stranger(app, client):
    for rule in rules_of(app):
        url = rule.build(some_names(rule), append_unknown=False)[1]

        for method in rule.methods - {"HEAD", "OPTIONS"}:
            answer = client.open(url, method=method)

            turned_away = (303, 401) if method == "GET" else (303, 400, 401)
            assert answer.status_code in turned_away, f"{method} {url}: {answer.status}"


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("endpoint", sorted(CASES))
def test_a_route_answers_each_role_as_declared(app, world, browse, api, endpoint, name):
    case = CASES[endpoint]
    if endpoint not in app.view_functions:
        pytest.skip("its blueprint is not registered")
    if case.before:
        case.before(world)
    method, url = url_of(app, case, world)
    if case.is_api:
        world.token_of(name)

    answer = call(case, method, url, browse, api, name)

    said = "" if answer.is_streamed else answer.text[:600]
    answer.close()
    assert answer.status_code == case.expected(name), f"{name}: {answer.status} {said}"


@pytest.mark.parametrize("endpoint", sorted(CASES))
def test_a_change_leaves_exactly_one_row_in_the_audit_log(app, world, browse, api, endpoint):
    case = CASES[endpoint]
    if endpoint not in app.view_functions:
        pytest.skip("its blueprint is not registered")
    if case.before:
        case.before(world)
    method, url = url_of(app, case, world)
    if method not in CHANGING or endpoint in UNCHANGING:
        return
    name = case.may.split()[0]
    if case.is_api:
        world.token_of(name)
        caller = api(name)
        before = rows()
        caller.open(url, method=method, **case.body)
    else:
        visitor = browse(name)
        visitor.csrf()
        before = rows()
        visitor.submit(url, case.send)

    db.session.commit()
    assert rows() - before == (1 if case.audits is None else case.audits)

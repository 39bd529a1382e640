"""Every route equals the declared matrix: who may call it, and what it leaves in the audit log."""

import re

import pytest
from sqlalchemy import func, select

from blueprints import OPEN_ENDPOINTS
from models.audit import AuditEvent
from models.base import db
from tests import databases
from tests import world as worlds
from tests.html_client import PageClient
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


@pytest.mark.parametrize("endpoint", sorted(CASES))
def test_a_route_answers_each_role_as_declared_and_leaves_one_row_in_the_audit_log(app, endpoint):
    """Whoever is refused changes nothing, so they share a world; who may call has one of their own.

    Making the world takes longer than asking it.
    """
    case = CASES[endpoint]
    if endpoint not in app.view_functions:
        pytest.skip("its blueprint is not registered")
    app.test_client_class = PageClient
    scene = Scene(app, case)
    may = case.may.split()

    for name in sorted(PEOPLE, key=may.__contains__):
        if scene.was_changed:
            scene = Scene(app, case)
        scene.call(name, is_allowed=name in may)


class Scene:
    """A world in which a route is called, by one after the other until it has changed something."""

    def __init__(self, app, case):
        db.session.rollback()
        databases.empty(app)
        self.app, self.case, self.world = app, case, worlds.build()
        if case.before:
            case.before(self.world)
        self.method, self.url = url_of(app, case, self.world)
        self.was_changed = False

    def call(self, name, *, is_allowed):
        caller = self._caller(name)
        before = rows()

        if self.case.is_api:
            answer = caller.open(self.url, method=self.method, **self.case.body)
        elif self.method == "GET":
            answer = caller.get(self.url)
        else:
            answer = caller.submit(self.url, self.case.send)

        said = "" if answer.is_streamed else answer.text[:600]
        answer.close()
        assert answer.status_code == self.case.expected(name), f"{name}: {answer.status} {said}"
        db.session.commit()
        changes = self.method in CHANGING and self.case.endpoint not in UNCHANGING
        left = rows() - before
        # Some that may do it are told to say something more first, by the same answer.
        self.was_changed = changes and (is_allowed or left > 0)
        if changes and name == self.case.may.split()[0]:
            assert left == (1 if self.case.audits is None else self.case.audits)
        elif changes and not is_allowed:
            assert left == 0, f"{name} was refused, and left a row"

    def _caller(self, name):
        caller = self.app.test_client()
        if self.case.is_api:
            caller.bearer = self.world.token_of(name)
            return caller
        caller.sign_in(self.world.people[name])
        if self.method != "GET":
            caller.csrf()
        return caller

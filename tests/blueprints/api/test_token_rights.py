"""What a token may: scope × verb × what it is bound to, declared and asked over the API.

The owner of the tokens owns everything in the world, so whatever is refused is the token's doing.
"""

import itertools

import pytest

from models.base import db
from models.member import Role
from services import tokens
from services.tokens import Within
from tests import factories

SHOP = "/api/v1/projects/shop"
WEB, SKETCH = f"{SHOP}/stacks/web", f"{SHOP}/stacks/sketch"
STAGING, PROD = f"{WEB}/workspaces/staging", f"{WEB}/workspaces/prod"
RANK = {"read": 0, "run": 1, "administer": 2}
TASK = {"type": "task", "command": "true", "project": "shop", "stack": "web"}

# verb: (what it is done to, the scope it takes, method, URL, JSON)
VERBS = {
    "see the project": ("project", "read", "GET", SHOP, None),
    "list its stacks": ("project", "read", "GET", f"{SHOP}/stacks", None),
    "see its members": ("project", "read", "GET", f"{SHOP}/members", None),
    "edit the project": ("project", "administer", "PATCH", SHOP, {"title": "Shop"}),
    "see the stack": ("stack", "read", "GET", WEB, None),
    "see its variables": ("stack", "read", "GET", f"{WEB}/variables", None),
    "set a variable": ("stack", "run", "PUT", f"{WEB}/variables/size", {"value": "1"}),
    "edit the stack": ("stack", "administer", "PATCH", WEB, {"title": "Web"}),
    "see another stack": ("other stack", "read", "GET", SKETCH, None),
    "see the workspace": ("workspace", "read", "GET", "/api/v1/workspaces/staging", None),
    "see who is in it": ("workspace", "read", "GET", "/api/v1/workspaces/staging/members", None),
    "edit the workspace": (
        "workspace",
        "administer",
        "PATCH",
        "/api/v1/workspaces/staging",
        {"title": "S"},
    ),
    "see the deployment": ("deployment", "read", "GET", STAGING, None),
    "see its run": ("deployment", "read", "GET", "/api/v1/runs/{run}", None),
    "start a run": ("deployment", "run", "POST", "/api/v1/runs", TASK | {"workspace": "staging"}),
    "comment on the run": (
        "deployment",
        "run",
        "POST",
        "/api/v1/runs/{run}/comments",
        {"text": "Hm."},
    ),
    "lock it": ("deployment", "run", "POST", f"{STAGING}/lock", {"note": "n"}),
    "start one in prod": ("in prod", "run", "POST", "/api/v1/runs", TASK | {"workspace": "prod"}),
    "see a run of prod": ("in prod", "read", "GET", "/api/v1/runs/{prod_run}", None),
    "see another project": ("elsewhere", "read", "GET", "/api/v1/projects/pay", None),
    "see a run elsewhere": ("elsewhere", "read", "GET", "/api/v1/runs/{other_run}", None),
    "make a token": ("account", "administer", "POST", "/api/v1/tokens", {"name": "more"}),
    "rename oneself": ("account", "administer", "PATCH", "/api/v1/users/{me}", {"name": "Al"}),
}
EVERYTHING = {"project", "stack", "other stack", "workspace", "deployment", "in prod", "elsewhere"}
BINDINGS = {
    "nothing": ({}, EVERYTHING | {"account"}),
    "a project": (
        {"project": "shop"},
        {"project", "stack", "other stack", "deployment", "in prod"},
    ),
    "a stack": ({"stack": "shop/web"}, {"stack", "deployment", "in prod"}),
    "a workspace": ({"workspace": "staging"}, {"workspace", "deployment"}),
    "a deployment": ({"stack": "shop/web", "workspace": "staging"}, {"deployment"}),
    "another project": ({"project": "pay"}, {"elsewhere"}),
}
SCOPES = {
    "read": ["read"],
    "run": ["read", "run"],
    "administer": ["read", "run", "administer"],
}


def expected(scope, binding, verb):
    thing, needed, _, _, _ = VERBS[verb]
    _, seen = BINDINGS[binding]
    if thing == "account":
        return scope == "administer" and binding == "nothing"
    if thing not in seen:
        return 404
    return RANK[scope] >= RANK[needed]


@pytest.fixture
def places(world):
    """Runs in staging, in prod and in another project, all of them Alice's."""
    alice = world.people["alice"]
    pay = factories.project("pay")
    factories.member(alice, pay, Role.OWNER)
    other = factories.deployment(factories.stack(pay, "api"), world.prod)
    runs = {
        "run": factories.run(world.deployment()).id,
        "prod_run": factories.run(world.deployment(world.prod)).id,
        "other_run": factories.run(other).id,
        "me": alice.id,
    }
    db.session.commit()
    return runs


@pytest.fixture
def send(api, world, places):
    """Make a token as said and return what sends a verb with it, and answers with the status."""

    def with_token(owner="alice", **made):
        text = tokens.create(world.actor(owner), "test", **made).text
        caller = api("")
        caller.bearer = text

        def verb(name):
            _, _, method, url, body = VERBS[name]
            return caller.open(url.format(**places), method=method, json=body)

        verb.caller = caller
        return verb

    return with_token


@pytest.mark.parametrize(("scope", "binding"), list(itertools.product(SCOPES, BINDINGS)))
def test_a_token_does_what_scope_and_binding_let_it(send, scope, binding):
    within, _ = BINDINGS[binding]
    verb = send(scopes=SCOPES[scope], within=Within(**within))

    answers = {name: verb(name).status_code for name in VERBS}

    meant = {name: expected(scope, binding, name) for name in VERBS}
    words = {True: (200, 201), False: (403,), 404: (404,)}
    wrong = {
        name: (status, meant[name])
        for name, status in answers.items()
        if status not in words[meant[name]]
    }
    assert wrong == {}


@pytest.mark.parametrize("binding", BINDINGS)
def test_a_list_holds_what_the_token_is_bound_to_and_nothing_else(send, places, binding):
    within, seen = BINDINGS[binding]
    caller = send(within=Within(**within)).caller

    listed = {run["id"] for run in caller.get("/api/v1/runs").json["items"]}
    projects = {each["name"] for each in caller.get("/api/v1/projects").json["items"]}
    workspaces = {each["name"] for each in caller.get("/api/v1/workspaces").json["items"]}

    kinds = {"run": "deployment", "prod_run": "in prod", "other_run": "elsewhere"}
    assert listed == {places[run] for run, kind in kinds.items() if kind in seen}
    meant = {"shop": "project", "pay": "elsewhere"}
    assert projects == {name for name, kind in meant.items() if kind in seen}
    all_of_them = {"staging", "prod"} if binding == "nothing" else {"staging"}
    assert workspaces == (all_of_them if "workspace" in seen else set())


@pytest.mark.parametrize(("role", "scope"), [(Role.VIEWER, "read"), (Role.DEPLOYER, "run")])
def test_a_role_holds_a_token_down_as_a_scope_does(send, role, scope):
    verb = send(within=Within(role=role.value))

    for name in VERBS:
        is_refused = verb(name).status_code == 403

        assert is_refused is not expected(scope, "nothing", name), name


def test_a_refusal_says_that_it_is_the_token_s_scope(send):
    verb = send(scopes=["read"])

    said = verb("start a run").json["detail"]

    assert said.startswith("This token does not let you create runs: it takes the scope “run”")


def test_a_token_of_an_administrator_is_held_down_everywhere(send):
    reading, owning = send("ada", scopes=["read"]), send("ada", within=Within(role="owner"))

    assert reading("see the project").status_code == 200
    assert reading("see a run elsewhere").status_code == 200
    assert reading("start a run").status_code == 403
    assert owning("edit the workspace").status_code == 200
    assert owning.caller.get("/api/v1/users").status_code == 403


def test_a_bound_token_of_an_administrator_sees_nothing_else(send):
    verb = send("ada", within=Within(project="shop"))

    assert verb("edit the project").status_code == 200
    assert verb("see the workspace").status_code == 404
    assert verb("start one in prod").status_code == 201
    assert verb("see another project").status_code == 404


def test_a_token_for_states_is_good_for_nothing_but_states(send, world):
    verb = send(scopes=["state"])

    answers = {name: verb(name).status_code for name in VERBS}

    assert set(answers.values()) == {403, 404}
    assert verb.caller.get("/state/shop/web/staging").status_code == 404  # There is none yet.
    assert verb.caller.get("/api/v1/runs").json["items"] == []


def test_a_bound_token_is_a_state_client_there_only(send):
    there = send(scopes=["state"], within=Within(stack="shop/web", workspace="staging"))

    assert there.caller.get("/state/shop/web/staging").status_code == 404
    assert there.caller.get("/state/shop/web/prod").status_code == 403


def test_a_stack_s_token_uploads_to_its_project_and_to_no_other(send):
    caller = send(within=Within(stack="shop/web")).caller

    mine = caller.get("/api/v1/configuration-versions/" + "1" * 20)
    elsewhere = caller.post("/api/v1/configuration-versions", data={"project": "pay", "file": ""})

    assert mine.status_code == 404
    assert elsewhere.status_code == 422


def test_a_token_goes_with_the_place_it_is_bound_to(send, world):
    verb = send(within=Within(stack="shop/sketch"))
    assert verb("see another stack").status_code == 200

    db.session.delete(world.draft_stack)
    db.session.commit()

    assert verb("see another stack").status_code == 401


def test_a_bound_token_ends_itself_and_no_other(send, world):
    verb = send(within=Within(project="shop"))
    other = tokens.create(world.alice, "other").token.id
    own = verb.caller.get("/api/v1/me").json["token"]["id"]

    assert verb.caller.delete(f"/api/v1/tokens/{other}").status_code == 404
    assert [t["id"] for t in verb.caller.get("/api/v1/tokens").json["items"]] == [own]
    assert verb.caller.delete(f"/api/v1/tokens/{own}").status_code == 204
    assert verb.caller.get("/api/v1/me").status_code == 401

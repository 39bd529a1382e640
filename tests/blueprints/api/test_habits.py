"""What every call of the API has in common: limits, ETags, and refusals of each documented type."""

import dataclasses
import datetime as dt

import pytest

from app import create_app
from blueprints._shared.problems import PROBLEMS
from lib import clock
from models.base import db
from models.run_state import RunState, RunType
from services import locks, tokens
from tests import factories

RUNS = "/api/v1/runs"


def a_run(world, state=RunState.UNCONFIRMED, **fields):
    usual = {"type": RunType.APPLY, "plan_sha256": "0" * 64}
    run = factories.run(world.deployment(), state=state, **(usual | fields))
    db.session.commit()
    return run


def limited(app, per_s):
    """Another app on the same database, which lets so many requests through."""
    settings = dataclasses.replace(app.extensions["gantry_settings"], api_requests_per_s=per_s)
    other = create_app(settings, passwords=app.extensions["gantry_house"].passwords)
    other.test_client_class = app.test_client_class
    return other


# --- limits -----------------------------------------------------------------------------------


def test_every_answer_says_what_is_left_of_the_limit(api):
    answer = api("dave").get("/api/v1/me")

    assert answer.headers["RateLimit-Policy"] == '"token";q=1000;w=1'
    assert answer.headers["RateLimit"].startswith('"token";r=')


def test_too_many_requests_are_refused_before_anything_is_looked_up(app, api, frozen_clock):
    dave = api("dave")
    caller = limited(app, 2).test_client()
    caller.bearer = dave.bearer

    answers = [caller.get("/api/v1/me") for _ in range(3)]
    frozen_clock.advance(1)
    later = caller.get("/api/v1/me")

    assert [each.status_code for each in answers] == [200, 200, 429]
    assert answers[2].json["type"] == "/docs/problems/too-many"
    assert answers[2].headers["Retry-After"] == "1"
    assert later.status_code == 200


def test_tokens_are_counted_apart_and_strangers_by_address(app, api, frozen_clock):
    dave, vera = api("dave"), api("vera")
    other = limited(app, 1)

    def ask(bearer):
        caller = other.test_client()
        caller.bearer = bearer
        return caller.get("/api/v1/me").status_code

    assert [ask(dave.bearer), ask(vera.bearer), ask(""), ask("")] == [200, 200, 401, 429]


def test_pages_are_not_counted(app, browse, frozen_clock):
    caller = limited(app, 1).test_client()

    assert [caller.get("/healthz").status_code for _ in range(3)] == [200] * 3


def test_without_a_limit_nothing_is_said_of_one(app, api):
    dave = api("dave")
    caller = limited(app, 0).test_client()
    caller.bearer = dave.bearer

    assert "RateLimit" not in caller.get("/api/v1/me").headers


# --- ETags ------------------------------------------------------------------------------------


def ask_again(caller, url, answer):
    return caller.get(url, headers={"If-None-Match": answer.headers["ETag"]})


@pytest.mark.parametrize("url", ["/me", "/projects", "/projects/shop", "/workspaces", "/runs"])
def test_what_is_known_is_a_304_without_a_body(api, world, url):
    a_run(world)
    dave, url = api("dave"), f"/api/v1{url}"

    first = dave.get(url)
    again = ask_again(dave, url, first)

    assert first.headers["ETag"].startswith('W/"')
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == "private, no-cache"


def test_a_run_is_new_once_it_has_moved(api, world):
    run, dave = a_run(world), api("dave")
    url = f"{RUNS}/{run.id}"
    first, listed = dave.get(url), dave.get(RUNS)

    dave.post(f"{url}/discard")

    assert ask_again(dave, url, first).json["state"] == "discarded"
    assert ask_again(dave, RUNS, listed).json["items"][0]["state"] == "discarded"


def test_a_run_is_new_when_what_surrounds_it_changes(api, world):
    run, dave = a_run(world), api("dave")
    url = f"{RUNS}/{run.id}"
    first, listed = dave.get(url), dave.get(RUNS)
    assert "confirm" in first.json["actions"]

    locks.lock(world.alice, world.deployment(), "hands off")

    assert "confirm" not in ask_again(dave, url, first).json["actions"]
    assert ask_again(dave, RUNS, listed).status_code == 200


def test_a_run_is_new_when_it_may_be_killed(api, world, frozen_clock):
    asked = clock.now() - dt.timedelta(seconds=10)
    run = a_run(world, RunState.APPLYING, cancel_requested_at=asked, cancel_grace_s=60)
    dave, url = api("dave"), f"{RUNS}/{run.id}"
    first = dave.get(url)

    frozen_clock.advance(60)

    assert "force-cancel" not in first.json["actions"]
    assert "force-cancel" in ask_again(dave, url, first).json["actions"]


def test_each_caller_has_an_answer_of_their_own(api, world):
    run = a_run(world)
    url = f"{RUNS}/{run.id}"

    first = api("dave").get(url)

    assert ask_again(api("vera"), url, first).status_code == 200


def test_a_stranger_learns_nothing_from_an_etag(api, world):
    run = a_run(world)
    url = f"{RUNS}/{run.id}"
    first = api("dave").get(url)

    assert ask_again(api("sam"), url, first).status_code == 404


# --- refusals ---------------------------------------------------------------------------------


def no_json(api, world):
    return api("ada").post("/api/v1/projects", data="{")


def no_token(api, world):
    return api("").get("/api/v1/me")


def no_role(api, world):
    return api("vera").post(f"{RUNS}/{a_run(world).id}/discard")


def nothing_there(api, world):
    return api("sam").get("/api/v1/projects/shop")


def no_such_method(api, world):
    return api("dave").delete("/api/v1/me")


def not_now(api, world):
    return api("dave").post(f"{RUNS}/{a_run(world, RunState.FINISHED).id}/cancel")


def an_old_version(api, world):
    api("alice").patch("/api/v1/projects/shop", json={"title": "Shop"})
    return api("alice").patch("/api/v1/projects/shop", json={"title": "Mine", "version": 1})


def a_key_of_another_request(api, world):
    key = {"Idempotency-Key": "once"}
    api("ada").post("/api/v1/projects", json={"name": "pay"}, headers=key)
    return api("ada").post("/api/v1/projects", json={"name": "pal"}, headers=key)


def too_deep(api, world):
    return api("ada").post("/api/v1/projects", data="[" * 60 + "]" * 60)


def an_unknown_field(api, world):
    return api("ada").post("/api/v1/projects", json={"name": "pay", "colour": "red"})


def members_that_have_changed(api, world):
    url, alice = "/api/v1/projects/shop/members", api("alice")
    seen = alice.get(url).headers["ETag"]
    mine = [{"user": "alice@example.com", "role": "owner"}]
    alice.put(url, json=mine)
    return alice.put(url, json=mine, headers={"If-Match": seen})


REFUSED = {
    "unreadable": no_json,
    "sign-in-needed": no_token,
    "forbidden": no_role,
    "not-found": nothing_there,
    "method-not-allowed": no_such_method,
    "conflict": not_now,
    "edited-meanwhile": an_old_version,
    "idempotency-key-reused": a_key_of_another_request,
    "not-as-seen": members_that_have_changed,
    "too-large": too_deep,
    "invalid": an_unknown_field,
}


@pytest.mark.parametrize("slug", sorted(REFUSED))
def test_each_documented_refusal_has_its_type_and_status(api, world, slug):
    answer = REFUSED[slug](api, world)

    problem = next(each for each in PROBLEMS if each.slug == slug)
    assert answer.status_code == problem.status
    assert answer.json["type"] == f"/docs/problems/{slug}"
    assert answer.json["title"] == problem.title
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


def test_a_token_s_scope_is_named_when_it_does_not_reach(api, world):
    reader = api("")
    reader.bearer = tokens.create(world.ada, "reader", scopes=["read"]).text

    answer = reader.post("/api/v1/projects", json={"name": "pay"})

    assert (answer.status_code, answer.json["type"]) == (403, "/docs/problems/forbidden")
    assert "administer" in answer.json["detail"]


# --- fields and order -------------------------------------------------------------------------


def test_a_caller_gets_the_fields_they_ask_for(api, world):
    run, dave = a_run(world), api("dave")

    listed = dave.get(f"{RUNS}?fields=id,state").json["items"]
    one = dave.get(f"{RUNS}/{run.id}?fields=actions").json
    strange = dave.get(f"{RUNS}?fields=id,colour")

    assert listed == [{"id": run.id, "state": "unconfirmed"}]
    assert list(one) == ["actions"]
    assert "confirm" in one["actions"]
    assert (strange.status_code, list(strange.json["errors"])) == (422, ["fields"])


def a_few(world):
    """Five runs; three of them ended, two of those at the same instant."""
    at = clock.now().replace(microsecond=0)
    ends = [at, None, at - dt.timedelta(hours=1), at, None]
    states = [RunState.FINISHED if end else RunState.QUEUED for end in ends]
    return [a_run(world, state, finished_at=end) for state, end in zip(states, ends, strict=True)]


def read_all(caller, query, limit=2):
    found, cursor = [], ""
    while True:
        page = caller.get(f"{RUNS}?{query}&limit={limit}&cursor={cursor}").json
        found += [item["id"] for item in page["items"]]
        if page["next"] is None:
            return found
        cursor = page["next"]


@pytest.mark.parametrize("limit", [1, 2, 200])
@pytest.mark.parametrize("who", ["ada", "dave"])
@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("-created_at", [4, 3, 2, 1, 0]),
        ("created_at", [0, 1, 2, 3, 4]),
        ("-finished_at", [3, 0, 2]),
        ("finished_at", [2, 0, 3]),
    ],
)
def test_each_order_is_kept_from_page_to_page(api, world, sort, order, who, limit):
    runs = a_few(world)

    found = read_all(api(who), f"sort={sort}", limit)

    assert found == [runs[place].id for place in order]


def test_an_order_goes_with_filters(api, world):
    runs = a_few(world)

    found = read_all(api("dave"), "sort=finished_at&project=shop&status=succeeded")

    assert found == [runs[place].id for place in (2, 0, 3)]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("sort=colour", 422),
        ("sort=created_at&q=web", 422),
        ("sort=finished_at&cursor=WyJ4Il0", 400),
    ],
)
def test_what_cannot_be_ordered_is_refused(api, world, query, status):
    assert api("dave").get(f"{RUNS}?{query}").status_code == status


def test_a_cursor_of_another_order_is_unreadable(api, world):
    a_few(world)
    dave = api("dave")
    cursor = dave.get(f"{RUNS}?sort=finished_at&limit=1").json["next"]

    assert dave.get(f"{RUNS}?sort=created_at&cursor={cursor}").status_code == 400
    assert dave.get(f"{RUNS}?cursor={cursor}").status_code == 400


# --- what is said of a run --------------------------------------------------------------------


def test_a_comment_sent_twice_with_one_key_stands_once(api, world):
    run, dave = a_run(world), api("dave")
    url, key = f"{RUNS}/{run.id}/comments", {"Idempotency-Key": "said"}

    first = dave.post(url, json={"text": "Why?"}, headers=key)
    again = dave.post(url, json={"text": "Why?"}, headers=key)
    other = dave.post(url, json={"text": "Why not?"}, headers=key)

    assert (first.status_code, again.status_code, other.status_code) == (200, 200, 409)
    assert first.json["comment"] == again.json["comment"]
    assert [each["text"] for each in dave.get(url).json["items"]] == ["Why?"]


def test_what_was_attached_to_a_run_is_listed(api, world):
    run, dave = a_run(world), api("dave")

    dave.post(f"{RUNS}/{run.id}/discard", json={"metadata": ["sig:1", "sig:2"]})

    attached = dave.get(f"{RUNS}/{run.id}/metadata").json["items"]
    assert [(each["verb"], each["text"]) for each in attached] == [
        ("discard", "sig:1"),
        ("discard", "sig:2"),
    ]


def test_the_audit_log_is_read_by_programs_as_far_as_they_see(api, world):
    run = a_run(world)
    api("dave").post(f"{RUNS}/{run.id}/discard")

    seen = api("vera").get("/api/v1/audit?action=run").json["items"]
    unseen = api("sam").get("/api/v1/audit?action=run").json["items"]

    assert [(each["action"], each["actor"]["name"]) for each in seen] == [("run.discard", "Dave")]
    assert seen[0]["target"]["id"] == run.id
    assert unseen == []
    assert api("vera").get("/api/v1/audit?since=colour").status_code == 422

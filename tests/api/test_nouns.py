"""The API of projects, stacks, workspaces, members, variables, deployments and uploads."""

import io
import json
import tarfile

import pytest


def archive(files=(("main.tf", 'output "x" {}'),)):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, text in files:
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def upload(client, content=None, project="shop", **headers):
    data = {"project": project, "file": (io.BytesIO(content or archive()), "code.tar.gz")}
    return client.post("/api/v1/configuration-versions", data=data, headers=headers)


WEB = "/api/v1/projects/shop/stacks/web"
STAGING = f"{WEB}/workspaces/staging"


def test_an_administrator_makes_changes_and_deletes_a_project(api):
    ada = api("ada")

    made = ada.post("/api/v1/projects", json={"name": "pay", "title": "Payments"})
    changed = ada.patch("/api/v1/projects/pay", json={"title": "Pay", "version": 1})
    stale = ada.patch("/api/v1/projects/pay", json={"title": "Mine", "version": 1})
    unconfirmed = ada.delete("/api/v1/projects/pay")
    gone = ada.delete("/api/v1/projects/pay?confirm=pay")

    assert (made.status_code, made.headers["Location"]) == (201, "/api/v1/projects/pay")
    assert changed.json["title"] == "Pay"
    assert (stale.status_code, "“Pay”" in stale.json["detail"]) == (409, True)
    assert (unconfirmed.status_code, list(unconfirmed.json["errors"])) == (422, ["confirm"])
    assert gone.status_code == 204
    assert ada.get("/api/v1/projects/pay").status_code == 404


@pytest.mark.parametrize("name", ["", "Pay", "-pay", "a" * 64, "new", "pay.ments", "päy"])
def test_a_name_that_is_no_slug_is_refused_by_its_field(api, name):
    answer = api("ada").post("/api/v1/workspaces", json={"name": name})

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["name"])


def test_an_unknown_field_and_a_taken_name_are_told_apart(api):
    ada = api("ada")

    unknown = ada.post("/api/v1/workspaces", json={"name": "qa", "colour": "red"})
    taken = ada.post("/api/v1/workspaces", json={"name": "prod"})

    assert (unknown.status_code, list(unknown.json["errors"])) == (422, ["colour"])
    assert taken.status_code == 409


def test_the_same_key_makes_one_project(api):
    ada, headers = api("ada"), {"Idempotency-Key": "once"}

    first = ada.post("/api/v1/projects", json={"name": "pay"}, headers=headers)
    again = ada.post("/api/v1/projects", json={"name": "pay"}, headers=headers)
    other = ada.post("/api/v1/projects", json={"name": "pay2"}, headers=headers)

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert first.json["id"] == again.json["id"]


def test_lists_are_paged_by_cursor(api):
    ada = api("ada")
    for name in ("a1", "b2", "c3"):
        ada.post("/api/v1/projects", json={"name": name})

    first = ada.get("/api/v1/projects?limit=3").json
    second = ada.get(f"/api/v1/projects?limit=3&cursor={first['next']}").json

    assert [each["name"] for each in first["items"]] == ["a1", "b2", "c3"]
    assert ([each["name"] for each in second["items"]], second["next"]) == (["shop"], None)


def test_a_stack_is_made_with_its_source_and_keeps_its_name(api):
    alice = api("alice")
    version = upload(alice).json["id"]
    source = {"kind": "configuration_version", "id": version}

    made = alice.post("/api/v1/projects/shop/stacks", json={"name": "db", "source": source})
    renamed = alice.patch("/api/v1/projects/shop/stacks/db", json={"name": "other"})
    edited = alice.patch("/api/v1/projects/shop/stacks/db", json={"auto_apply": True})

    assert (made.status_code, made.json["source"]["id"]) == (201, version)
    assert renamed.status_code == 422
    assert (edited.json["auto_apply"], edited.json["version"]) == (True, 2)


@pytest.mark.parametrize(
    ("source", "field"),
    [
        ({"kind": "module", "name": "x", "version": "1"}, "source.kind"),
        ({"kind": "ftp"}, "source.kind"),
        ({}, "source.kind"),
        ({"kind": "git"}, "source.url"),
        ({"kind": "git", "url": "https://203.0.113.9/a.git", "branch": "x"}, "source.branch"),
        ({"kind": "git", "url": "file:///etc"}, "source.url"),
        ({"kind": "git", "url": "http://203.0.113.9/a.git"}, "source.url"),
        ({"kind": "git", "url": "https://169.254.169.254/latest"}, "source.url"),
        ({"kind": "git", "url": "https://[::ffff:127.0.0.1]/a.git"}, "source.url"),
        ({"kind": "git", "url": "--upload-pack=touch x"}, "source.url"),
        ({"kind": "git", "url": "ext::sh -c id"}, "source.url"),
        ({"kind": "git", "url": "https://9.9.9.9/a.git", "ref": "--output=x"}, "source.ref"),
        ({"kind": "git", "url": "https://9.9.9.9/a.git", "ref": "a..b"}, "source.ref"),
        ({"kind": "git", "url": "https://9.9.9.9/a.git", "path": "../x"}, "source.path"),
        ({"kind": "git", "url": "https://9.9.9.9/a.git", "path": "/etc"}, "source.path"),
        ({"kind": "git", "url": ["https://9.9.9.9/a.git"]}, "source.url"),
        ({"kind": "configuration_version", "id": "../../x"}, "source.id"),
        ({"kind": "configuration_version", "id": "0" * 20}, "source.id"),
    ],
)
def test_a_hostile_or_impossible_source_is_refused_by_its_field(api, source, field):
    answer = api("alice").post(
        "/api/v1/projects/shop/stacks", json={"name": "db", "source": source}
    )

    assert answer.status_code == 422
    assert field in answer.json["errors"]


def test_a_configuration_version_of_another_project_is_no_source(api):
    ada = api("ada")
    ada.post("/api/v1/projects", json={"name": "pay"})
    version = upload(ada, project="pay").json["id"]

    source = {"kind": "configuration_version", "id": version}
    answer = ada.patch(WEB, json={"source": source})

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["source.id"])


def test_the_same_bytes_are_the_same_configuration_version(api):
    dave, content = api("dave"), archive()

    first, again = upload(dave, content), upload(dave, content)
    by_key = upload(dave, content, **{"Idempotency-Key": "k"})

    assert first.status_code == 201
    assert first.json["id"] == again.json["id"] == by_key.json["id"]
    assert len(first.json["digest"]) == 64
    assert dave.get(first.headers["Location"]).json["file_count"] == 1


def test_a_hostile_archive_is_refused_and_nothing_is_kept(api, app):
    alice = api("alice")

    escaping = upload(alice, archive([("../evil.tf", "x")]))
    broken = upload(alice, b"not an archive")
    empty = upload(alice, archive([]))
    nothing = alice.post("/api/v1/configuration-versions", data={"project": "shop"})

    for answer in (escaping, broken, empty, nothing):
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["file"])
    uploads = app.extensions["gantry_house"].data_dir / "uploads"
    assert not [*uploads.iterdir()]


def test_members_are_replaced_whole(api, world):
    alice = api("alice")
    wanted = [
        {"user": "alice@example.com", "role": "owner"},
        {"user": world.people["sam"].id, "role": "viewer"},
    ]

    answer = alice.put("/api/v1/projects/shop/members", json=wanted)

    assert [(m["user"], m["role"]) for m in answer.json["items"]] == [
        ("alice@example.com", "owner"),
        ("sam@example.com", "viewer"),
    ]
    assert api("dave").get("/api/v1/projects/shop").status_code == 404
    assert api("sam").get("/api/v1/projects/shop").status_code == 200


def test_only_an_administrator_leaves_a_place_without_an_owner(api):
    wanted = [{"user": "dave@example.com", "role": "deployer"}]

    refused = api("alice").put("/api/v1/workspaces/prod/members", json=wanted)
    allowed = api("ada").put("/api/v1/workspaces/prod/members", json=wanted)

    assert (refused.status_code, allowed.status_code) == (403, 200)


@pytest.mark.parametrize("place", ["projects/shop", "workspaces/prod", "teams/platform"])
def test_a_list_of_members_that_somebody_changed_meanwhile_is_not_overwritten(api, world, place):
    ada, url = api("ada"), f"/api/v1/{place}/members"
    ada.post("/api/v1/teams", json={"name": "platform"})
    role = {} if "teams" in place else {"role": "owner"}
    mine, theirs = ([{"user": f"{name}@example.com", **role}] for name in ("alice", "dave"))
    seen = ada.get(url).headers["ETag"]

    first = ada.put(url, json=theirs, headers={"If-Match": seen})
    second = ada.put(url, json=mine, headers={"If-Match": seen})
    kept = ada.get(url)
    again = ada.put(url, json=mine, headers={"If-Match": kept.headers["ETag"]})

    assert (first.status_code, second.status_code, again.status_code) == (200, 412, 200)
    assert [each["user"] for each in kept.json["items"]] == ["dave@example.com"]
    assert ada.put(url, json=theirs, headers={"If-Match": "*"}).status_code == 200
    assert ada.put(url, json=mine).status_code == 200


@pytest.mark.parametrize(
    ("member", "field"),
    [
        ({"user": "nobody@example.com", "role": "owner"}, "0.user"),
        ({"user": "alice@example.com", "role": "king"}, "0.role"),
        ({"team": "core", "role": "owner"}, "0.team"),
        ("alice", "0"),
    ],
)
def test_a_member_that_cannot_be_is_refused_by_its_field(api, member, field):
    answer = api("ada").put("/api/v1/projects/shop/members", json=[member])

    assert (answer.status_code, field in answer.json["errors"]) == (422, True)


@pytest.mark.parametrize(
    "place", ["/api/v1/projects/shop", "/api/v1/workspaces/staging", WEB, STAGING]
)
def test_a_variable_is_written_read_and_taken_away_in_each_place(api, place):
    dave, url = api("dave"), f"{place}/variables/size"

    made = dave.put(url, json={"value": {"cpu": [1, None, "two"]}})
    changed = dave.put(url, json={"value": "small", "category": "environment"})
    shown = dave.get(url)
    listed = dave.get(f"{place}/variables").json["items"]
    gone = dave.delete(url)

    assert (made.status_code, made.json["value"]) == (201, {"cpu": [1, None, "two"]})
    assert (changed.status_code, shown.json["value"]) == (200, "small")
    assert [each["name"] for each in listed] == ["size"]
    assert gone.status_code == 204
    assert dave.get(url).status_code == 404


def test_a_secret_never_comes_back(api):
    dave, url = api("dave"), f"{WEB}/variables/TOKEN"
    secret = "xK9-very-secret"

    made = dave.put(url, json={"value": secret, "category": "environment", "secret": True})
    bare = dave.put(url, json={"secret": False})
    kept = dave.put(url, json={"category": "environment"})
    plain = dave.put(url, json={"value": "open", "secret": False})

    assert made.json["fingerprint"]
    assert (bare.status_code, list(bare.json["errors"])) == (422, ["value"])
    assert (kept.status_code, kept.json["secret"]) == (200, True)
    assert (plain.json["value"], plain.json["secret"]) == ("open", False)
    for answer in (made, bare, kept, dave.get(url), dave.get(f"{WEB}/variables")):
        assert secret not in answer.text


def test_two_equal_secrets_have_the_same_fingerprint(api):
    dave, body = api("dave"), {"value": "xK9-very-secret", "secret": True}

    one = dave.put(f"{WEB}/variables/one", json=body).json
    two = dave.put("/api/v1/workspaces/prod/variables/two", json=body).json
    other = dave.put(f"{WEB}/variables/other", json=body | {"value": "else-secret"}).json

    assert one["fingerprint"] == two["fingerprint"] != other["fingerprint"]


def test_a_viewer_sees_names_and_no_values(api):
    api("dave").put(f"{WEB}/variables/size", json={"value": "enormous"})

    shown = api("vera").get(f"{WEB}/variables")
    refused = api("vera").put(f"{WEB}/variables/size", json={"value": "small"})

    assert [each["name"] for each in shown.json["items"]] == ["size"]
    assert "enormous" not in shown.text
    assert shown.json["items"][0]["fingerprint"] is None
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("1st", {"value": 1}, "name"),
        ("a-b", {"value": "x", "category": "environment"}, "name"),
        ("TF_CLI_ARGS_plan", {"value": "-destroy", "category": "environment"}, "name"),
        ("LD_PRELOAD", {"value": "x", "category": "environment"}, "name"),
        ("n", {"value": 1, "category": "environment"}, "value"),
        ("n", {"value": "a\u0000b", "category": "environment"}, "value"),
        ("n", {"value": {"a\u0000": 1}}, "value"),
        ("n", {"value": "x" * 200_000, "category": "environment"}, "value"),
        ("n", {"value": "x", "category": "hcl"}, "category"),
        ("n", {}, "value"),
        ("n", {"value": 1, "colour": "red"}, "colour"),
    ],
)
def test_a_variable_that_cannot_be_is_refused_by_its_field(api, name, body, field):
    answer = api("dave").put(f"{WEB}/variables/{name}", json=body)

    assert (answer.status_code, field in answer.json["errors"]) == (422, True)


def test_half_a_surrogate_pair_is_refused(api):
    body = '{"value": "\\ud800"}'
    answer = api("dave").put(f"{WEB}/variables/n", data=body, content_type="application/json")

    assert answer.status_code == 422


def test_a_deployment_comes_to_be_with_its_first_lock(api):
    dave = api("dave")

    before = dave.get(STAGING)
    locked = dave.post(f"{STAGING}/lock", json={"note": "hands off"})
    again = dave.post(f"{STAGING}/lock", json={})

    assert (before.status_code, locked.status_code, again.status_code) == (404, 200, 409)
    assert locked.json["manual_lock"]["note"] == "hands off"
    assert dave.get(STAGING).json["manual_lock"]["name"] == "Dave"


def test_another_persons_lock_is_opened_only_by_an_owner_and_by_force(api):
    api("ada").put(
        "/api/v1/projects/shop/members",
        json=[
            {"user": f"{name}@example.com", "role": role}
            for name, role in (("alice", "owner"), ("dave", "deployer"), ("sam", "deployer"))
        ],
    )
    api("alice").post(f"{STAGING}/lock", json={})

    by_deployer = api("dave").delete(f"{STAGING}/lock?force=true")
    unasked = api("ada").delete(f"{STAGING}/lock")
    forced = api("ada").delete(f"{STAGING}/lock?force=true")
    nothing = api("ada").delete(f"{STAGING}/lock")

    statuses = [answer.status_code for answer in (by_deployer, unasked, forced, nothing)]
    assert statuses == [403, 409, 204, 409]


def test_a_strangers_project_does_not_exist(api):
    sam = api("sam")

    answers = [
        sam.get("/api/v1/projects/shop"),
        sam.get(WEB),
        sam.get(STAGING),
        sam.get("/api/v1/workspaces/prod"),
        sam.put(f"{WEB}/variables/x", json={"value": 1}),
        sam.post(f"{STAGING}/lock", json={}),
        sam.delete("/api/v1/projects/shop?confirm=shop"),
        upload(sam),
    ]

    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert sam.get("/api/v1/projects").json["items"] == []


def test_what_may_be_seen_but_not_done_is_forbidden(api):
    dave = api("dave")

    answers = [
        dave.post("/api/v1/projects", json={"name": "mine"}),
        dave.post("/api/v1/projects/shop/stacks", json={"name": "db"}),
        dave.patch(WEB, json={"title": "x"}),
        dave.delete(f"{WEB}?confirm=web"),
        dave.put("/api/v1/projects/shop/members", json=[]),
        dave.delete("/api/v1/workspaces/prod?confirm=prod"),
    ]

    assert [answer.status_code for answer in answers] == [403] * len(answers)


def test_resources_and_outputs_of_a_place_without_runs_are_empty(api):
    vera = api("vera")

    assert vera.get(f"{STAGING}/resources").json == {"items": [], "next": None}
    assert json.loads(vera.get(f"{STAGING}/outputs").text) == {"items": [], "next": None}

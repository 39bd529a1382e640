import json

import pytest

from tests.services.vcs.hub import TOKEN, Hub

NEW = {
    "project": "shop",
    "name": "code",
    "kind": "gitea",
    "base_url": "https://8.8.8.8",
    "token": TOKEN,
}
LINK = "/api/v1/projects/shop/stacks/web/workspaces/staging/vcs-link"
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----"


@pytest.fixture
def alice(api):
    return api("alice")


def make(caller, **changes):
    answer = caller.post("/api/v1/vcs-integrations", json={**NEW, **changes})
    assert answer.status_code == 201, answer.json
    return answer.json


def test_an_integration_is_made_with_a_secret_that_is_shown_once(alice):
    made = make(alice)

    shown = alice.get(f"/api/v1/vcs-integrations/{made['id']}").json
    assert len(made["webhook_secret"]) >= 32
    assert made["hook_url"].endswith(f"/hooks/vcs/{made['id']}")
    assert "webhook_secret" not in shown
    assert shown["holds"] == ["token", "webhook_secret"]
    for answer in (made, shown, alice.get("/api/v1/vcs-integrations").json):
        assert TOKEN not in json.dumps(answer)


def test_an_idempotency_key_makes_one_integration(alice):
    headers = {"Idempotency-Key": "one"}

    first = alice.post("/api/v1/vcs-integrations", json=NEW, headers=headers)
    again = alice.post("/api/v1/vcs-integrations", json=NEW, headers=headers)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json["id"] == again.json["id"]
    assert "webhook_secret" not in again.json


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "cvs"}, "kind"),
        ({"name": "Not A Slug"}, "name"),
        ({"base_url": ""}, "base_url"),
        ({"base_url": "http://8.8.8.8"}, "base_url"),
        ({"base_url": "https://10.0.0.7"}, "base_url"),
        ({"base_url": "https://user:pw@8.8.8.8"}, "base_url"),
        ({"base_url": "file:///etc"}, "base_url"),
        ({"clone_url": "ext::sh -c id"}, "clone_url"),
        ({"max_runs": 501}, "max_runs"),
        ({"max_runs": 0}, "max_runs"),
        ({"poll_every_s": 5}, "poll_every_s"),
        ({"token": "two words"}, "token"),
        ({"ssh_key": "ssh-ed25519 AAAA public"}, "ssh_key"),
        ({"webhook_secret": "short"}, "webhook_secret"),
        ({"repositories": ["/absolute"]}, "repositories"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_what_does_not_hold_is_refused_by_field_and_without_repeating_it(alice, changes, field):
    answer = alice.post("/api/v1/vcs-integrations", json={**NEW, **changes})

    assert answer.status_code == 422
    assert field in answer.json["errors"]
    assert "two words" not in answer.text


def test_a_private_host_names_the_setting_that_would_allow_it(alice):
    answer = alice.post("/api/v1/vcs-integrations", json={**NEW, "base_url": "https://10.0.0.7"})

    assert "GANTRY_ALLOWED_HOSTS" in answer.json["errors"]["base_url"]


def test_a_token_never_goes_to_an_address_that_it_was_not_given_for(alice):
    made = make(alice)
    url = f"/api/v1/vcs-integrations/{made['id']}"

    moved = alice.patch(url, json={"base_url": "https://9.9.9.9"})
    renewed = alice.patch(url, json={"base_url": "https://9.9.9.9", "token": "another"})

    assert (moved.status_code, list(moved.json["errors"])) == (422, ["token"])
    assert renewed.json["base_url"] == "https://9.9.9.9"


def test_an_edit_of_an_older_version_is_refused(alice):
    made = make(alice)
    url = f"/api/v1/vcs-integrations/{made['id']}"

    assert alice.patch(url, json={"max_runs": 7, "version": 1}).json["max_runs"] == 7
    assert alice.patch(url, json={"max_runs": 8, "version": 1}).status_code == 409


def test_a_rotation_shows_the_new_secret_and_a_name_makes_a_deletion(alice):
    made = make(alice)
    url = f"/api/v1/vcs-integrations/{made['id']}"

    rotated = alice.post(f"{url}/rotate")
    assert rotated.json["webhook_secret"] != made["webhook_secret"]
    assert alice.delete(url).status_code == 422
    assert alice.delete(f"{url}?confirm=code").status_code == 204
    assert alice.get(url).status_code == 404


def test_integrations_of_the_instance_are_administrators(api):
    body = {**NEW, "project": None}

    refused = api("alice").post("/api/v1/vcs-integrations", json=body)
    made = api("ada").post("/api/v1/vcs-integrations", json=body)

    assert (refused.status_code, made.status_code) == (403, 201)
    listed = api("vera").get("/api/v1/vcs-integrations?project=shop").json["items"]
    assert [each["name"] for each in listed] == ["code"]


def test_a_link_is_put_shown_and_taken_away(alice):
    make(alice)
    body = {"integration": "code", "repository": "team/infra", "path": "./web/", "tags": "v*"}

    put = alice.put(LINK, json=body)
    assert (put.status_code, put.json["path"], put.json["owner"]) == (200, "web", "Alice")
    assert put.json["url"] == "https://8.8.8.8/team/infra.git"
    assert alice.get(LINK).json == put.json
    links = alice.get("/api/v1/projects/shop/stacks/web/vcs-links").json["items"]
    assert links == [put.json]
    assert alice.delete(LINK).status_code == 204
    assert alice.get(LINK).status_code == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"integration": "other"}, "integration"),
        ({"repository": "infra"}, "repository"),
        ({"repository": "team/../infra"}, "repository"),
        ({"repository": "--upload-pack=x/y"}, "repository"),
        ({"branch": "-main"}, "branch"),
        ({"path": "../etc"}, "path"),
        ({"globs": ["../x"]}, "globs"),
        ({"on_push": "destroy"}, "on_push"),
    ],
)
def test_a_link_that_does_not_hold_is_refused_by_field(alice, changes, field):
    make(alice)
    body = {"integration": "code", "repository": "team/infra", **changes}

    answer = alice.put(LINK, json=body)

    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_an_integration_may_be_for_some_repositories_only(alice):
    make(alice, repositories=["team/*"])

    refused = alice.put(LINK, json={"integration": "code", "repository": "other/infra"})
    taken = alice.put(LINK, json={"integration": "code", "repository": "Team/infra"})

    assert "team/*" in refused.json["errors"]["repository"]
    assert taken.status_code == 200


def test_plain_git_is_polled_and_has_no_webhooks(alice):
    made = make(alice, kind="git", base_url="ssh://git@8.8.8.8", token=None, ssh_key=KEY)

    assert (made["hook_url"], made["poll_every_s"], made["holds"]) == ("", 60, ["ssh_key"])
    assert alice.post(f"/api/v1/vcs-integrations/{made['id']}/rotate").status_code == 409
    put = alice.put(LINK, json={"integration": "code", "repository": "team/infra.git"})
    assert put.json["url"] == "ssh://git@8.8.8.8/team/infra.git"


def test_deliveries_are_listed_dealt_with_again_and_run_anyway(alice, api, world):
    hub = Hub(world)
    hub.link()
    hub.push(modified=["db/a.tf"])

    [item] = alice.get("/api/v1/deliveries?project=shop").json["items"]
    [outcome] = item["outcomes"]
    assert (item["event"], item["ref"], item["sha"]) == ("push", "main", "b" * 40)
    assert (outcome["verdict"], outcome["reason"]) == ("skipped", "No file below web changed.")

    url = f"/api/v1/deliveries/{item['id']}"
    place = {"project": "shop", "stack": "web", "workspace": "staging"}
    run = api("dave").post(f"{url}/run-anyway", json=place)
    assert (run.status_code, run.json["created_by"]["name"]) == (201, "Dave")
    assert run.json["source"]["commit"] == "b" * 40
    assert api("dave").post(f"{url}/run-anyway", json=place).status_code == 409
    shown = alice.get(url).json["outcomes"][0]
    assert (shown["verdict"], shown["run"]["id"]) == ("run_anyway", run.json["id"])
    assert alice.post(f"{url}/redeliver").json["verdict"] == "pending"


def test_a_verdict_that_is_none_is_refused(alice):
    answer = alice.get("/api/v1/deliveries?verdict=perhaps")

    assert (answer.status_code, list(answer.json["errors"])) == (422, ["verdict"])


def test_a_run_from_a_link_says_its_trigger(api, world):
    hub = Hub(world)
    line = hub.link()
    hub.push(modified=["web/a.tf"])
    [run] = hub.runs()

    said = api("vera").get(f"/api/v1/runs/{run.id}").json

    assert said["trigger"] == {
        "kind": "vcs",
        "id": line.link.id,
        "name": "team/infra, push to main",
    }
    listed = api("vera").get("/api/v1/runs?trigger=vcs&branch=main").json["items"]
    assert [each["id"] for each in listed] == [run.id]

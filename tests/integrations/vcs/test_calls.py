import json

import pytest

from integrations.vcs import SERVICES, State, Status, Unexpected

SHA = "b" * 40
STATUS = Status(
    State.FAILURE, "gantry/shop/web/staging", "Plan failed: no such image.", "https://g/r"
)
BASE = {
    "github": "https://github.com",
    "gitlab": "https://gitlab.example.com",
    "gitea": "https://git.example.com",
}
API = {
    "github": "https://api.github.com/repos/team/infra",
    "gitlab": "https://gitlab.example.com/api/v4/projects/team%2Finfra",
    "gitea": "https://git.example.com/api/v1/repos/team/infra",
}
FAILED = {"github": "failure", "gitlab": "failed", "gitea": "failure"}


@pytest.mark.parametrize("kind", SERVICES)
def test_a_status_is_set_in_each_services_words(kind):
    call = SERVICES[kind].set_status(BASE[kind], "tok", "team/infra", SHA, STATUS)

    sent = json.loads(call.body)
    assert (call.method, call.url) == ("POST", f"{API[kind]}/statuses/{SHA}")
    assert sent["state"] == FAILED[kind]
    assert sent.get("context", sent.get("name")) == STATUS.context
    assert (sent["description"], sent["target_url"]) == (STATUS.description, STATUS.url)


@pytest.mark.parametrize("kind", SERVICES)
@pytest.mark.parametrize("state", State)
def test_every_state_has_a_word_and_a_long_description_is_cut(kind, state):
    status = Status(state, "gantry", "x " * 400, "https://g/r")

    sent = json.loads(SERVICES[kind].set_status(BASE[kind], "t", "team/infra", SHA, status).body)

    assert sent["state"]
    assert len(sent["description"]) <= (255 if kind == "gitlab" else 140)


@pytest.mark.parametrize(
    ("kind", "header", "value"),
    [
        ("github", "Authorization", "Bearer tok"),
        ("gitlab", "PRIVATE-TOKEN", "tok"),
        ("gitea", "Authorization", "token tok"),
    ],
)
def test_the_token_goes_in_a_header_and_is_never_shown(kind, header, value):
    call = SERVICES[kind].whoami(BASE[kind], "tok")

    assert call.headers[header] == value
    assert "tok" not in call.url
    assert "tok" not in repr(call)


def test_a_github_of_ones_own_has_its_api_below_itself():
    call = SERVICES["github"].whoami("https://github.example.com", "tok")

    assert call.url == "https://github.example.com/api/v3/user"


@pytest.mark.parametrize("kind", SERVICES)
def test_comments_are_listed_added_and_edited(kind):
    service, at = SERVICES[kind], (BASE[kind], "tok", "team/infra")

    listed = service.comments(*at, 7, 2)
    added = service.add_comment(*at, 7, "hello")
    edited = service.edit_comment(*at, 7, "99", "hello again")

    thread = "merge_requests/7/notes" if kind == "gitlab" else "issues/7/comments"
    one = f"{thread}/99" if kind == "gitlab" else "issues/comments/99"
    assert listed.method == "GET"
    assert listed.url.startswith(f"{API[kind]}/{thread}?")
    assert "page=2" in listed.url
    assert (added.method, added.url) == ("POST", f"{API[kind]}/{thread}")
    assert (edited.method, edited.url) == (
        "PUT" if kind == "gitlab" else "PATCH",
        f"{API[kind]}/{one}",
    )
    assert json.loads(edited.body) == {"body": "hello again"}


@pytest.mark.parametrize("kind", SERVICES)
def test_answers_are_read_and_what_is_none_is_named(kind):
    service = SERVICES[kind]

    comments = service.comments_of(b'[{"id": 99, "body": "hi"}, {"id": 100, "body": null}, 3]')
    named = service.name_of(b'{"login": "bot", "username": "bot"}')

    assert [(each.id, each.text) for each in comments] == [("99", "hi"), ("100", "")]
    assert named == "bot"
    for wrong in (b"<html>", b"[", b'"x"'):
        with pytest.raises(Unexpected):
            service.comments_of(wrong)
        with pytest.raises(Unexpected):
            service.name_of(wrong)


def test_a_repository_says_whether_the_token_may_report():
    github = (
        b'{"full_name": "team/infra", "default_branch": "trunk", "permissions": {"push": true}}'
    )
    gitlab = (
        b'{"path_with_namespace": "team/infra", "default_branch": "trunk", "permissions": '
        b'{"project_access": null, "group_access": {"access_level": 30}}}'
    )

    for kind, answer in (("github", github), ("gitea", github), ("gitlab", gitlab)):
        facts = SERVICES[kind].repository_of(answer)
        assert (facts.name, facts.default_branch, facts.can_report) == ("team/infra", "trunk", True)
        nothing = SERVICES[kind].repository_of(b"{}")
        assert not nothing.can_report


def test_gitlab_says_no_where_it_means_that_it_stands_already():
    said = b'{"message": "Cannot transition status via :enqueue from :pending (Reason(s): ...)"}'

    assert SERVICES["gitlab"].is_settled(400, said)
    assert not SERVICES["gitlab"].is_settled(400, b'{"message": "400 Bad request"}')
    assert not SERVICES["github"].is_settled(422, said)

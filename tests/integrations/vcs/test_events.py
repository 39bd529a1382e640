import json
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.vcs import SERVICES, Action, Event, Kind, Unreadable
from lib import clock
from tests.integrations.vcs import payloads

GITHUB, GITLAB, GITEA = (SERVICES[kind] for kind in ("github", "gitlab", "gitea"))
SENT = {
    "github": lambda **kind: payloads.github("push", payloads.push(**kind)),
    "gitlab": lambda **kind: payloads.gitlab(payloads.gitlab_push(**kind)),
    "gitea": lambda **kind: payloads.gitea("push", payloads.push(**kind)),
}


def lower(headers):
    return {name.lower(): value for name, value in headers.items()}


def read(service, delivery):
    headers, body = delivery
    return service.read(lower(headers), body)


@pytest.mark.parametrize("kind", SENT)
def test_a_signature_holds_for_the_very_bytes_and_no_others(kind):
    headers, body = SENT[kind]()
    service = SERVICES[kind]

    assert service.is_signed(lower(headers), body, [payloads.SECRET])
    assert service.is_signed(lower(headers), body, ["older", payloads.SECRET])
    assert not service.is_signed(lower(headers), body, ["another"])
    assert not service.is_signed({}, body, [payloads.SECRET])
    assert not service.is_signed({}, body, [""])
    assert not service.is_signed(lower(headers), body, [])
    if kind != "gitlab":  # Whose token says nothing about the body.
        assert not service.is_signed(lower(headers), body + b" ", [payloads.SECRET])


def test_an_empty_secret_opens_to_nobody():
    headers, body = payloads.gitlab(payloads.gitlab_push(), secret="")

    assert not GITLAB.is_signed(lower(headers), body, [""])


def test_forgejo_signs_under_its_own_name():
    headers, body = payloads.gitea("push", payloads.push(), brand="Forgejo")

    assert GITEA.is_signed(lower(headers), body, [payloads.SECRET])
    assert GITEA.delivery_id(lower(headers), body) == headers["X-Forgejo-Delivery"]


def test_gitlabs_signing_token_is_checked_with_its_time():
    body = json.dumps(payloads.gitlab_push()).encode()
    now = int(clock.now().timestamp())

    def is_signed(at, sent=body):
        headers = payloads.standard_signature(body, at=at)
        return GITLAB.is_signed(headers, sent, [payloads.SECRET])

    assert is_signed(now)
    assert not is_signed(now - 600)
    assert not is_signed(now + 600)
    assert not is_signed(now, body + b" ")


def test_an_old_gitlab_tells_deliveries_apart_by_event_and_body():
    headers, body = payloads.gitlab(payloads.gitlab_push(), delivery="")
    other = payloads.gitlab(payloads.gitlab_push(after=payloads.C), delivery="")[1]

    one = GITLAB.delivery_id(lower(headers), body)

    assert one == GITLAB.delivery_id(lower(headers), body)
    assert one != GITLAB.delivery_id(lower(headers), other)
    assert GITLAB.delivery_id({}, body) == ""


@pytest.mark.parametrize("kind", SENT)
def test_a_push_says_branch_commits_and_paths_with_the_deleted_ones(kind):
    sent = SENT[kind](added=["web/a.tf"], removed=["db/b.tf"], modified=["web/c.tf"])

    event = read(SERVICES[kind], sent)

    assert (event.kind, event.action) == (Kind.PUSH, Action.UPDATED)
    assert (event.repository, event.ref, event.default_branch) == ("team/infra", "main", "main")
    assert (event.before, event.after) == (payloads.A, payloads.B)
    assert set(event.paths) == {"web/a.tf", "db/b.tf", "web/c.tf"}
    assert (event.commit.sha, event.commit.author_name) == (payloads.B, "Grace")
    assert event.sender == "grace"
    # Only GitHub says that the branch was not forced, so only its list is the whole truth.
    assert event.has_all_paths is (kind == "github")


@pytest.mark.parametrize("kind", SENT)
@pytest.mark.parametrize(
    ("before", "after", "action"),
    [(payloads.NOUGHT, payloads.B, Action.CREATED), (payloads.A, payloads.NOUGHT, Action.DELETED)],
)
def test_a_branch_is_new_or_gone_where_a_commit_is_missing(kind, before, after, action):
    event = read(SERVICES[kind], SENT[kind](before=before, after=after))

    assert event.action is action
    assert not event.has_all_paths


def test_a_forced_push_and_a_long_one_leave_paths_to_git():
    forced = read(GITHUB, payloads.github("push", payloads.push(forced=True)))
    sent = payloads.push()
    sent["commits"] = sent["commits"] * 20
    long = read(GITHUB, payloads.github("push", sent))

    assert forced.is_forced
    assert not forced.has_all_paths
    assert not long.has_all_paths


@pytest.mark.parametrize("kind", SENT)
def test_a_tag_is_no_branch(kind):
    extra = {"kind": "tag_push"} if kind == "gitlab" else {}
    sent = SENT[kind](ref="refs/tags/v1.2.3", before=payloads.NOUGHT, **extra)

    event = read(SERVICES[kind], sent)

    assert (event.kind, event.action) == (Kind.TAG, Action.CREATED)
    assert (event.ref, event.after) == ("v1.2.3", payloads.B)


@pytest.mark.parametrize(
    ("service", "sent", "action"),
    [
        (GITHUB, payloads.github("pull_request", payloads.pull_request("opened")), "created"),
        (GITHUB, payloads.github("pull_request", payloads.pull_request("synchronize")), "updated"),
        (GITHUB, payloads.github("pull_request", payloads.pull_request("reopened")), "reopened"),
        (GITHUB, payloads.github("pull_request", payloads.pull_request("closed")), "closed"),
        (GITHUB, payloads.github("pull_request", payloads.pull_request("labeled")), "none"),
        (GITEA, payloads.gitea("pull_request", payloads.pull_request("synchronized")), "updated"),
        (GITEA, payloads.gitea("pull_request", payloads.pull_request("opened")), "created"),
        (GITLAB, payloads.gitlab(payloads.merge_request("open")), "created"),
        (GITLAB, payloads.gitlab(payloads.merge_request("update", oldrev=payloads.A)), "updated"),
        (GITLAB, payloads.gitlab(payloads.merge_request("update")), "none"),
        (GITLAB, payloads.gitlab(payloads.merge_request("reopen")), "reopened"),
        (GITLAB, payloads.gitlab(payloads.merge_request("merge")), "closed"),
    ],
)
def test_a_pull_request_is_read_alike_from_all(service, sent, action):
    event = read(service, sent)

    assert (event.kind, event.action) == (Kind.PULL_REQUEST, Action(action))
    pull = event.pull
    assert (pull.number, pull.head, pull.head_sha, pull.base) == (7, "feature", payloads.B, "main")
    assert (pull.title, pull.author, pull.is_fork) == ("Raise the limits", "grace", False)
    assert event.sha == payloads.B


@pytest.mark.parametrize(
    ("service", "sent"),
    [
        (GITHUB, payloads.github("pull_request", payloads.pull_request(fork="mallory/infra"))),
        (GITEA, payloads.gitea("pull_request", payloads.pull_request(fork="mallory/infra"))),
        (GITLAB, payloads.gitlab(payloads.merge_request(source=99))),
    ],
)
def test_a_fork_is_known_as_one(service, sent):
    pull = read(service, sent).pull

    assert pull.is_fork
    assert pull.head_repository == "mallory/infra"


def test_a_deleted_fork_is_still_one():
    sent = payloads.pull_request()
    sent["pull_request"]["head"]["repo"] = None

    assert read(GITHUB, payloads.github("pull_request", sent)).pull.is_fork


def test_a_ping_is_known_and_the_unknown_is_named():
    ping = read(GITHUB, payloads.github("ping", {"zen": "Keep it logically awesome."}))
    star = read(GITHUB, payloads.github("star", {"action": "created"}))

    assert ping.kind is Kind.PING
    assert (star.kind, star.name) == (Kind.OTHER, "star")


def test_a_form_carries_the_same_event():
    _, body = payloads.github("push", payloads.push())
    form = urlencode({"payload": body.decode()}).encode()
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-github-event": "push",
        "x-hub-signature-256": f"sha256={payloads.signature(form)}",
    }

    assert GITHUB.is_signed(headers, form, [payloads.SECRET])
    assert GITHUB.read(headers, form).after == payloads.B


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"{", b'"text"', b"\xff\xfe", b"[" * 100_000]
)
@pytest.mark.parametrize("kind", SENT)
def test_what_is_no_object_is_refused(kind, body):
    with pytest.raises(Unreadable):
        SERVICES[kind].read({"x-github-event": "push", "x-gitea-event": "push"}, body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
FIELDS = (
    "ref before after commits head_commit repository pull_request object_attributes project "
    "object_kind action number changes forced"
).split()


@settings(max_examples=60, deadline=None)
@given(
    sent=st.dictionaries(st.sampled_from(FIELDS), JSON),
    name=st.sampled_from(["push", "pull_request"]),
    kind=st.sampled_from(["push", "tag_push", "merge_request"]),
)
def test_strange_fields_are_read_or_refused_and_never_break(sent, name, kind):
    headers = {"x-github-event": name, "x-gitea-event": name}
    for service in SERVICES.values():
        body = json.dumps({"object_kind": kind, **sent}).encode()
        try:
            event = service.read(headers, body)
        except Unreadable:
            continue
        assert Event.from_json(json.loads(json.dumps(event.as_json()))) == event


def test_more_paths_than_are_kept_are_left_to_git():
    files = [f"web/{number}.tf" for number in range(900)]
    sent = payloads.push(added=files)
    sent["commits"] = [
        {**sent["commits"][0], "added": [f"{index}/{path}" for path in files]} for index in range(4)
    ]

    event = read(GITHUB, payloads.github("push", sent))

    assert event.has_all_paths
    assert len(event.limited().paths) == 3000
    assert not event.limited().has_all_paths

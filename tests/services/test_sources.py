"""Sources: one usual form, and nothing that git or a file system could be tricked with."""

import pytest

from services import sources
from services.errors import Invalid

URL = "https://9.9.9.9/team/infra.git"


def git(**fields):
    return {"kind": "git", "url": URL} | fields


def test_a_git_source_gets_its_usual_form(app):
    found = sources.resolve(git(ref="feature/x", path="./stacks/web/"), None)

    assert found == {"kind": "git", "url": URL, "ref": "feature/x", "path": "stacks/web"}
    assert sources.resolve(git(), None) == {"kind": "git", "url": URL, "ref": None, "path": ""}
    assert sources.resolve(None, None) is None


def test_the_short_form_of_ssh_becomes_a_url(app):
    found = sources.resolve(git(url="git@9.9.9.9:team/infra.git"), None)

    assert found["url"] == "ssh://git@9.9.9.9/team/infra.git"


def test_a_repeated_run_carries_its_commit(app):
    commit = "4f2c1e9a" * 5

    assert sources.resolve(git(commit=commit), None)["commit"] == commit
    with pytest.raises(Invalid) as refused:
        sources.resolve(git(commit="main"), None)
    assert list(refused.value.fields) == ["source.commit"]


@pytest.mark.parametrize(
    "ref",
    [
        "-x",
        "--upload-pack=touch x",
        "a..b",
        "a b",
        "a\nb",
        "a\x00b",
        "refs//x",
        "x.lock",
        "x.lock/y",
        "/x",
        "x/",
        "x.",
        "@{-1}",
        "a@{1}",
        "HEAD~1",
        "a^b",
        "a:b",
        "*",
        "a\\b",
        "x" * 256,
    ],
)
def test_a_ref_git_would_not_have_is_refused(app, ref):
    with pytest.raises(Invalid) as refused:
        sources.resolve(git(ref=ref), None)

    assert list(refused.value.fields) == ["source.ref"]


@pytest.mark.parametrize(
    "path",
    ["/etc", "../x", "a/../../x", "-x", "a\x00b", "a\\..\\b", ".git/hooks", "x/.git", "x" * 1025],
)
def test_a_path_outside_the_repository_is_refused(app, path):
    with pytest.raises(Invalid) as refused:
        sources.resolve(git(path=path), None)

    assert list(refused.value.fields) == ["source.path"]


@pytest.mark.parametrize(
    "url",
    [
        "https://user:secret@9.9.9.9/x.git",
        "https://127.0.0.1/x.git",
        "https://10.1.2.3/x.git",
        "https://[::1]/x.git",
        "https://2130706433/x.git",
        "https://0x7f000001/x.git",
        "http://9.9.9.9/x.git",
        "git://9.9.9.9/x.git",
        "ssh://-oProxyCommand=id/x",
        "git@-oProxyCommand=id:x",
        "file:///etc/passwd",
        "/etc/passwd",
        "ext::sh -c id",
        "--upload-pack=touch x",
        "https://9.9.9.9/x\n.git",
        "",
    ],
)
def test_an_address_git_must_not_ask_is_refused(app, url):
    with pytest.raises(Invalid) as refused:
        sources.resolve(git(url=url), None)

    assert list(refused.value.fields) == ["source.url"]


@pytest.mark.parametrize("source", ["x", [], 1, {"kind": None}, {"kind": ["git"]}, {"kind": {}}])
def test_what_is_no_source_is_a_sentence_and_no_crash(app, source):
    with pytest.raises(Invalid):
        sources.resolve(source, None)


def test_a_source_is_told_in_words():
    assert sources.describe(git(ref="main", path="web")) == f"{URL} at main in web"
    assert sources.describe(git(ref=None)) == f"{URL} at its default branch"
    assert sources.describe(None) == "no source of its own"

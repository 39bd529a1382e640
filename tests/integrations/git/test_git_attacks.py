"""What a hostile address, ref, path or repository tries, and that nothing comes of it."""

import os
import stat
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.git import Git, GitError, Login, SshKey
from integrations.git.checks import checked_path, checked_ref
from integrations.git.session import Rules, Session
from lib.net import Target

INJECTIONS = ["--upload-pack=touch x", "--upload-pack=touch pwned", "-u", "-oProxyCommand=touch x"]


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path, scratch):
    yield
    assert list(scratch.iterdir()) == []
    assert not list(tmp_path.rglob("pwned"))
    assert not list(tmp_path.glob(".code*"))


@pytest.mark.parametrize(
    "url",
    [
        *INJECTIONS,
        "ext::sh -c 'touch pwned'", "fd::17", "git://host.example/x", "ftp://host.example/x",
        "/etc", "../stack.git", "file:///etc", "file:///", "host:path",
        "ssh://-oProxyCommand=touch%20pwned/x", "ssh://-o@host.example/x", "-o@host.example:x",
        "https://user:token@host.example/x", "https://host.example", "https://host.example/x?y",
        "https://host.example/x#main", "https://host.example/x\nfetch",
    ],
)  # fmt: skip
def test_a_hostile_address_is_refused(make_git, url):
    git = make_git(resolver=lambda _host, _port: ["93.184.215.14"])

    with pytest.raises(GitError, match=r"\.$") as error:
        git.resolve(url, "main")

    assert "token" not in str(error.value)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"])
def test_an_address_inside_is_refused_and_never_asked(address):
    git = Git(resolver=lambda _host, _port: [address])

    with pytest.raises(GitError, match=r"private address.*GANTRY_ALLOWED_HOSTS"):
        git.resolve("https://host.example/x.git", "main")


@pytest.mark.parametrize(
    "ref",
    [
        *INJECTIONS,
        "", "-", "+main", "main:refs/heads/x", "a..b", "../x", "a/../b", ".hidden", "a/.b", "a//b",
        "main^", "main~1", "@{-1}", "@", "a*", "a?", "a[b", "a\\b", "a b", "a\nb", "a\0b", "x.lock",
        "x.lock/y", "main/", "main.", "^main", "x" * 300,
    ],
)  # fmt: skip
def test_a_hostile_ref_is_refused(git, repository, ref):
    with pytest.raises(GitError, match="The ref is not the name"):
        git.resolve(repository.url, ref)


@given(st.text(max_size=40))
def test_a_ref_that_is_taken_means_nothing_more_to_git(ref):
    try:
        taken = checked_ref(ref)
    except GitError:
        return
    assert taken == ref
    assert not taken.startswith(("-", "+"))
    assert not set(taken) & set(":^~*? \0\n")


@pytest.mark.parametrize("path", ["/etc", "..", "../x", "a/../../x", "a\nb", "a\0b", "a\\b"])
def test_a_hostile_path_is_refused(git, repository, tmp_path, path):
    with pytest.raises(GitError, match="not a directory below the top"):
        git.checkout(repository.url, "main", tmp_path / "code", path=path)

    assert not (tmp_path / "code").exists()


@given(st.text(st.sampled_from("./ab\\\0"), max_size=12))
def test_a_path_that_is_taken_stays_below_the_top(path):
    try:
        taken = checked_path(path)
    except GitError:
        return
    assert os.path.normpath(Path("/top") / taken).startswith("/top")


@pytest.mark.parametrize(
    "target", ["/etc/passwd", "../outside", "../../etc/passwd", "a/../../x", "stacks/../../work"]
)
def test_a_link_that_leads_out_is_refused(git, repository, tmp_path, target):
    repository.link("out.tf", target)
    repository.commit()

    with pytest.raises(GitError, match=r"symbolic link that leads out of it: “out\.tf”"):
        git.checkout(repository.url, "main", tmp_path / "code")

    assert not (tmp_path / "code").exists()


def test_links_that_lead_out_only_together_are_refused(git, repository, tmp_path):
    repository.link("deep/er/up", "../..")
    repository.link("here", "deep/er/up/..")
    repository.commit()

    with pytest.raises(GitError, match="“here”"):
        git.checkout(repository.url, "main", tmp_path / "code")


def test_a_circle_of_links_is_no_trap(git, repository, tmp_path):
    repository.link("a", "b")
    repository.link("b", "a")
    repository.commit()
    begun = time.monotonic()

    try:
        git.checkout(repository.url, "main", tmp_path / "code")
    except GitError as error:
        assert "symbolic link" in str(error)  # noqa: PT017 - Pythons differ in what resolving a circle does.

    assert time.monotonic() - begun < 5


def test_a_path_through_a_link_out_is_refused(git, repository, tmp_path):
    repository.link("out", "..")
    repository.commit()

    with pytest.raises(GitError, match="leads out"):
        git.checkout(repository.url, "main", tmp_path / "code", path="out")


def test_a_file_below_a_link_of_its_name_is_not_written_outside(git, repository, tmp_path):
    # Two entries of one name: a link out, and a directory with a file that would go through it.
    link = repository.blob(str(tmp_path))
    inner = repository.git("mktree", stdin=f"100644 blob {repository.blob('x')}\tpwned\n".encode())
    repository.commit_tree(("120000", "blob", link, "a"), ("040000", "tree", inner, "a"))

    with pytest.raises(GitError):
        git.checkout(repository.url, "main", tmp_path / "code")


@pytest.mark.parametrize("name", [".git", ".GIT", "..", "."])
def test_names_with_a_meaning_in_a_tree_are_refused(git, repository, tmp_path, name):
    inner = repository.git("mktree", stdin=f"100644 blob {repository.blob('x')}\tpwned\n".encode())
    repository.commit_tree(("040000", "tree", inner, name))

    with pytest.raises(GitError, match="damaged or dangerous"):
        git.checkout(repository.url, "main", tmp_path / "code")


def test_a_submodule_is_an_empty_directory(git, repository, tmp_path):
    modules = repository.blob('[submodule "x"]\n\tpath = sub\n\turl = ../other.git\n')
    repository.commit_tree(
        ("160000", "commit", "1" * 40, "sub"), ("100644", "blob", modules, ".gitmodules")
    )

    git.checkout(repository.url, "main", tmp_path / "code")

    assert list((tmp_path / "code" / "sub").iterdir()) == []


def test_a_submodule_whose_address_is_an_option_is_refused(git, repository, tmp_path):
    modules = repository.blob('[submodule "x"]\n\tpath = sub\n\turl = --upload-pack=touch pwned\n')
    repository.commit_tree(
        ("160000", "commit", "1" * 40, "sub"), ("100644", "blob", modules, ".gitmodules")
    )

    with pytest.raises(GitError, match="damaged or dangerous"):
        git.checkout(repository.url, "main", tmp_path / "code")


def test_filters_that_a_repository_asks_for_do_not_run(git, repository, tmp_path):
    repository.write(".gitattributes", "*.tf filter=lfs diff=lfs\n")
    repository.commit()

    git.checkout(repository.url, "main", tmp_path / "code")

    assert "hi" in (tmp_path / "code" / "main.tf").read_text()


def test_too_many_files_are_refused(make_git, repository, tmp_path):
    with pytest.raises(GitError, match="more than 1 files"):
        make_git(limit_files=1).checkout(repository.url, "main", tmp_path / "code")


def test_files_that_are_large_together_are_refused(make_git, repository, tmp_path):
    repository.write("zeros", "0" * 3_000_000)
    repository.commit()

    with pytest.raises(GitError, match=r"files of .* are larger than 1 MiB"):
        make_git(limit_bytes=1024 * 1024).checkout(repository.url, "main", tmp_path / "code")


def test_a_pack_that_is_too_large_is_refused_while_it_comes(make_git, repository, tmp_path):
    (repository.work / "noise").write_bytes(os.urandom(3_000_000))
    repository.commit()

    with pytest.raises(GitError, match="larger than the 1 MiB"):
        make_git(limit_bytes=1024 * 1024).checkout(repository.url, "main", tmp_path / "code")


def test_a_server_that_keeps_silent_ends_in_time(make_git, server):
    server.shutdown()  # It accepts, and never answers.
    begun = time.monotonic()

    with pytest.raises(GitError, match="in the time allowed"):
        make_git(timeout_s=0.5).resolve(server.url)

    assert time.monotonic() - begun < 5


def test_a_redirect_is_not_followed(git, server):
    server.redirect_to = "http://127.0.0.1:1"

    with pytest.raises(GitError, match="points elsewhere"):
        git.resolve(server.url)

    assert len(server.asked) == 1


def make_session(root, target, credentials):
    return Session(
        root, target, Rules(timeout_s=5, limit_bytes=10_000, environment={}), credentials
    )


def test_a_password_is_in_a_private_file_and_nowhere_else(tmp_path):
    target = Target("https", "git.example", 443, ("93.184.215.14",), "/x.git")

    session = make_session(tmp_path, target, Login("ada", "open sesame"))

    assert "open sesame" not in str(vars(session)["_environment"]) + session.address
    kept = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "secrets").iterdir()
    }
    assert kept == {"username": 0o600, "password": 0o600, "askpass": 0o700}
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_the_environment_of_git_holds_our_rules_only(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_SSH_COMMAND", "touch pwned")
    target = Target("https", "git.example", 443, ("93.184.215.14",), "/x.git")

    environment = vars(make_session(tmp_path, target, None))["_environment"]

    assert environment["GIT_ALLOW_PROTOCOL"] == "https"
    assert environment["GIT_CONFIG_NOSYSTEM"] == "1"
    assert "GIT_SSH_COMMAND" not in environment


def test_ssh_knows_only_the_key_and_the_hosts_it_was_given(tmp_path):
    target = Target("ssh", "git.example", 2222, ("93.184.215.14",), "/x.git", "git")

    command = vars(
        make_session(tmp_path, target, SshKey("KEY", "[git.example]:2222 ssh-ed25519 AAAA"))
    )["_environment"]["GIT_SSH_COMMAND"]

    assert command.startswith("ssh -F /dev/null -i ")
    assert "StrictHostKeyChecking=yes" in command
    assert "HostName=93.184.215.14" in command
    assert "HostKeyAlias=[git.example]:2222" in command.replace("'", "")
    assert "KEY" not in command.replace("HostKey", "")
    assert stat.S_IMODE((tmp_path / "secrets" / "key").stat().st_mode) == 0o600


def test_ssh_without_a_key_is_a_sentence(make_git):
    git = make_git(resolver=lambda _host, _port: ["93.184.215.14"])

    with pytest.raises(GitError, match="needs an SSH key"):
        git.resolve("git@git.example:team/stack.git")

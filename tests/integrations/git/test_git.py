"""Code from a real repository: which commit it is, and what is in it."""

import re
from datetime import UTC, datetime

import pytest

from integrations.git import GitError, Login
from integrations.git.errors import explain
from lib.process import Finished
from tests.integrations.git.conftest import files_in

ADA = Login("ada", "open sesame")


def test_a_branch_is_resolved_to_its_commit(git, repository):
    commit = git.resolve(repository.url, "main")

    assert commit.sha == repository.git("rev-parse", "main")
    assert (commit.author_name, commit.author_email) == ("Ada Lovelace", "ada@example.com")
    assert commit.message == "Say hi\n\nBecause someone has to."
    assert commit.committed_at == datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)


def test_without_a_ref_the_default_branch_is_meant(git, repository):
    assert git.resolve(repository.url) == git.resolve(repository.url, "main")


def test_an_annotated_tag_is_its_commit(git, repository):
    repository.git("tag", "-a", "v1.0", "-m", "first")
    repository.push("v1.0")

    assert git.resolve(repository.url, "v1.0").sha == repository.git("rev-parse", "main")


@pytest.mark.parametrize(
    "ref", ["refs/heads/main", "feature/ümläut", "dependabot/npm_and_yarn/a-1.2"]
)
def test_names_that_people_give_refs_are_understood(git, repository, ref):
    repository.push(f"main:{ref if ref.startswith('refs/') else 'refs/heads/' + ref}")

    assert git.resolve(repository.url, ref).sha == repository.git("rev-parse", "main")


def test_the_head_of_a_pull_request_is_resolved(git, repository):
    repository.push("main:refs/pull/7/head")

    assert git.resolve(repository.url, "refs/pull/7/head").sha == repository.git(
        "rev-parse", "main"
    )


def test_a_commit_is_checked_out_though_its_branch_has_moved_on(git, repository, tmp_path):
    first = repository.git("rev-parse", "main")
    repository.write("main.tf", "# newer\n")
    repository.commit("Move on")

    commit = git.checkout(repository.url, first, tmp_path / "code")

    assert commit.sha == first
    assert "hi" in (tmp_path / "code" / "main.tf").read_text()


def test_a_checkout_has_the_files_and_no_repository(git, repository, tmp_path, scratch):
    git.checkout(repository.url, "main", tmp_path / "code", path="stacks/web")

    assert files_in(tmp_path / "code") == ["main.tf", "stacks/web/main.tf"]
    assert list(scratch.iterdir()) == []


def test_executable_files_stay_so(git, repository, tmp_path):
    repository.write("run.sh", "#!/bin/sh\n")
    (repository.work / "run.sh").chmod(0o755)
    repository.commit()

    git.checkout(repository.url, "main", tmp_path / "code")

    assert (tmp_path / "code" / "run.sh").stat().st_mode & 0o100


def test_links_that_stay_inside_are_kept(git, repository, tmp_path):
    repository.link("stacks/web/common.tf", "../../main.tf")
    repository.link("alias", "stacks/web")
    repository.commit()

    git.checkout(repository.url, "main", tmp_path / "code", path="alias")

    assert "hi" in (tmp_path / "code" / "stacks/web/common.tf").read_text()
    assert (tmp_path / "code" / "alias" / "main.tf").read_text() == "# web\n"


def test_what_is_there_already_is_not_touched(git, repository, tmp_path):
    (tmp_path / "code").mkdir()

    with pytest.raises(FileExistsError):
        git.checkout(repository.url, "main", tmp_path / "code")


@pytest.mark.parametrize("ref", ["nope", "v9"])
def test_a_ref_that_is_not_there_is_named(git, repository, ref):
    with pytest.raises(GitError, match=f"no branch, tag or other ref “{ref}” in file://"):
        git.resolve(repository.url, ref)


def test_a_commit_that_is_not_there_is_named(git, repository):
    with pytest.raises(GitError, match="no commit “deadbeef"):
        git.resolve(repository.url, "deadbeef" * 5)


def test_an_id_of_something_else_than_a_commit_is_refused(git, repository):
    blob = repository.git("rev-parse", "main:main.tf")

    with pytest.raises(GitError, match=r"is not a commit|no commit"):
        git.resolve(repository.url, blob)


def test_a_directory_that_is_not_there_is_named_and_nothing_left(
    git, repository, tmp_path, scratch
):
    with pytest.raises(GitError, match="no directory “stacks/db” in “main”"):
        git.checkout(repository.url, "main", tmp_path / "code", path="stacks/db")

    assert not (tmp_path / "code").exists()
    assert list(scratch.iterdir()) == []


def test_a_file_is_no_directory(git, repository, tmp_path):
    with pytest.raises(GitError, match=r"no directory “main\.tf”"):
        git.checkout(repository.url, "main", tmp_path / "code", path="main.tf")


def test_a_repository_that_is_not_there_is_named(git, repository):
    with pytest.raises(GitError, match=r"There is no repository at file://.*/gone\.git"):
        git.resolve(repository.url.replace("stack.git", "gone.git"))


def test_a_repository_over_http_is_read_with_credentials(git, server, repository, tmp_path):
    commit = git.checkout(server.url, "main", tmp_path / "code", credentials=ADA)

    assert commit.sha == repository.git("rev-parse", "main")
    assert (tmp_path / "code" / "main.tf").exists()


@pytest.mark.parametrize("credentials", [None, Login("ada", "guess")])
def test_missing_or_wrong_credentials_are_a_sentence(git, server, credentials):
    with pytest.raises(GitError, match="asks for credentials, or refuses the ones given") as error:
        git.resolve(server.url, credentials=credentials)

    assert "guess" not in str(error.value)


def test_a_server_that_does_not_answer_is_a_sentence(git, server):
    server.shutdown()
    server.server_close()

    with pytest.raises(GitError, match="does not answer"):
        git.resolve(server.url)


def test_check_says_the_plain_form_of_an_address(make_git):
    git = make_git(resolver=lambda _host, _port: ["93.184.215.14"])

    assert git.check("git@git.example:team/stack.git") == "ssh://git@git.example/team/stack.git"
    assert git.check("https://Git.Example:443/a.git") == "https://git.example/a.git"
    assert git.check("https://git.example:8443/a.git") == "https://git.example:8443/a.git"


def test_the_name_of_a_repository_is_not_taken_for_the_reason(git, repository):
    url = repository.url.replace("stack.git", "TLS-redirect-certificate.git")

    with pytest.raises(GitError, match="There is no repository at"):
        git.resolve(url)


def failed(stderr):
    return Finished(exit_code=128, stdout=b"", stderr=stderr, timed_out=False, truncated=False)


def explained(stderr, *secrets):
    error = explain(failed(stderr), place="https://h/x", ref="main", limit="1 MiB", secrets=secrets)
    return str(error)


def test_what_git_says_besides_is_quoted_without_secrets_and_paths():
    said = b"remote: come to evil.example\nfatal: odd: hunter2 in /tmp/gantry-git-x/home\n"

    sentence = explained(said, "hunter2", "/tmp/gantry-git-x")

    assert sentence == "git could not read https://h/x; it says “odd: … in …/home”."


@pytest.mark.parametrize(
    ("stderr", "sentence"),
    [
        (b"sh: 1: exec: git: not found", "is it installed"),
        (b"git@h: Permission denied (publickey).", "refuses the SSH key"),
        (b"Host key verification failed.", "host key of https://h/x is not the known one"),
        (b"fatal: SSL certificate problem: self-signed", "certificate of https://h/x"),
        (b"fatal: unable to access: Could not resolve host: h", "does not answer"),
        (b"error: write error: No space left on device", "no space left"),
        (b"", r"^git could not read https://h/x\.$"),
    ],
)
def test_what_goes_wrong_elsewhere_is_a_sentence(stderr, sentence):
    assert re.search(sentence, explained(stderr))

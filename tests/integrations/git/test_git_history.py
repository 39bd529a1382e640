import pytest

from integrations.git import GitError, Login, Pair
from tests.integrations.git.conftest import files_in


def test_tips_are_branches_and_tags_at_their_commits(git, repository):
    sha = repository.git("rev-parse", "HEAD")
    repository.git("tag", "--annotate", "v1", "--message=first")
    repository.git("branch", "feature")
    repository.push("main", "feature", "v1")

    found = git.tips(repository.url)

    assert found.default_branch == "main"
    assert found.commits["refs/heads/main"] == sha
    assert found.commits["refs/heads/feature"] == sha
    assert found.commits["refs/tags/v1"] == sha


def test_what_changed_between_two_commits_includes_what_is_gone(git, repository):
    before = repository.git("rev-parse", "HEAD")
    repository.write("db/main.tf", "# db\n")
    repository.git("rm", "--quiet", "stacks/web/main.tf")
    after = repository.commit("Move on")

    assert set(git.changed(repository.url, before, after)) == {"db/main.tf", "stacks/web/main.tf"}
    assert git.changed(repository.url, after, after) == ()


def test_a_renamed_file_counts_at_both_places(git, repository):
    before = repository.git("rev-parse", "HEAD")
    (repository.work / "db").mkdir()
    repository.git("mv", "stacks/web/main.tf", "db/main.tf")
    after = repository.commit("Rename")

    assert set(git.changed(repository.url, before, after)) == {"db/main.tf", "stacks/web/main.tf"}


def test_a_commit_that_is_gone_is_an_error(git, repository):
    after = repository.git("rev-parse", "HEAD")

    with pytest.raises(GitError):
        git.changed(repository.url, "d" * 40, after)
    with pytest.raises(GitError, match="full id"):
        git.changed(repository.url, "--upload-pack=touch /tmp/x", after)


@pytest.fixture
def branches(repository):
    """main and a feature branch that have gone apart; (base, head)."""
    repository.git("checkout", "--quiet", "-b", "feature")
    repository.write("web/new.tf", "# new\n")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message=Add a file")
    head = repository.git("rev-parse", "HEAD")
    repository.push("feature")
    repository.git("checkout", "--quiet", "main")
    repository.write("db/other.tf", "# other\n")
    return repository.commit("Go on"), head


def test_a_merge_changes_what_the_branch_changed_and_nothing_of_the_base(git, repository, branches):
    base, head = branches

    merge = git.to_merge(repository.url, "main", head)

    assert (merge.base, merge.head) == (base, head)
    assert merge.paths == ("web/new.tf",)


def test_a_merge_is_made_where_the_service_keeps_none(git, repository, branches, tmp_path):
    base, head = branches

    commit = git.checkout_merge(repository.url, Pair(base, head), tmp_path / "out")

    assert commit.sha == head
    assert commit.message == "Add a file"
    assert set(files_in(tmp_path / "out")) == {
        "db/other.tf",
        "main.tf",
        "stacks/web/main.tf",
        "web/new.tf",
    }


def _keep_merge(repository, *parents):
    repository.git("checkout", "--quiet", "--detach", parents[0])
    repository.git("merge", "--quiet", "--no-ff", "--message=merge", parents[1])
    repository.write("marker", "by the service\n")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--amend", "--no-edit")
    repository.push("HEAD:refs/pull/7/merge")
    repository.git("checkout", "--quiet", "main")


def test_the_services_own_merge_is_taken_when_it_is_of_these_two(
    git, repository, branches, tmp_path
):
    base, head = branches
    _keep_merge(repository, base, head)

    git.checkout_merge(
        repository.url, Pair(base, head, "refs/pull/7/merge"), tmp_path / "out", path="web"
    )

    assert "marker" in files_in(tmp_path / "out")


def test_an_outdated_merge_of_the_service_is_passed_over(git, repository, branches, tmp_path):
    base, head = branches
    _keep_merge(repository, base, head)
    repository.write("db/third.tf", "# third\n")
    newer = repository.commit("Go on again")

    pair = Pair(newer, head, "refs/pull/7/merge")
    git.checkout_merge(repository.url, pair, tmp_path / "out")

    assert "marker" not in files_in(tmp_path / "out")
    assert "db/third.tf" in files_in(tmp_path / "out")


def test_a_conflict_names_the_files_and_leaves_nothing(git, repository, branches, tmp_path):
    _, head = branches
    repository.write("web/new.tf", "# quite another\n")
    base = repository.commit("Collide")

    with pytest.raises(GitError, match=r"conflict in “web/new\.tf”\. Resolve that"):
        git.checkout_merge(repository.url, Pair(base, head), tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_histories_are_asked_for_with_the_password_given(git, server, repository):
    login = Login("ada", "open sesame")
    sha = repository.git("rev-parse", "HEAD")

    assert git.tips(server.url, login).commits["refs/heads/main"] == sha
    with pytest.raises(GitError, match="credentials") as refusal:
        git.tips(server.url, Login("ada", "wrong password"))
    assert "wrong password" not in str(refusal.value)

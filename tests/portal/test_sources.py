"""Where code comes from: uploads and git, pinned on the run."""

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("portal-failures")]

HELLO = 'output "hello" {\n  value = "%s"\n}\n'


def test_code_in_the_only_folder_of_an_archive_is_found(portal):
    stack = portal.stack({"code-main/main.tf": HELLO % "from a folder"})

    run = portal.applied(stack)

    assert portal.outputs(run) == {"hello": "from a folder"}
    assert run.pin["kind"] == "configuration_version"
    assert len(run.pin["digest"]) == 64


def test_the_same_upload_is_the_same_version(portal):
    first, second = (portal.upload({"main.tf": HELLO % "twice"}) for _ in range(2))

    assert first == second


def test_a_git_source_is_pinned_by_commit_with_author_and_message(portal, bare_repository):
    commit = bare_repository.commit({"main.tf": HELLO % "one"}, "Say one")
    stack = portal.stack(bare_repository.source)

    run = portal.applied(stack)

    assert portal.outputs(run) == {"hello": "one"}
    assert run.pin["commit"] == commit
    assert (run.pin["author_name"], run.pin["author_email"]) == ("Grace", "grace@example.com")
    assert run.pin["commit_message"].strip() == "Say one"
    assert run.branch == "main"
    assert commit[:12] in portal.log(run)


def test_a_path_in_the_repository_is_where_the_engine_works(portal, bare_repository):
    bare_repository.commit({"envs/prod/main.tf": HELLO % "from below"}, "Add prod")
    stack = portal.stack({**bare_repository.source, "path": "envs/prod"})

    run = portal.applied(stack)

    assert portal.outputs(run) == {"hello": "from below"}


def test_a_rerun_uses_the_commit_of_the_run_it_repeats(portal, bare_repository):
    from services import runs  # noqa: PLC0415 - the only test that needs it
    from services.access import SYSTEM  # noqa: PLC0415 - loaded only when it is needed

    before = bare_repository.commit({"main.tf": HELLO % "old"}, "Say old")
    stack = portal.stack(bare_repository.source)
    first = portal.run(stack, "preview")
    bare_repository.commit({"main.tf": HELLO % "new"}, "Say new")

    again = portal.settled(runs.rerun(SYSTEM, first.id))
    fresh = portal.run(stack, "preview")

    assert again.pin["commit"] == first.pin["commit"] == before
    assert again.rerun_of_id == first.id
    assert fresh.pin["commit"] != before


def test_a_state_file_in_the_code_is_not_believed(portal):
    files = {"main.tf": HELLO % "mine", "terraform.tfstate": '{"version": 4, "serial": 99}'}
    stack = portal.stack(files)

    run = portal.applied(stack)

    assert portal.outputs(run) == {"hello": "mine"}
    assert portal.versions(stack)[0].serial < 99

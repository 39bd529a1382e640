"""What a person reads when a configuration is wrong, or its world is."""

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("portal-failures")]


def test_a_syntax_error_names_file_and_line(portal):
    stack = portal.stack("syntax_error")

    run = portal.run(stack)

    assert (run.state, run.error_kind) == ("failed", "configuration")
    assert "main.tf line 2" in run.error_text
    [found, *_] = portal.diagnostics(run)
    assert (found.severity, found.filename, found.line) == ("error", "main.tf", 2)
    assert found.snippet
    assert found.summary in portal.log(run)


def test_a_missing_provider_is_a_sentence_with_the_way_out(portal):
    stack = portal.stack("missing_provider")

    run = portal.run(stack)

    assert (run.state, run.error_kind) == ("failed", "configuration")
    assert "Provider example.com/acme/cloud is not in the provider store" in run.error_text
    [found] = portal.diagnostics(run)
    assert str(portal.data_dir / "providers") in found.detail


def test_a_failing_command_fails_the_run_and_keeps_what_was_made(portal):
    stack = portal.stack("failing")

    run = portal.run(stack, auto_apply=True)

    assert (run.state, run.error_kind) == ("failed", "engine")
    assert "terraform_data.this" in run.error_text
    assert "about to fail" in portal.log(run)
    assert [v.resource_count for v in portal.versions(stack)] == [1]
    assert portal.resources(stack) == {"terraform_data.this": (run.id, run.id)}
    assert portal.deployment(stack).blocked_at is None


def test_after_a_failure_the_next_run_goes_on_from_the_state_it_left(portal):
    stack = portal.stack("failing")
    portal.run(stack, auto_apply=True)

    mended = {"main.tf": 'resource "terraform_data" "this" {}\n'}
    run = portal.applied(stack, code=mended)

    assert run.changes["replace"] == 1


def test_a_variable_without_a_value_is_named(portal):
    stack = portal.stack("unset_variable")

    run = portal.run(stack)

    assert (run.state, run.error_kind) == ("failed", "configuration")
    assert "must_be_set" in run.error_text + portal.diagnostics(run)[0].detail


def test_a_directory_that_the_code_lacks_is_named(portal, bare_repository):
    stack = portal.stack({**bare_repository.source, "path": "no/such/place"})

    run = portal.run(stack)

    assert (run.state, run.error_kind) == ("failed", "configuration")
    assert run.error_text == "The code has no directory 'no/such/place'."


def test_a_branch_that_is_not_there_is_named(portal, bare_repository):
    stack = portal.stack({**bare_repository.source, "ref": "nowhere"})

    run = portal.run(stack)

    assert (run.state, run.error_kind) == ("failed", "configuration")
    assert "nowhere" in run.error_text


def test_a_failing_task_says_its_exit_code(portal):
    stack = portal.stack()

    run = portal.run(stack, "task", command="echo before; exit 7", init=False)

    assert run.state == "failed"
    assert "7" in run.error_text
    assert portal.log(run) == "before\n"


def test_a_failed_run_gives_its_lock_to_the_next(portal):
    stack = portal.stack("failing")
    first = portal.create(stack, auto_apply=True)
    second = portal.create(stack, code="checks", auto_apply=True)

    assert portal.settled(first).state == "failed"
    assert portal.settled(second).state == "finished"


def test_code_that_keeps_its_state_where_workspaces_cannot_be_told_apart_has_one_deployment(portal):
    stack = portal.stack("backend_http")
    first = portal.run(stack)

    second = portal.run(stack, workspace="prod")

    assert "backend “http”" in portal.log(first)
    assert (second.state, second.error_kind) == ("failed", "configuration")
    assert "has no workspaces" in second.error_text


def test_a_local_backend_of_the_code_is_kept_by_gantry(portal):
    stack = portal.stack("backend_local")
    portal.applied(stack)

    again = portal.run(stack)

    assert again.result == "No changes: what exists is what the code describes."
    assert [v.resource_count for v in portal.versions(stack)] == [1]

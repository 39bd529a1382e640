"""Real configurations, each planned, applied, changed and destroyed through the portal."""

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("portal-configurations")]


def counts(run):
    return {name: count for name, count in run.changes.items() if count}


def test_modules_count_and_for_each_live_from_plan_to_destroy(portal):
    stack = portal.stack("modules")

    planned = portal.run(stack)
    assert (planned.state, counts(planned)) == ("unconfirmed", {"add": 5, "outputs": 2})
    assert portal.resources(stack) == {}
    made = portal.confirmed(planned)
    changed = portal.applied(stack, variables={"names": ["ada", "barbara"]})
    destroyed = portal.run(stack, "destroy", auto_apply=True)

    assert (made.state, made.result) == ("finished", "apply completed")
    assert "out of the command" in portal.log(made)
    assert portal.outputs(made)["greetings"] == {"ada": "hello ada", "grace": "hello grace"}
    assert portal.outputs(made)["workspace"] == "staging"
    assert counts(changed) == {"add": 1, "destroy": 1, "outputs": 1}
    assert portal.outputs(changed)["greetings"] == {"ada": "hello ada", "barbara": "hello barbara"}
    assert (destroyed.result, counts(destroyed)) == (
        "destroy completed",
        {"destroy": 5, "outputs": 2},
    )
    assert portal.resources(stack) == {}
    assert [v.resource_count for v in portal.versions(stack)] == [5, 5, 0]
    assert portal.deployment(stack).resource_count == 0


def test_a_resource_knows_which_runs_made_and_last_changed_it(portal):
    stack = portal.stack("modules")
    first = portal.applied(stack)

    second = portal.applied(stack, variables={"names": ["ada", "barbara"]})

    resources = portal.resources(stack)
    kept = 'module.greeting["ada"].terraform_data.this'
    assert resources[kept] == (first.id, first.id)
    added = 'module.greeting["barbara"].terraform_data.this'
    assert resources[added] == (second.id, second.id)
    assert 'module.greeting["grace"].terraform_data.this' not in resources
    assert {"terraform_data.counted[0]", "terraform_data.counted[1]"} <= resources.keys()


def test_moved_removed_import_and_replace_are_told_apart(portal):
    stack = portal.stack("changes/before")
    first = portal.applied(stack)

    second = portal.applied(stack, code="changes/after")

    assert counts(second) == {
        "add": 1, "change": 1, "destroy": 1, "replace": 1, "import": 1, "move": 1, "forget": 1,
        "outputs": 1,
    }  # fmt: skip
    changes = portal.changes(second)
    assert {name.split(".")[1]: change["action"] for name, change in changes.items()} == {
        "replaced": "replace",
        "updated": "update",
        "deleted": "delete",
        "new_name": "move",
        "forgotten": "forget",
        "imported": "import",
        "created": "create",
    }
    assert changes["terraform_data.new_name"]["previous_address"] == "terraform_data.old_name"
    assert [str(path) for path in changes["terraform_data.replaced"]["replace_paths"]]
    assert list(changes)[:2] == ["terraform_data.deleted", "terraform_data.replaced"]
    resources = portal.resources(stack)
    assert "terraform_data.forgotten" not in resources
    assert resources["terraform_data.updated"] == (first.id, second.id)
    assert portal.outputs(second) == {"size": 2}


def test_a_second_run_without_changes_ends_at_once_and_makes_no_state_version(portal):
    stack = portal.stack("changes/before")
    portal.applied(stack)

    again = portal.run(stack)

    assert (again.state, counts(again)) == ("finished", {})
    assert again.result == "No changes: what exists is what the code describes."
    assert "applying" not in portal.states(again)
    assert len(portal.versions(stack)) == 1


def test_a_failed_check_is_told_and_fails_nothing(portal):
    stack = portal.stack("checks")

    run = portal.applied(stack)

    assert [found.severity for found in portal.diagnostics(run)][:1] == ["warning"]
    assert "the size is not more than ten" in portal.log(run)


def test_a_secret_is_in_no_log_no_row_and_no_file(portal):
    stack = portal.stack("secrets")
    secret = "pa55-w0rd-that-nobody-reads"
    portal.set_variable(stack, "password", secret, secret=True)

    planned = portal.run(stack)
    applied = portal.confirmed(planned)
    destroyed = portal.run(stack, "destroy", auto_apply=True)

    assert (applied.state, destroyed.state) == ("finished", "finished")
    assert portal.outputs(applied) == {"password": None, "region": "nowhere"}
    login = portal.changes(applied)["terraform_data.login"]["after"]["input"]
    assert login == {"password": "(sensitive)", "user": "ada"}
    assert portal.traces_of(secret) == []


def test_a_secret_in_a_variable_that_is_not_declared_sensitive_is_masked_as_well(portal):
    stack = portal.stack("undeclared_secret")
    secret, number = "s3cret-all-the-same", 73_519_284
    portal.set_variable(stack, "token", secret, secret=True)
    portal.set_variable(stack, "pin", number, secret=True)

    planned = portal.run(stack)
    applied = portal.confirmed(planned)

    assert applied.state == "finished"
    [change] = portal.changes(applied).values()
    assert change["after"]["input"] == {"token": "[secret]", "pin": "[secret]", "open": 7}
    assert portal.outputs(applied) == {"token": None, "open": 7}
    assert portal.traces_of(secret) == []
    assert portal.traces_of(str(number)) == []


def test_a_task_that_prints_its_secret_is_masked(portal):
    stack = portal.stack()
    secret = "s3cret-of-the-task"
    portal.set_variable(stack, "API_KEY", secret, secret=True, category="environment")

    command = 'echo "key is $API_KEY"; printf %s "$API_KEY" | base64'
    run = portal.run(stack, "task", command=command, init=False)

    assert run.state == "finished"
    assert "key is [secret]" in portal.log(run)
    assert portal.traces_of(secret) == []


def test_an_ephemeral_value_is_there_again_at_apply(portal):
    stack = portal.stack("ephemeral")
    token = "t0ken-for-a-moment"
    given = {"token": {"value": token, "category": "terraform", "secret": True}}

    planned = portal.run(stack, variables=given)
    applied = portal.confirmed(planned)

    assert applied.state == "finished", applied.error_text
    assert portal.resources(stack).keys() == {"terraform_data.this"}
    assert portal.traces_of(token) == []


def test_a_preview_of_a_destroy_changes_nothing(portal):
    stack = portal.stack("changes/before")
    portal.applied(stack)

    preview = portal.run(stack, "preview", destroy=True)

    assert (preview.state, counts(preview)) == ("finished", {"destroy": 5, "outputs": 1})
    assert len(portal.resources(stack)) == 5


def test_targets_and_replace_reach_the_plan(portal):
    stack = portal.stack("changes/before")
    targeted = portal.applied(stack, targets=["terraform_data.updated"])
    portal.applied(stack)

    replaced = portal.run(stack, "preview", replace=["terraform_data.updated"])

    assert counts(targeted)["add"] == 1
    assert counts(replaced) == {"replace": 1}
    assert list(portal.changes(replaced)) == ["terraform_data.updated"]


def test_refresh_only_plans_no_change_of_the_code(portal):
    stack = portal.stack("changes/before")
    portal.applied(stack)

    run = portal.run(stack, "preview", refresh_only=True, code="changes/after")

    assert run.state == "finished", run.error_text
    assert not {"add", "change", "destroy"} & counts(run).keys()


def test_two_workspaces_are_apart(portal):
    stack = portal.stack("modules")
    portal.applied(stack)

    prod = portal.applied(stack, workspace="prod")

    assert portal.outputs(prod)["workspace"] == "prod"
    assert len(portal.resources(stack, "prod")) == len(portal.resources(stack)) == 5
    lineages = {portal.versions(stack, place)[0].lineage for place in ("staging", "prod")}
    assert len(lineages) == 2


def test_a_task_runs_in_the_prepared_directory_after_init(portal):
    stack = portal.stack("modules")
    portal.applied(stack)

    run = portal.run(stack, "task", command="terraform state list; pwd; ls")

    assert run.state == "finished", portal.log(run)
    assert portal.steps(run) == ["init", "task"]
    assert "terraform_data.counted[0]" in portal.log(run)
    assert "main.tf" in portal.log(run)


def test_a_task_without_init_goes_straight_to_work(portal):
    stack = portal.stack("modules")

    run = portal.run(stack, "task", command="echo hi", init=False)

    assert (run.state, portal.steps(run)) == ("finished", ["task"])
    assert portal.log(run).endswith("hi\n")


def test_what_a_run_worked_with_is_gone_when_it_is_over(portal):
    stack = portal.stack("modules")

    planned = portal.run(stack)
    was_there = portal.work_dir(planned).is_dir()
    applied = portal.confirmed(planned)

    portal.until(applied, lambda _run: not portal.work_dir(applied).exists())
    assert was_there

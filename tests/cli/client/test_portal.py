"""The command line against a portal at work: coming in, and runs."""

import json
import stat

import pytest

from tests.cli.client.conftest import CODE
from tests.journeys.portal import ADMIN_TOKEN

pytestmark = [pytest.mark.slow, pytest.mark.engine]


def one(ada, run_id):
    return ada.get(f"/runs/{run_id.strip()}")


# --- coming in --------------------------------------------------------------------------------


def test_login_checks_the_token_and_keeps_it_for_its_owner_alone(typed, portal_url, tmp_path):
    done = typed("login", portal_url, stdin=f"{ADMIN_TOKEN}\n", GANTRY_URL="", GANTRY_TOKEN="")

    assert done.returncode == 0, done.stderr
    assert "as ada@example.com" in done.stderr
    kept = tmp_path / "config" / "gantry" / "portals.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert ADMIN_TOKEN not in done.stdout + done.stderr

    me = typed("whoami", "--json", GANTRY_URL="", GANTRY_TOKEN="")
    assert json.loads(me.stdout)["email"] == "ada@example.com"


def test_login_keeps_nothing_that_is_no_good(gantry, portal_url, tmp_path):
    done = gantry("login", portal_url, stdin="gty_wrong\n")

    assert done.exit_code == 7
    assert not (tmp_path / "config" / "gantry" / "portals.json").exists()


def test_logout_can_revoke_the_token(gantry, ada, portal_url):
    text = ada.post("/tokens", {"name": "laptop"})["token"]
    own = {"GANTRY_URL": "", "GANTRY_TOKEN": ""}
    assert gantry("login", portal_url, "--profile", "work", stdin=text, **own).exit_code == 0

    assert gantry("logout", "--revoke", **own).exit_code == 0

    assert gantry("whoami", **own).exit_code == 7
    assert gantry("whoami", GANTRY_TOKEN=text).exit_code == 7


def test_a_token_on_the_command_line_is_refused(gantry):
    done = gantry("run", "list", "--token", "gty_visible")

    assert done.exit_code == 2
    assert "set GANTRY_TOKEN instead" in done.stderr


# --- runs -------------------------------------------------------------------------------------


def test_a_local_folder_is_previewed_and_followed(typed, web, tmp_path):
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "main.tf").write_text(CODE)
    (folder / ".gitignore").write_text("*.log\n")
    (folder / "debug.log").write_text("x")

    done = typed("run", "create", f"{web}/dev", "--local", folder, "--follow", "-m", "Try it")

    assert done.returncode == 0, done.stderr
    assert "2 files, 1 left out" in done.stderr
    assert "Plan:" in done.stdout
    assert "finished" in done.stderr
    assert "1 to add, 0 to change, 0 to destroy" in done.stderr


def test_an_apply_is_confirmed_with_yes_and_the_plan_that_was_seen(gantry, ada, web):
    done = gantry("run", "create", f"{web}/dev", "-t", "apply", "--follow", "--yes")

    assert done.exit_code == 0, done.stderr
    assert "+ terraform_data.thing[0]" in done.stderr
    assert "apply completed" in done.stderr
    outputs = gantry("deployment", "outputs", f"{web}/dev", "things")
    assert json.loads(outputs.stdout) == ["thing 0"]


def test_what_needs_a_person_ends_with_6_and_says_how_to_go_on(gantry, ada, web):
    done = gantry("run", "create", f"{web}/live", "-t", "apply", "--wait", "--quiet")

    assert done.exit_code == 6
    [run] = ada.get("/runs?workspace=live&state=unconfirmed")["items"]
    assert f"gantry run confirm {run['id']} --yes" in done.stderr

    plan = ["--plan-sha256", "0" * 64]
    other = gantry("run", "confirm", run["id"], "--yes", *plan)
    assert other.exit_code == 7
    assert one(ada, run["id"])["state"] == "unconfirmed"

    assert gantry("run", "discard", run["id"], "--reason", "Not today").exit_code == 0
    assert gantry("run", "show", run["id"], "--exit-code").exit_code == 4


def test_destroying_in_a_protected_workspace_takes_its_name(gantry, ada, stacks):
    place = f"{stacks('guarded')}/live"
    made = gantry("run", "create", place, "-t", "apply", "--wait", "--yes", "--var", "size=2")
    assert made.exit_code == 0, made.stderr
    smaller = ["run", "create", place, "-t", "apply", "--wait", "--yes", "--var", "size=1"]

    refused = gantry(*smaller)
    assert refused.exit_code == 6
    assert "destroys 1 resources in live, which is protected" in refused.stderr
    [run] = ada.get("/runs?stack=guarded&state=unconfirmed")["items"]

    assert gantry("run", "confirm", run["id"], "-y", "--confirm-name", "dev").exit_code == 6
    done = gantry("run", "confirm", run["id"], "-y", "--confirm-name", "live", "--wait")
    assert done.exit_code == 0, done.stderr


def test_a_run_that_fails_ends_with_3_and_its_reason(gantry, stacks):
    place = f"{stacks('broken', 'resource {')}/dev"

    done = gantry("run", "create", place, "--follow")

    assert done.exit_code == 3
    assert "Run " in done.stderr
    assert "failed" in done.stderr


def test_changes_can_end_with_10(gantry, web):
    made = gantry("run", "create", f"{web}/dev", "-t", "apply", "--auto-apply", "--wait")
    more = gantry("run", "create", f"{web}/dev", "--wait", "--var", "size=3", "--fail-on-changes")
    same = gantry("run", "create", f"{web}/dev", "--wait", "--fail-on-changes")

    assert (made.exit_code, more.exit_code, same.exit_code) == (0, 10, 0)


def test_waiting_ends_with_9_while_the_run_goes_on_and_cancel_with_4(gantry, ada, slow):
    done = gantry(
        "run", "create", f"{slow}/dev", "-t", "apply", "--auto-apply", "--wait", "--timeout", "1s"
    )
    assert done.exit_code == 9
    [run] = ada.get(f"/runs?project=shop&stack={slow.partition('/')[2]}&status=running")["items"]

    ada.until(run, "applying")
    assert gantry("run", "cancel", run["id"]).exit_code == 0
    followed = gantry("run", "logs", "-f", run["id"])

    assert followed.exit_code == 4
    assert "stopped" in followed.stderr
    again = gantry("run", "cancel", run["id"])
    assert again.exit_code == 7


def test_refusals_are_sentences_and_make_nothing(gantry, ada, web):
    before = len(ada.get("/runs?limit=200")["items"])

    assert gantry("run", "create", "shop/nothing/dev").exit_code == 7
    task = gantry("run", "create", f"{web}/dev", "-t", "task")
    assert task.exit_code == 7
    assert "command" in task.stderr
    assert "Traceback" not in task.stderr
    assert gantry("run", "show", "shop#999").exit_code == 7
    assert gantry("run", "list", GANTRY_TOKEN="gty_no").exit_code == 7
    nobody = gantry(
        "whoami", GANTRY_URL="http://127.0.0.1:1", GANTRY_PROFILE="", GANTRY_RETRY_FOR="1s"
    )
    assert len(ada.get("/runs?limit=200")["items"]) == before
    assert nobody.exit_code == 8


def test_a_run_goes_by_its_number_and_its_address_too(gantry, ada, web):
    run_id = gantry("run", "create", f"{web}/dev", "-q").stdout.strip()
    run = ada.until({"id": run_id})

    by_number = gantry("run", "show", f"shop#{run['number']}", "-q")
    by_address = gantry("run", "show", f"https://g.example/runs/{run_id}?tab=log", "-q")

    assert by_number.stdout.strip() == by_address.stdout.strip() == run_id
    for view in ("history", "variables", "outputs", "changes"):
        assert gantry("run", view, run_id).exit_code == 0
    assert gantry("run", "result", run_id).exit_code == 0
    assert gantry("run", "comment", run_id, "Fine by me.").exit_code == 0
    assert gantry("run", "archive", run_id).exit_code == 0
    assert run_id not in gantry("run", "list", "-q", "--all").stdout
    assert gantry("run", "unarchive", run_id).exit_code == 0


def test_bulk_takes_ids_from_a_pipe_and_ends_with_7_when_one_is_refused(gantry, ada, web):
    run_id = gantry("run", "create", f"{web}/dev", "-q").stdout.strip()
    ada.until({"id": run_id})

    first = gantry("run", "bulk", "archive", "-", stdin=run_id)
    second = gantry("run", "bulk", "archive", run_id, "--json")

    assert (first.exit_code, second.exit_code) == (0, 7)
    assert json.loads(second.stdout)["items"][0]["ok"] is False


def test_json_is_what_the_api_says(gantry, ada, web):
    shown = json.loads(gantry("run", "list", "--json", "--limit", "2").stdout)

    assert shown == ada.get("/runs?limit=2")

"""The command line against a portal at work."""

import json
import signal
import stat
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest

from tests.cli.client.conftest import CODE, ROOT, SLOW
from tests.cli.client.servers import Breaking
from tests.journeys.portal import ADMIN_TOKEN

pytestmark = [pytest.mark.slow, pytest.mark.engine]


@pytest.fixture(scope="module")
def web(stacks):
    return stacks("web")


@pytest.fixture(scope="module")
def slow(stacks):
    return stacks("slow", SLOW)


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
    [run] = ada.get("/runs?stack=slow&status=running")["items"]

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
    nobody = gantry("whoami", GANTRY_URL="http://127.0.0.1:1", GANTRY_PROFILE="")
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


# --- connections that break -------------------------------------------------------------------


def port_of(url):
    return urlsplit(url).port


@pytest.mark.parametrize("after", [(0,), (40, 0), (300,)])
def test_a_create_whose_answer_gets_lost_makes_one_run(gantry, ada, web, portal_url, after):
    before = {run["id"] for run in ada.get("/runs?limit=200")["items"]}

    with Breaking(port_of(portal_url), *after) as way:
        done = gantry("run", "create", f"{web}/dev", "-q", GANTRY_URL=way.url)

    assert way.broken == len(after)
    assert done.exit_code == 0, done.stderr
    made = {run["id"] for run in ada.get("/runs?limit=200")["items"]} - before
    assert made == {done.stdout.strip()}


def test_a_followed_log_goes_on_at_the_byte_where_it_broke(typed, ada, slow, portal_url):
    made = ada.run(Place("shop", "slow", "dev"), auto_apply=True)

    with Breaking(port_of(portal_url), 2_500, 900, 1_700, 400, 5_000, 0, 700, 3_100) as way:
        done = typed("run", "logs", "-f", made["id"], GANTRY_URL=way.url)

    assert way.broken >= 4
    assert done.returncode == 0, done.stderr
    assert done.stdout == ada.get(f"/runs/{made['id']}/logs")
    assert "step 200" in done.stdout


def test_a_confirmation_whose_answer_gets_lost_is_looked_up(gantry, ada, web, portal_url):
    ada.run(Place("shop", "web", "live"))
    found = ada.get("/runs?workspace=live&stack=web&limit=1")["items"][0]
    run = ada.until(found, "unconfirmed")

    # show, changes, workspace and stack come first; the fifth answer is that to the confirmation.
    with Breaking(port_of(portal_url), None, 0) as way:
        done = gantry("run", "confirm", run["id"], "--yes", "--wait", GANTRY_URL=way.url)

    assert done.exit_code == 0, done.stderr
    states = [each["state"] for each in ada.get(f"/runs/{run['id']}/history")["items"]]
    assert states.count("confirmed") == 1


def test_ctrl_c_says_that_the_run_goes_on_and_the_second_leaves(signed_in, ada, slow):
    run = ada.run(Place("shop", "slow", "live"), auto_apply=True)
    ada.until(run, "applying")

    following = subprocess.Popen(
        [sys.executable, "-m", "cli", "run", "logs", "-f", run["id"]],
        cwd=ROOT, env=signed_in, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    time.sleep(1.5)
    following.send_signal(signal.SIGINT)
    time.sleep(0.7)
    assert following.poll() is None
    following.send_signal(signal.SIGINT)
    _, said = following.communicate(timeout=20)

    assert following.returncode == 130
    assert f"gantry run cancel {run['id']}" in said
    assert one(ada, run["id"])["state"] == "applying"


class Place:
    """A place by its names, as the journeys' caller takes it."""

    def __init__(self, project, stack, workspace):
        self.names = {"project": project, "stack": stack, "workspace": workspace}


# --- the other nouns --------------------------------------------------------------------------


def test_a_project_from_its_making_to_its_end(gantry, tmp_path):
    (tmp_path / "main.tf").write_text(CODE)
    story = [
        ("project", "create", "books", "--title", "Books"),
        ("project", "edit", "books", "--description", "All of them"),
        ("stack", "create", "books/shelf", "--local", tmp_path),
        ("stack", "edit", "books/shelf", "--auto-apply"),
        ("stack", "unpublish", "books/shelf"),
        ("stack", "publish", "books/shelf"),
        ("workspace", "create", "attic"),
        ("workspace", "edit", "attic", "--protected"),
        ("variable", "set", "books/shelf/attic", "size", "2"),
        ("variable", "set", "books", "zones", '["a"]', "--typed"),
        ("variable", "set", "workspace:attic", "REGION", "eu", "--env"),
        ("variable", "delete", "books", "zones"),
        ("deployment", "lock", "books/shelf/attic", "--note", "Sorting"),
        ("deployment", "show", "books/shelf/attic"),
        ("deployment", "unlock", "books/shelf/attic"),
        ("deployment", "list", "books/shelf"),
        ("admin", "user", "create", "nia@example.com"),
        ("member", "set", "books", "nia@example.com", "viewer"),
        ("member", "list", "books", "--effective"),
        ("team", "create", "readers"),
        ("team", "add", "readers", "nia@example.com"),
        ("member", "set", "books", "team:readers", "deployer"),
        ("member", "remove", "books", "team:readers"),
        ("team", "delete", "readers", "--yes"),
        ("service-account", "create", "robot"),
        ("service-account", "edit", "robot", "--inactive"),
        ("schedule", "create", "books/shelf/attic", "nightly", "--cron", "0 3 * * *"),
        ("schedule", "create", "books/shelf/attic", "drift", "--every", "1 day", "--drift"),
        ("schedule", "list", "--project", "books"),
        ("vcs", "integration", "list"),
        ("vcs", "delivery", "list"),
        ("queue",),
        ("pool", "list"),
        ("admin", "hold", "show"),
        ("stack", "delete", "books/shelf", "--yes"),
        ("workspace", "delete", "attic", "--yes"),
        ("project", "delete", "books", "--yes"),
    ]

    for words in story:
        done = gantry(*words)
        assert done.exit_code == 0, (words, done.stderr, done.exception)
    assert gantry("project", "show", "books").exit_code == 7


def test_a_schedule_is_told_what_to_do(gantry, web):
    when = ["--cron", "0 3 * * *", "--timezone", "Europe/Berlin", "--message", "Nightly"]
    made = gantry("schedule", "create", f"{web}/dev", "nightly", *when, "-q")
    one = made.stdout.strip()
    story = [
        ("show", one),
        ("edit", one, "--cron", "0 4 * * *"),
        ("next", one, "--limit", "3"),
        ("skip-next", one),
        ("take-back", one),
        ("pause", one),
        ("resume", one),
        ("run-now", one),
        ("ledger", one),
        ("delete", one, "--yes"),
    ]

    for words in story:
        done = gantry("schedule", *words)
        assert done.exit_code == 0, (words, done.stderr, done.exception)
    assert gantry("schedule", "show", one).exit_code == 7


def test_drift_is_looked_for_and_a_time_to_live_is_set(gantry, ada, stacks):
    place = f"{stacks('aging')}/dev"
    assert gantry("run", "create", place, "-t", "apply", "--wait", "-y").exit_code == 0

    checked = gantry("drift", "check", place, "--wait")
    assert checked.exit_code == 0, checked.stderr
    story = [
        ("drift", "ignore", place, "terraform_data.*:output"),
        ("drift", "show", place),
        ("drift", "list", "--project", "shop"),
        ("deployment", "ttl", "set", place, "2099-12-24T18:00", "--timezone", "Europe/Berlin"),
        ("deployment", "ttl", "show", place),
        ("deployment", "ttl", "remove", place),
    ]
    for words in story:
        done = gantry(*words)
        assert done.exit_code == 0, (words, done.stderr, done.exception)
    shown = json.loads(gantry("drift", "show", place, "--json").stdout)
    assert shown["drifted"] is False
    assert shown["ignore"] == [{"address": "terraform_data.*", "attribute": "output"}]


def test_a_mail_trigger_is_made_with_its_address_and_listed(gantry, web):
    done = gantry("email", "trigger", "create", f"{web}/dev", "--map", "size=body:size", "--json")

    assert done.exit_code == 0, done.stderr
    address = json.loads(done.stdout)["address"]
    assert address.endswith("@in.example.com")
    assert address in gantry("email", "trigger", "list", "--json").stdout
    assert gantry("email", "list").exit_code == 0


def test_what_was_done_and_said_can_be_read(gantry, ada, web):
    made = gantry("run", "create", f"{web}/dev", "--metadata", "sig:1", "--wait", "-q")
    run_id = made.stdout.strip()
    assert gantry("run", "comment", run_id, "Fine by me.").exit_code == 0

    assert "Fine by me." in gantry("run", "comments", run_id).stdout
    assert "sig:1" in gantry("run", "metadata", run_id).stdout
    assert gantry("run", "diagnostics", run_id).exit_code == 0
    assert "run.comment" in gantry("audit", "list", "--action", "run", "--limit", "5").stdout
    chosen = json.loads(gantry("notices", "--no-ends", "--json").stdout)
    assert chosen["ends"] is False


def test_a_repository_is_linked_and_its_secrets_come_from_files(gantry, web, tmp_path):
    (tmp_path / "token").write_text("tok\n")
    service = ["--kind", "github", "--base-url", "https://127.0.0.1"]
    typed_in = gantry("vcs", "integration", "create", "gh", *service, "--service-token", "tok")
    private = gantry(
        "vcs", "integration", "create", "gh", *service, "--service-token", f"@{tmp_path / 'token'}"
    )

    assert typed_in.exit_code == 2
    assert "others can read command lines" in typed_in.stderr
    assert private.exit_code == 7
    assert "GANTRY_ALLOWED_HOSTS" in private.stderr
    assert gantry("vcs", "link", f"{web}/dev").exit_code == 7
    assert gantry("vcs", "links", web).exit_code == 0


def test_a_secret_is_never_echoed(gantry, ada):
    done = gantry("variable", "set", "shop", "key", "--secret", stdin="hidden-value-1\n")
    shown = gantry("variable", "list", "shop")

    assert done.exit_code == 0
    assert "hidden-value-1" not in done.output + shown.output
    assert "(hidden)" in shown.stdout
    assert ada.get("/projects/shop/variables/key")["secret"] is True


def test_deleting_without_a_terminal_takes_yes(gantry):
    done = gantry("workspace", "delete", "live")

    assert done.exit_code == 2
    assert "say --yes" in done.stderr


def test_a_state_goes_to_a_file_of_one_s_own_and_comes_back(gantry, ada, stacks, tmp_path):
    place = f"{stacks('kept')}/dev"
    applied = gantry("run", "create", place, "-t", "apply", "--wait", "-y")
    assert applied.exit_code == 0, applied.stderr
    [version] = ada.get("/projects/shop/stacks/kept/workspaces/dev/state-versions")["items"]
    file, serial = tmp_path / "kept.tfstate", str(version["serial"])

    done = gantry("deployment", "state", "download", place, serial, "-o", file)

    assert done.exit_code == 0, done.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert gantry("deployment", "state", "import", place, file).exit_code == 0
    state = json.loads(file.read_text()) | {"serial": version["serial"] + 1}
    file.write_text(json.dumps(state))
    assert gantry("deployment", "state", "import", place, file, "--note", "By hand").exit_code == 0
    rolled = gantry("deployment", "state", "rollback", place, serial, "--note", "Back")
    assert rolled.exit_code == 0, rolled.stderr
    listed = gantry("deployment", "state", "list", place, "-q").stdout.split()
    assert len(listed) == 3
    assert gantry("deployment", "resources", place, "-q").stdout.split() == [
        "terraform_data.thing[0]"
    ]


def test_a_token_s_text_is_printed_once_alone_when_quiet(gantry):
    made = gantry("token", "create", "ci", "--scope", "read", "-q")

    text = made.stdout.strip()
    assert text.startswith("gty_")
    assert gantry("whoami", GANTRY_TOKEN=text).exit_code == 0
    assert gantry("project", "create", "no", GANTRY_TOKEN=text).exit_code == 7
    assert text not in gantry("token", "list").stdout


def test_any_call_can_be_made_as_it_is(gantry):
    me = gantry("api", "GET", "/me")
    made = gantry("api", "post", "projects", "-f", "name=raw", "-f", "title=Raw")

    assert json.loads(me.stdout)["email"] == "ada@example.com"
    assert json.loads(made.stdout)["title"] == "Raw"
    assert gantry("api", "DELETE", "/projects/raw?confirm=raw").exit_code == 0


def test_places_and_runs_are_completed(typed, web):
    def completed(words):
        count = len(words.split(" "))
        done = typed(_GANTRY_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(count - 1))
        return [line.partition(",")[2] for line in done.stdout.splitlines()]

    assert "shop/" in completed("gantry stack show s")
    assert "shop/web" in completed("gantry stack show shop/w")
    assert "shop/web/dev" in completed("gantry run create shop/web/d")
    assert any(word.startswith("shop#") for word in completed("gantry run show shop"))
    assert "create" in completed("gantry run cr")

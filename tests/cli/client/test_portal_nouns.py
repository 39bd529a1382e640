"""The command line against a portal at work: every noun but runs."""

import json
import stat

import pytest

from tests.cli.client.conftest import CODE

pytestmark = [pytest.mark.slow, pytest.mark.engine]


def one(ada, run_id):
    return ada.get(f"/runs/{run_id.strip()}")


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
    service = ["--kind", "github", "--base-url", "https://127.0.0.2"]
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
    assert web in completed("gantry stack show shop/w")
    assert f"{web}/dev" in completed(f"gantry run create {web}/d")
    assert any(word.startswith("shop#") for word in completed("gantry run show shop"))
    assert "create" in completed("gantry run cr")

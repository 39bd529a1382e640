"""The gantry command. Its parts are loaded when they are asked for, so that --help is quick."""

import gc
from typing import Any

import click

from cli.late import LateGroup

CLIENT = {
    "login": ("cli.client.login:login", "Sign in to a portal; its token is kept for you alone."),
    "logout": ("cli.client.login:logout", "Forget that token."),
    "whoami": ("cli.client.login:whoami", "Who the token is, and what it may do."),
    "profile": ("cli.client.login:profile", "The portals that you are signed in to: list, use."),
    "run": ("cli.client.run:run", "Runs: create, list, show, logs, confirm, cancel and more."),
    "queue": ("cli.client.pool:queue", "What is at work, what waits, and why."),
    "project": ("cli.client.project:project", "Projects: list, show, create, edit, delete."),
    "stack": ("cli.client.stack:stack", "Stacks: list, show, create, edit, delete."),
    "workspace": ("cli.client.workspace:workspace", "Workspaces: the same, and destroy."),
    "deployment": (
        "cli.client.deployment:deployment",
        "A stack in a workspace: lock, settle, state, resources, outputs.",
    ),
    "schedule": ("cli.client.schedule:schedule", "Runs at planned times: list, create, ledger."),
    "email": ("cli.client.email:email", "Runs by e-mail: triggers, and the mail that came."),
    "drift": ("cli.client.drift:drift", "Whether what exists is still what was applied."),
    "vcs": ("cli.client.vcs:vcs", "Repositories: integrations, links, deliveries."),
    "variable": ("cli.client.variable:variable", "Variables of a place: list, set, delete."),
    "member": ("cli.client.member:member", "Who may do what: list, set, remove."),
    "team": ("cli.client.team:team", "Teams: list, create, add, remove."),
    "service-account": ("cli.client.service_account:service_account", "Who programs are."),
    "token": ("cli.client.token:token", "API tokens: list, create, revoke."),
    "notices": ("cli.client.notices:notices", "What you are told by mail of your own runs."),
    "audit": ("cli.client.audit:audit", "Who did what, on what, from where, when."),
    "pool": ("cli.client.pool:pool", "Worker pools: list, show."),
    "admin": ("cli.client.admin:admin", "Users and the hold, for administrators anywhere."),
    "upload": ("cli.client.run_create:upload", "Pack a folder, and upload it as code."),
    "api": ("cli.client.raw:api", "Any call of the API, as it is."),
    "completion": ("cli.client.shell:completion", "What a shell needs to complete commands."),
}
"""What works on a portal over its API, from anywhere."""

SERVER = {
    "serve": ("cli.serve:serve", "Web, scheduler and embedded pool, in one command."),
    "web": ("cli.serve:web", "The web alone, beside a scheduler and workers elsewhere."),
    "db": ("cli.db:db", "The database's tables: upgrade, check."),
    "user": ("cli.user:user", "People: create, list, reset-password, deactivate."),
    "doctor": ("cli.doctor:doctor", "What is in force, and what is the matter."),
    "backup": ("cli.backup:backup", "Write everything to one file, while the portal works."),
    "restore": ("cli.backup:restore", "Fill an empty place from a backup; it is on hold then."),
    "hold": ("cli.hold:hold", "Let nothing run, or let it again: show, begin, release."),
    "secrets": ("cli.secrets:secrets", "The secret key: rotate it."),
    "version": ("cli.version:version", "Which Gantry this is."),
}
"""What works on the data of a portal, on its own machine."""

GARBAGE_THRESHOLD = 50_000

SECTIONS = {"A portal, over its API": CLIENT, "The server itself, on its machine": SERVER}


@click.command(
    cls=LateGroup, sections=SECTIONS, context_settings={"help_option_names": ["-h", "--help"]}
)
def gantry() -> None:
    """Gantry runs infrastructure as code: queued, previewed, approved, applied, remembered."""


def main(arguments: list[str] | None = None) -> Any:
    """Run the command."""
    # What is loaded stays: looking for garbage among it takes a tenth of a short command's time.
    gc.set_threshold(GARBAGE_THRESHOLD)
    return gantry.main(arguments, prog_name="gantry")

"""gantry run: its verbs in a table, each loaded when it is used."""

import click

from cli.late import LateGroup

SECTIONS = {
    "See": {
        "list": ("cli.client.run_show:list_runs", "List runs, newest first."),
        "show": ("cli.client.run_show:show", "Show one run, as it is now."),
        "logs": ("cli.client.run_show:logs", "Print a run's log; -f follows it."),
        "changes": ("cli.client.run_show:changes", "List what a run changes, by resource."),
        "variables": ("cli.client.run_views:variables", "List the variables a run got."),
        "outputs": ("cli.client.run_views:outputs", "List a run's outputs."),
        "diagnostics": (
            "cli.client.run_views:diagnostics",
            "List what the engine complained about.",
        ),
        "comments": ("cli.client.run_views:comments", "List the comments on a run."),
        "metadata": ("cli.client.run_views:metadata", "List what was attached to a run."),
        "history": ("cli.client.run_views:history", "List the states a run went through."),
        "result": ("cli.client.run_show:result", "Print what came of a run."),
    },
    "Make": {
        "create": ("cli.client.run_create:create", "Make a run: preview, apply, destroy, task."),
        "rerun": ("cli.client.run_manage:rerun", "Run an ended run again, the same."),
        "promote": ("cli.client.run_manage:promote", "Apply what a finished preview showed."),
        "plan-again": ("cli.client.run_manage:plan_again", "Replace a run with an outdated plan."),
    },
    "Decide": {
        "confirm": ("cli.client.run_decide:confirm", "Accept a run's plan, having seen it."),
        "discard": ("cli.client.run_decide:discard", "Drop a run before its work, or its plan."),
        "cancel": ("cli.client.run_decide:cancel", "Ask a run at work to stop."),
        "force-cancel": ("cli.client.run_decide:force_cancel", "Kill a run that did not stop."),
        "comment": ("cli.client.run_manage:comment", "Say something about a run."),
    },
    "Keep in order": {
        "archive": ("cli.client.run_manage:archive", "Hide a run from lists."),
        "unarchive": ("cli.client.run_manage:unarchive", "Show an archived run again."),
        "prioritize": ("cli.client.run_manage:prioritize", "Let a run go before others."),
        "bulk": ("cli.client.run_manage:bulk", "Do one thing to many runs."),
    },
}


@click.command(cls=LateGroup, sections=SECTIONS)
def run() -> None:
    """Runs: make them, follow them, decide about them.

    A RUN is named by its id, by PROJECT#NUMBER, or by the address of its page.
    """

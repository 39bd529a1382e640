"""The web: the list of its blueprints, and the short list of what is open to strangers."""

from importlib import import_module
from pathlib import Path

from flask import Flask

from blueprints._shared import (
    assets,
    conditional,
    errors,
    filters,
    gate,
    htmx,
    limits,
    meter,
    security,
    streams,
)
from config import Settings

PAGES = (
    "sessions dashboard docs health events account audit administration teams service_accounts "
    "tokens search projects stacks workspaces deployments states members variables queue teardown "
    "runs run_actions run_log run_changes run_compare run_lists run_wizard "
    "schedules schedule_forms drift time_to_live integrations repositories deliveries "
    "email_triggers emails mail_room notices"
).split()
API = (
    "me users service_accounts teams tokens projects stacks workspaces deployments members "
    "variables configuration_versions email_triggers emails events hold runs run_verbs states "
    "notices settle worker_pools teardown schedules vcs_integrations vcs_links deliveries "
    "drift time_to_live audit run_notes"
).split()
HOOKS = "email state_backend vcs".split()
OPEN_ENDPOINTS = frozenset(
    {
        "static",
        "sessions.new",
        "sessions.create",
        "health.alive",
        "health.ready",
        "health.numbers",
        "docs.index",
        "docs.problem",
        "docs.problems",
        "docs.spec",
        "vcs_hooks.receive",
        "hooks_email.receive",
        "hooks_email.receive_mime",
    }
)
"""Everything else asks who is there: see `_shared.gate`."""


def install(app: Flask, settings: Settings) -> None:
    """Put before and after the blueprints what they share; the limit comes before the gate."""
    meter.install(app)  # First, so that it is the last to see an answer.
    for part in (htmx, errors, filters):
        part.install(app)
    limits.install(app, settings.api_requests_per_s)
    gate.install(app, OPEN_ENDPOINTS)
    streams.install(app)
    assets.install(app, Path(app.root_path) / "static")
    security.install(app, settings)
    conditional.install(app)  # Last, so that it is the first to see an answer.


def register(app: Flask) -> None:
    """Register every blueprint. A new one is one word in a list above."""
    for name in PAGES:
        app.register_blueprint(import_module(f"blueprints.{name}").blueprint)
    modules = [f"api.{name}" for name in API] + [f"hooks.{name}" for name in HOOKS]
    for name in modules:
        blueprint = import_module(f"blueprints.{name}").blueprint
        gate.csrf.exempt(blueprint)  # It takes no cookie, so nobody can be made to send one.
        app.register_blueprint(blueprint)

"""The web: the list of its blueprints, and the short list of what is open to strangers."""

from importlib import import_module

from flask import Flask

PAGES = (
    "sessions dashboard docs health events account audit administration teams service_accounts "
    "tokens search projects stacks workspaces deployments states members variables queue teardown "
    "runs run_actions run_log run_changes run_compare run_lists run_wizard "
    "schedules schedule_forms"
).split()
API = (
    "me users service_accounts teams tokens projects stacks workspaces deployments members "
    "variables configuration_versions email_triggers emails events hold runs run_verbs states "
    "settle worker_pools teardown schedules vcs_integrations vcs_links deliveries"
).split()
HOOKS = "email state_backend vcs".split()
OPEN_ENDPOINTS = frozenset(
    {
        "static",
        "sessions.new",
        "sessions.create",
        "health.alive",
        "health.ready",
        "docs.spec",
        "vcs_hooks.receive",
        "hooks_email.receive",
        "hooks_email.receive_mime",
    }
)
"""Everything else asks who is there: see `_shared.gate`."""


def register(app: Flask) -> None:
    """Register every blueprint. A new one is one word in a list above."""
    from blueprints._shared.gate import csrf  # noqa: PLC0415 - the lists above load nothing

    for name in PAGES:
        app.register_blueprint(import_module(f"blueprints.{name}").blueprint)
    modules = [f"api.{name}" for name in API] + [f"hooks.{name}" for name in HOOKS]
    for name in modules:
        blueprint = import_module(f"blueprints.{name}").blueprint
        csrf.exempt(blueprint)  # It takes no cookie, so nobody can be made to send one.
        app.register_blueprint(blueprint)

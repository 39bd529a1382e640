"""Every route × every role, declared. Each part of the portal has a module here with `CASES`."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

# Routes that wait for their line in the matrix: the list only ever gets shorter.
STILL_TO_DECLARE = set(
    """
    api_configuration_versions.create api_run_verbs.bulk api_run_verbs.force_cancel
    api_run_verbs.plan_again api_run_verbs.promote api_runs.result run_changes.document
    run_changes.one run_log.phase run_log.phase_lines run_wizard.create run_wizard.delete
    run_wizard.finish run_wizard.kind run_wizard.options run_wizard.show run_wizard.source
    runs.bulk
    """.split()
)


def cases():
    """Every declared case, by endpoint."""
    found = {}
    for module in iter_modules([str(Path(__file__).parent)]):
        if module.name == "case":
            continue
        for case in import_module(f"{__name__}.{module.name}").CASES:
            found[case.endpoint] = case
    return found

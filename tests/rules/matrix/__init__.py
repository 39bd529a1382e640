"""Every route × every role, declared. Each part of the portal has a module here with `CASES`."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules


def cases():
    """Every declared case, by endpoint."""
    found = {}
    for module in iter_modules([str(Path(__file__).parent)]):
        if module.name == "case":
            continue
        for case in import_module(f"{__name__}.{module.name}").CASES:
            found[case.endpoint] = case
    return found

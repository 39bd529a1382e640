"""The fixture that lays the provider into a store, as an administrator would lay another there."""

import os
import platform
from pathlib import Path

import pytest

HERE = Path(__file__).parent
VERSION = "0.1.0"
HOSTS = ("registry.terraform.io", "registry.opentofu.org")
#: The interpreter with the package `tf`: `make provider-venv` makes it.
PYTHON = Path(
    os.environ.get("GANTRY_PROVIDER_PYTHON", HERE.parents[1] / ".venv-provider" / "bin" / "python")
)


def lay_into(store):
    """Write the provider's program for this platform into a filesystem mirror."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
    script = f'#!/bin/sh\nexec "{PYTHON}" -I -c "{_START}" "$@"\n'
    for host in HOSTS:
        home = store / host / "gantry" / "demo" / VERSION / f"linux_{machine}"
        home.mkdir(parents=True)
        program = home / f"terraform-provider-demo_v{VERSION}"
        program.write_text(script)
        program.chmod(0o755)
    return store


# Isolated from the environment of the run, with this directory alone on the path.
_START = f"import sys, runpy; sys.path.insert(0, '{HERE}'); runpy.run_path('{HERE / 'program.py'}')"


@pytest.fixture
def demo_store(tmp_path):
    """Return a provider store that holds `gantry/demo`."""
    if not PYTHON.exists():
        pytest.skip("the provider has no environment: make provider-venv")
    return lay_into(tmp_path / "demo-store")

"""Aliases that threads share are whole before the first of them comes."""

from importlib import import_module
from pkgutil import iter_modules

import pytest
from sqlalchemy import inspect
from sqlalchemy.orm.util import AliasedClass

import models

MODULES = [f"models.{module.name}" for module in iter_modules(models.__path__)]
ALIASES = [
    (module, name)
    for module in MODULES
    for name, value in vars(import_module(module)).items()
    if isinstance(value, AliasedClass)
]


@pytest.mark.parametrize(("module", "name"), ALIASES)
def test_an_alias_in_a_module_has_its_index_of_columns(module, name):
    alias = getattr(import_module(module), name)

    assert inspect(alias).selectable.columns._proxy_index  # noqa: SLF001 - it has no other name


def test_there_are_such_aliases():
    assert ("models.places", "LastRun") in ALIASES

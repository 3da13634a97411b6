"""Every public function of the language has an example that runs."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from types import FunctionType, ModuleType

import pytest
from segmentry import criteria

MODULES = [
    importlib.import_module(each.name)
    for each in pkgutil.walk_packages(criteria.__path__, "segmentry.criteria.")
]


@pytest.mark.parametrize(
    "module", MODULES, ids=lambda module: module.__name__.removeprefix("segmentry.criteria.")
)
def test_examples_in_docstrings_print_what_they_say(module: ModuleType) -> None:
    failed, _ = doctest.testmod(module)
    assert failed == 0


@pytest.mark.parametrize(
    "module", MODULES, ids=lambda module: module.__name__.removeprefix("segmentry.criteria.")
)
def test_every_public_function_has_an_example(module: ModuleType) -> None:
    public = [
        each
        for name, each in vars(module).items()
        if inspect.isfunction(each) and not name.startswith("_") and each.__module__ == module.__name__
    ]
    assert all(isinstance(each, FunctionType) for each in public)
    assert [each.__name__ for each in public if ">>>" not in (each.__doc__ or "")] == []

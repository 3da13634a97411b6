"""The examples in docstrings of the analysis run."""

from __future__ import annotations

import doctest
from types import ModuleType

import pytest
from segmentry.analysis import conditions, profile, statistics, words


@pytest.mark.parametrize(
    "module", [conditions, profile, statistics, words], ids=lambda module: module.__name__
)
def test_examples_in_docstrings_print_what_they_say(module: ModuleType) -> None:
    failed, attempted = doctest.testmod(module)
    assert (failed, attempted > 0) == (0, True)

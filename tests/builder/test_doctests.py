"""The examples in the builder's docstrings are true."""

from __future__ import annotations

import doctest

from segmentry.builder import tidy


def test_examples_of_tidy() -> None:
    failed, attempted = doctest.testmod(tidy)
    assert (failed, attempted) == (0, 3)

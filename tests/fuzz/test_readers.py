"""No text, however broken, gets anything but an answer or one of our errors out of a reader."""

from __future__ import annotations

import pytest

from tests.fuzz.readers import READERS, Report, feed

TEXTS = 1_000


@pytest.mark.parametrize("name", READERS)
def test_a_reader_refuses_broken_texts_with_our_errors_alone(name: str) -> None:
    report = Report()
    for seed in range(TEXTS):
        feed(name, seed, report)
    assert not report.wrong, "\n".join(report.wrong)
    assert report.read[name] + report.refused[name] == TEXTS
    assert report.refused[name] > TEXTS / 2

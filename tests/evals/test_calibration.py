"""The fit never falls and is scikit-learn's; stripped tables leave out what they say, and their keys hold."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
from segmentry.criteria import canonical, check
from sklearn.isotonic import IsotonicRegression

from evals import calibration, isotonic, stripped
from evals.case_files import Case, load
from evals.judge import judge
from evals.tables import load as table

DEV = load(("dev",))
ASKED = [case for case in DEV if case.current is None]
# Every seventh query: the whole is `python -m evals.calibration`.
SOME = ASKED[::7]


def _some(kind: str) -> list[Case]:
    return list(stripped.cases(SOME, (kind,)))


@pytest.mark.parametrize("seed", range(5))
def test_the_fit_is_that_of_scikit_learn(seed: int) -> None:
    drawn = random.Random(seed)
    points = [
        isotonic.Point(drawn.randrange(12) / 10, float(drawn.random() < 0.6), drawn.choice((0.5, 1.0, 2.0)))
        for _ in range(80)
    ]
    fitted = isotonic.fit(points)
    x, y, weight = zip(*points, strict=True)
    # scikit-learn has no types.
    theirs = np.asarray(IsotonicRegression().fit_transform(x, y, sample_weight=weight), dtype=np.float64)  # pyright: ignore[reportUnknownMemberType]
    for point, value in zip(points, theirs, strict=True):
        ours = [share for start, share in fitted if start <= point.x][-1]
        assert ours == pytest.approx(float(value))


def test_a_table_of_confidences_never_falls_and_keeps_what_is_flagged_flagged() -> None:
    found = [each for _, each in calibration.answers([*SOME, *_some("names")])]
    fitted = calibration.steps(found)
    assert fitted[0][0] == calibration.FLAGGED[0]
    assert all(low[0] < high[0] and low[1] < high[1] for low, high in pairwise(fitted))
    assert all(calibration.FLAGGED[0] <= share < calibration.FLAGGED[1] for _, share in fitted)
    assert calibration.mapped(0.97, fitted) == 0.97
    assert calibration.mapped(0.3, fitted) == 0.3


def test_a_removed_column_is_in_no_accepted_answer_and_not_in_the_table() -> None:
    cases = _some("removed")
    assert len(cases) > 50
    for case in cases:
        column = case.id.split("~")[2]
        assert column not in case.catalog.by_name
        assert column in table(case.table).by_name
        assert not case.expect


@pytest.mark.parametrize("kind", stripped.LESS)
def test_less_is_known_of_every_column_and_the_same_answers_fit(kind: str) -> None:
    for case in _some(kind):
        assert not any(field.synonyms and kind == "names" and field.bands for field in case.catalog.fields)
        assert {field.name for field in case.catalog.fields} == {
            field.name for field in table(case.table).visible
        }
        for node in case.expect:
            assert not check.check(node, case.catalog, case.clock).errors


@pytest.mark.parametrize(("kind", "most"), [("removed", 1), ("names", 1), ("half", 0), ("valued", 0)])
def test_hardly_an_answer_stands_alone_that_is_wrong_on_a_stripped_table(kind: str, most: int) -> None:
    wrong = [
        f"{case.id}: {canonical.text(node)}"
        for case in _some(kind)
        if (verdict := judge(case)).state == "wrong_silent" and (node := verdict.draft.node) is not None
    ]
    assert len(wrong) <= most, wrong

"""An attempt that goes on from what an earlier one finished ends with the same groups."""

from __future__ import annotations

import json

import numpy as np
import pytest
from segmentry.analysis import sweep as sweeps
from segmentry.analysis.attempt import Attempt, Checkpoint
from segmentry.analysis.kmeans import kernel as kernels
from segmentry.analysis.kmeans.plain import Plain
from segmentry.analysis.sweep import Clustering, Draft, sweep
from segmentry.analysis.table import Floats
from segmentry.errors import JsonValue

KS = (2, 3, 5)
SAMPLE = 1_500


def mixture(rows: int) -> Floats:
    rng = np.random.default_rng(1)
    return rng.normal(0, 3, (5, 4))[rng.integers(0, 5, rows)] + rng.normal(0, 1.5, (rows, 4))


class Record:
    """What an attempt left and said."""

    def __init__(self) -> None:
        self.kept: list[Checkpoint] = []
        self.drafts: list[int] = []

    def draft(self, _sample: Floats, draft: Draft) -> None:
        self.drafts.append(draft.k)

    def attempt(self, kept: Checkpoint | None = None, sample_rows: int = SAMPLE) -> Attempt:
        return Attempt(kept, self.kept.append, sample_rows)


def stored(checkpoint: Checkpoint) -> Checkpoint:
    """As it comes back from the pipe and the store."""
    body: JsonValue = json.loads(json.dumps(checkpoint.to_json()))
    found = Checkpoint.of_json(body)
    assert found is not None
    return found


def same(some: list[Clustering], others: list[Clustering]) -> bool:
    return all(
        np.array_equal(one.labels, other.labels) and one.inertia == other.inertia
        for one, other in zip(some, others, strict=True)
    )


@pytest.fixture(params=["compiled", "plain"])
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The kernel that a sweep uses."""
    if request.param == "plain":
        plain = Plain()
        monkeypatch.setattr(kernels, "chosen", lambda: plain)
        monkeypatch.setattr(sweeps, "SAMPLE_FROM", 100)
    elif not kernels.is_compiled():
        pytest.skip("numba is not installed")
    return str(request.param)


@pytest.mark.parametrize("rows", [6_000, 9_000])
def test_every_stage_that_was_finished_is_not_done_again(kernel: str, rows: int) -> None:
    X, first = mixture(rows), Record()
    whole = sweep(X, KS, 0, first.draft, attempt=first.attempt())
    assert [each.stage for each in first.kept] == ["sample", "polish"]
    assert first.drafts == list(KS)
    for number, checkpoint in enumerate(first.kept):
        later = Record()
        found = sweep(X, KS, 0, later.draft, attempt=later.attempt(stored(checkpoint)))
        assert same(found, whole)
        assert later.drafts == []
        assert [each.stage for each in later.kept] == ["polish"][number:]


def test_a_table_no_larger_than_the_sample_has_one_stage(kernel: str) -> None:
    X, first, later = mixture(3_000), Record(), Record()
    whole = sweep(X, KS, 0, attempt=first.attempt(sample_rows=5_000))
    (checkpoint,) = first.kept
    assert same(sweep(X, KS, 0, attempt=later.attempt(stored(checkpoint), 5_000)), whole)
    assert later.kept == []


def test_a_checkpoint_of_another_question_is_no_use(kernel: str) -> None:
    X, first = mixture(6_000), Record()
    sweep(X, KS, 0, attempt=first.attempt())
    for matrix, ks, seed in ((X + 1.0, KS, 0), (X, (2, 3), 0), (X, KS, 1), (X[:-1], KS, 0)):
        later = Record()
        sweep(matrix, ks, seed, later.draft, attempt=later.attempt(first.kept[-1]))
        assert later.drafts == list(ks)


def test_after_a_death_half_the_sample_is_as_good(kernel: str) -> None:
    X, record = mixture(9_000), Record()
    whole = sweep(X, KS, 0, attempt=Record().attempt())
    half = sweep(
        X, KS, 0, lambda sample, _: record.drafts.append(len(sample)), attempt=record.attempt(None, 750)
    )
    assert record.drafts == [750] * 3
    for one, other in zip(whole, half, strict=True):
        assert other.inertia <= one.inertia * 1.02


BROKEN: list[JsonValue] = [
    None,
    {},
    {"stage": "sample", "key": "k", "centroids": [[]]},
    {"stage": "other", "key": "k", "centroids": []},
    {"stage": "polish", "key": "k", "centroids": [[{"columns": 2, "values": "AAAA"}]]},
    {"stage": "polish", "key": "k", "centroids": [[{"columns": 1, "values": "not base64!"}]]},
    {"stage": "polish", "key": "k", "centroids": [[{"columns": 0, "values": ""}]]},
    {"stage": "polish", "key": "k", "centroids": [[{"columns": 1, "values": "AAAAAAAA+H8="}]]},
]


@pytest.mark.parametrize("body", BROKEN)
def test_what_is_no_checkpoint_is_left_aside(body: JsonValue) -> None:
    assert Checkpoint.of_json(body) is None

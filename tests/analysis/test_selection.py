"""Which k each rule takes, and what is said of it."""

from __future__ import annotations

import numpy as np
import pytest
from segmentry.analysis.choose import Candidate, Excess, choose
from segmentry.analysis.events import ClusterScore, Selection
from segmentry.analysis.parameters import Parameters
from segmentry.analysis.selecting import selection
from segmentry.analysis.silhouette import Silhouette

from tests.analysis.discovering import blobs, reasons, run
from tests.analysis.tables import numbers


def candidate(
    k: int, value: float, excess: float | None = None, share: float = 0.2, margin: float = 0.0
) -> Candidate:
    score = Silhouette(
        value, value - margin if margin else None, value + margin if margin else None, not margin, 9
    )
    return Candidate(k, score, share, None if excess is None else Excess(excess, 0.005))


def selected(candidates: list[Candidate], parameters: Parameters | None = None) -> Selection:
    asked = parameters or Parameters()
    choice = choose(
        candidates, asked.min_segment_share, "excess" if asked.k_rule == "excess" else "silhouette"
    )
    return selection(candidates, choice, asked, no_clear_segments=choice.no_clear_segments)


TWO_OR_FOUR = [candidate(2, 0.5, 0.1), candidate(3, 0.4, 0.15), candidate(4, 0.45, 0.2)]


def test_both_rules_are_told_with_their_figures() -> None:
    found = selected(TWO_OR_FOUR)
    assert (found.chosen_k, found.picked_k, found.excess_k, found.rule) == (2, 2, 4, "silhouette")
    assert found.picked_reason == "2 segments have the highest silhouette (0.500)"
    assert (
        found.excess_reason == "4 segments exceed tables without groups by 0.200 ± 0.005, which is the most"
    )


def test_the_rule_of_the_excess_chooses_when_it_is_asked_for() -> None:
    found = selected(TWO_OR_FOUR, Parameters(k_rule="excess"))
    assert (found.chosen_k, found.picked_k, found.excess_k, found.rule) == (4, 2, 4, "excess")


def test_the_smallest_k_within_an_error_of_the_greatest_excess_is_taken_and_said() -> None:
    found = selected([candidate(2, 0.5, 0.1), candidate(3, 0.4, 0.197), candidate(4, 0.45, 0.2)])
    assert found.excess_k == 3
    assert "within a standard error of the most, which is 0.200 ± 0.005 with 4" in found.excess_reason


def test_without_a_known_excess_the_silhouette_chooses_whatever_is_asked() -> None:
    found = selected([candidate(2, 0.5), candidate(3, 0.6)], Parameters(k_rule="excess"))
    assert (found.chosen_k, found.excess_k, found.rule, found.excess_reason) == (3, None, "silhouette", "")


def test_a_tie_and_what_may_not_be_chosen_are_said() -> None:
    found = selected(
        [candidate(2, 0.4, margin=0.02), candidate(3, 0.41, margin=0.02), candidate(4, 0.9, share=0.001)]
    )
    assert found.picked_k == 2
    assert "2 and 3 segments (0.400 and 0.410) cannot be told apart" in found.picked_reason
    assert found.picked_reason.endswith("4 would leave a segment below 3 %")


def test_slivers_everywhere_are_a_rule_of_their_own() -> None:
    found = selected([candidate(2, 0.9, share=0.001), candidate(3, 0.5, share=0.02)])
    assert (found.chosen_k, found.rule) == (3, "smallest_share")
    assert "with 3 the smallest holds 2 %" in found.picked_reason


def test_a_discovery_says_its_choice_once_after_the_last_score_and_in_its_result() -> None:
    result, said = run(blobs(4), Parameters(max_clusters=6))
    kinds = [type(each) for each in said]
    assert kinds.count(Selection) == 1
    place = kinds.index(Selection)
    assert ClusterScore not in kinds[place:]
    assert said[place] == result.selection
    assert result.selection is not None
    assert result.chosen_k == result.selection.chosen_k == result.selection.excess_k == 4


def test_every_final_score_carries_all_its_figures() -> None:
    result, _ = run(blobs(3), Parameters(max_clusters=5))
    for score in result.scores:
        assert not score.provisional
        assert score.value is not None
        assert score.squared is not None
        assert score.simplified is not None
        assert score.value < score.squared, "squares make far clusters look farther"
        assert score.excess_se is not None
        assert score.stability is not None
        assert score.eligible is not None
        assert score.eligible == ((score.smallest_share or 0) >= 3)
    by_k = {score.k: score for score in result.scores}
    assert by_k[3].stability == pytest.approx(1.0, abs=0.02)
    assert (by_k[5].stability or 0) < 0.95, "three groups cut in five come out otherwise every time"


def test_a_k_that_leaves_a_sliver_is_marked_and_never_the_best_so_far() -> None:
    rng = np.random.default_rng(3)
    X = np.vstack([rng.normal(0, 1, (600, 2)), rng.normal(9, 1, (380, 2)), rng.normal(25, 1, (20, 2))])
    table = numbers(spend=X[:, 0].tolist(), visits=X[:, 1].tolist())
    result, said = run(table, Parameters(max_clusters=4))
    slivers = [score for score in result.scores if (score.smallest_share or 0) < 3]
    assert slivers
    assert all(score.eligible is False and not score.best_so_far for score in slivers)
    assert result.chosen_k == 2
    assert result.selection in said
    assert "would leave a segment below 3 %" in (result.selection.picked_reason if result.selection else "")
    tolerant, _ = run(table, Parameters(max_clusters=4, min_segment_share=0.0))
    assert tolerant.chosen_k == 3
    assert "SMALL_SEGMENTS" not in reasons(tolerant)

"""Codes in numbers: told to a model as kinds, and on cards as shares of values instead of averages."""

from __future__ import annotations

from segmentry.analysis import cards, told
from segmentry.analysis.cards import Ruled
from segmentry.analysis.parameters import Parameters
from segmentry.analysis.survey import survey
from segmentry.criteria.nodes import Leaf, Operator

from tests.analysis.tables import AS_OF, numbers

TABLE = numbers(
    region=[1, 2, 3, 3] * 60,
    spend=[17.0 * row % 997 for row in range(240)],
    visits=[row * row % 89 for row in range(240)],
)


def test_a_code_is_told_with_its_frequent_values_and_without_an_average() -> None:
    seen = survey(TABLE, Parameters(), AS_OF)
    by_name = {each.field: each for each in told.statistics(seen.read)}
    region = by_name["region"]
    assert region.is_code
    assert region.top_values == (("3", 120), ("1", 60), ("2", 60))
    assert (region.minimum, region.maximum, region.mean) == (None, None, None)
    assert not by_name["spend"].is_code
    assert by_name["spend"].mean is not None


def test_an_estimate_prices_the_question_that_is_asked() -> None:
    call = told.proposal_call(
        survey(TABLE, Parameters(), AS_OF).read, TABLE.rows, Parameters(), TABLE.catalog, 100
    )
    assert call is not None
    (line,) = [each for each in call.messages[-1].content.splitlines() if each.startswith("- region")]
    said = '- region: code in numbers, takes eq or in alone; 3 different values; most frequent "3", "1", "2"'
    assert line == said


def test_a_card_of_proposed_rules_tells_shares_of_a_code() -> None:
    seen = survey(TABLE, Parameters(), AS_OF)
    ruled = [Ruled("Third region", "", "", (Leaf("region", Operator.EQ, 3),))]
    ((card, mask),) = cards.of_rules(seen.scope, ruled, seen.read)
    assert int(mask.sum()) == card.size == 120
    (region,) = [each for each in card.characteristics if each.feature == "region"]
    assert region.value.startswith("3: 100 % (50 % in all")
    assert region.segment_average is None
    assert "region 3: 100 % vs 50 %" in card.headline

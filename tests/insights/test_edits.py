"""What people made of proposed criteria: by the customers that both select, not by how they are written."""

from __future__ import annotations

import pytest
from segmentry.criteria.catalog import Catalog, Field, FieldValue
from segmentry.criteria.parse import loads
from segmentry.insights.edits import Change, edit

from tests.rpc.builder_server import clock

CATALOG = Catalog(
    "club",
    (
        Field("age", "number", integer=True),
        Field("membershipType", "enum", values=(FieldValue("GOLD"), FieldValue("PLATINUM"))),
        Field("status", "enum", values=(FieldValue("ACTIVE"), FieldValue("LAPSED"))),
        Field("emailOptIn", "boolean"),
    ),
)

PROPOSED = '{"membershipType": "GOLD", "age": {"$gte": 40, "$lt": 60}, "emailOptIn": true}'
OTHERWISE = PROPOSED.replace('"$gte": 40', '"$gt": 39')


@pytest.mark.parametrize(
    ("final", "change", "touched"),
    [
        (PROPOSED, "UNTOUCHED", set[int]()),
        # Whole numbers: over 39 is from 40.
        (
            '{"$and": [{"emailOptIn": true}, {"age": {"$gt": 39, "$lte": 59}}, {"membershipType": "GOLD"}]}',
            "UNTOUCHED",
            set[int](),
        ),
        (PROPOSED.replace("40", "45"), "THRESHOLD_CHANGED", {1}),
        (PROPOSED.replace('"GOLD"', '{"$in": ["GOLD", "PLATINUM"]}'), "THRESHOLD_CHANGED", {0}),
        (PROPOSED.replace("$gte", "$gt").replace("60", "70"), "THRESHOLD_CHANGED", {1, 2}),
        (PROPOSED[:-1] + ', "status": "ACTIVE"}', "CONDITION_ADDED", set[int]()),
        # Written otherwise and one condition more: the writing does not count.
        (OTHERWISE[:-1] + ', "status": "ACTIVE"}', "CONDITION_ADDED", set[int]()),
        (PROPOSED.replace(', "emailOptIn": true', ""), "CONDITION_REMOVED", {3}),
        (PROPOSED.replace('"$gte": 40, ', ""), "CONDITION_REMOVED", {1}),
        ("{}", "CONDITION_REMOVED", {0, 1, 2, 3}),
        (PROPOSED.replace("40", "45")[:-1] + ', "status": "ACTIVE"}', "REWRITTEN", {1}),
        (PROPOSED.replace('"$gte": 40, "$lt": 60', '"$lte": 40'), "REWRITTEN", {1, 2}),
        (PROPOSED.replace('"GOLD"', '{"$neq": "GOLD"}'), "REWRITTEN", {0}),
        ('{"$not": ' + PROPOSED + "}", "REWRITTEN", {0, 1, 2, 3}),
    ],
)
def test_every_edit_has_one_class_and_names_the_leaves_that_it_touched(
    final: str, change: Change, touched: set[int]
) -> None:
    found = edit(loads(PROPOSED), loads(final), CATALOG, clock())
    assert (found.change, found.touched) == (change, touched)


OLD, GOLD, OPTED = '{"age": {"$gte": 40}}', '{"membershipType": "GOLD"}', '{"emailOptIn": true}'
EITHER, BOTH = f'{{"$or": [{OLD}, {GOLD}]}}', f'{{"$and": [{OLD}, {GOLD}]}}'


@pytest.mark.parametrize(
    ("proposed", "final", "change", "touched"),
    [
        # An alternative beside alternatives is a condition more or less.
        (EITHER, f'{{"$or": [{OLD}, {GOLD}, {OPTED}]}}', "CONDITION_ADDED", set[int]()),
        (f'{{"$or": [{OLD}, {GOLD}, {OPTED}]}}', EITHER, "CONDITION_REMOVED", {2}),
        # What had to hold and need not any more, or the other way round, says something else.
        (OLD, EITHER, "REWRITTEN", {0}),
        (EITHER, OLD, "REWRITTEN", {0, 1}),
        (BOTH, EITHER, "REWRITTEN", {0, 1}),
        (BOTH, f'{{"$and": [{OLD}, {{"$or": [{GOLD}, {OPTED}]}}]}}', "REWRITTEN", {1}),
    ],
)
def test_a_condition_that_becomes_one_of_several_is_rewritten(
    proposed: str, final: str, change: Change, touched: set[int]
) -> None:
    found = edit(loads(proposed), loads(final), CATALOG, clock())
    assert (found.change, found.touched) == (change, touched)


def test_proposed_criteria_that_no_longer_fit_their_table_are_compared_as_texts() -> None:
    gone = '{"age": 40, "shoeSize": 40}'
    assert edit(loads(gone), loads(gone), CATALOG, clock()).change == "UNTOUCHED"
    found = edit(loads(gone), loads('{"age": 40}'), CATALOG, clock())
    assert (found.change, found.touched) == ("CONDITION_REMOVED", {1})

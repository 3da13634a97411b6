"""Criteria drawn over random catalogs come back from every printed form as the tree that they were."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from segmentry.criteria import canonical, check, parse, render
from segmentry.criteria.nodes import Node
from segmentry.rpc.convert import criteria as wire

from tests.differential.drawn import Sheet, sheets
from tests.differential.engines import REFERENCE

QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


def _trees(sheet: Sheet) -> list[Node]:
    return [parse.loads(text) for text in sheet.criteria]


@settings(max_examples=40, deadline=None, suppress_health_check=QUIET)
@given(sheet=sheets())
def test_seed_typed_and_canonical_form_come_back_and_keep_the_members(sheet: Sheet) -> None:
    trees = _trees(sheet)
    again: list[Node] = []
    for tree in trees:
        text = canonical.text(tree, sheet.catalog)
        seed = parse.loads(json.dumps(render.to_json(tree)))
        typed = wire.from_expression(wire.to_expression(tree))
        assert canonical.text(seed, sheet.catalog) == text
        # The typed form has 64-bit totals; one beyond them travels as a double.
        if str(2**64 - 2) not in text:
            assert canonical.text(typed, sheet.catalog) == text
        again.append(parse.loads(text))
        assert canonical.text(again[-1], sheet.catalog) == text
    bound = [check.require(each, sheet.catalog, sheet.clock).bound for each in [*trees, *again]]
    found = REFERENCE(sheet.catalog, sheet.rows, sheet.events, bound, sheet.clock.as_of)
    assert found[: len(trees)] == found[len(trees) :]


@settings(max_examples=40, deadline=None, suppress_health_check=QUIET)
@given(sheet=sheets())
def test_criteria_that_differ_never_share_a_sentence(sheet: Sheet) -> None:
    said: dict[str, str] = {}
    for tree in _trees(sheet):
        text = canonical.text(tree, sheet.catalog)
        english = render.english(tree, sheet.catalog, sheet.clock)
        assert said.setdefault(english, text) == text, english

"""The judge sees the small errors that a reading can have."""

from __future__ import annotations

from segmentry.criteria import canonical, parse

from evals import mutants
from evals.case_files import load


def test_every_kind_of_error_is_made() -> None:
    node = parse.loads('{"$or":[{"a":{"$gte":3}},{"b":{"$in":["x","y"]}},{"c":"2025-01-01"}]}')
    made = {(kind, canonical.text(mutant)) for kind, mutant in mutants.mutants(node)}
    assert {kind for kind, _ in made} == {"edge", "off by one", "dropped item", "and/or swap", "polarity"}
    rest = '{"b":{"$in":["x","y"]}},{"c":{"$eq":"2025-01-01"}}]}'
    assert ("edge", '{"$or":[{"a":{"$gt":3}},' + rest) in made
    assert ("off by one", '{"$or":[{"a":{"$gte":4}},' + rest) in made
    assert ("dropped item", '{"$or":[' + rest) in made
    assert (
        "off by one",
        '{"$or":[{"a":{"$gte":3}},{"b":{"$in":["x","y"]}},{"c":{"$eq":"2025-01-02"}}]}',
    ) in made


def test_nearly_all_small_errors_in_the_cases_are_seen() -> None:
    found = mutants.evaluate(load(("dev",)))
    assert found.made.total() > 2_000
    assert found.share >= 0.995, found.missed

"""The check is the only gate, also for what the reader itself says; any words end in a reply."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from segmentry.builder.build import build
from segmentry.builder.events import SubtaskFailed
from segmentry.builder.finish import Job, finish
from segmentry.builder.request import Options, Place
from segmentry.criteria import canonical, check
from segmentry.criteria.nodes import And, Leaf, Node, Not, Operator, Or
from segmentry.customers.snapshots import SnapshotStore
from segmentry.errors import MissingField
from segmentry.reader.draft import Draft, DraftReading, LeafOrigin

from .conftest import Listener


async def test_criteria_of_the_reader_that_the_check_refuses_become_a_question(
    place: Place, store: SnapshotStore, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = Leaf("engagmentScore", Operator.GTE, 70)
    fine = Leaf("engagementScore", Operator.GTE, 70)
    readings = (DraftReading("fine", fine), DraftReading("wrong too", wrong))
    draft = Draft("ok", wrong, 0.95, (LeafOrigin(wrong, "said", (), 0.95),), readings)
    outcome = await finish(draft, Job("b_1", place, Options(), store, listener))
    assert outcome.result is None
    question = outcome.clarification
    assert question is not None
    assert (question.reason, question.suggestions) == ("INVALID_FIELD", ("engagementScore",))
    assert [reading.label for reading in question.readings] == ["fine"]
    assert question.readings[0].count is not None
    [failed] = [event for event in listener.heard if isinstance(event, SubtaskFailed)]
    assert (failed.agent, failed.degraded, failed.error.message) == (
        "checker",
        True,
        "Unknown field: engagmentScore",
    )
    assert "INVALID_FIELD" in caplog.text


@pytest.mark.parametrize("node", [And(()), Not(Or(()))], ids=["empty and", "not of an empty or"])
async def test_tree_that_says_nothing_is_no_segment_of_everyone(
    node: Node, place: Place, store: SnapshotStore, listener: Listener
) -> None:
    fine = Leaf("engagementScore", Operator.GTE, 70)
    draft = Draft("ok", node, 0.95, readings=(DraftReading("nothing", node), DraftReading("fine", fine)))
    outcome = await finish(draft, Job("b_1", place, Options(), store, listener))
    assert outcome.clarification is not None
    assert outcome.clarification.partial is None
    assert [reading.label for reading in outcome.clarification.readings] == ["fine"]


VOCABULARY = (
    *(
        "active",
        "inactive",
        "golfers",
        "with",
        "handicap",
        "engagementScore",
        "under",
        "over",
        "between",
        "not",
    ),
    *(
        "or",
        "and",
        "10",
        "70",
        "%",
        "in",
        "the",
        "last",
        "60",
        "days",
        "never",
        "platinum",
        "ZA",
        "high",
        "low",
    ),
    *("churn", "email", "opt-in", "haven't", "booked", "(", ")", ",", "{", "}", "$gt", "é", "💥", "\u202e"),
)
WORDS = st.lists(st.sampled_from(VOCABULARY) | st.text(max_size=8), min_size=1, max_size=15).map(" ".join)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=WORDS)
def test_any_words_end_in_a_checked_segment_or_a_question(
    words: str, place: Place, store: SnapshotStore
) -> None:
    if not words.strip():
        with pytest.raises(MissingField):
            asyncio.run(build(words, place, Options(), store, build_id="b_1"))
        return
    outcome = asyncio.run(build(words, place, Options(), store, build_id="b_1"))
    again = asyncio.run(build(words, place, Options(), store, build_id="b_1"))
    assert again == outcome
    if outcome.result is None:
        assert outcome.clarification is not None
        assert outcome.clarification.confidence <= 1
        return
    assert outcome.clarification is None
    assert outcome.result.confidence >= 0.5
    assert check.check(outcome.result.node, place.catalog, place.clock).errors == ()
    assert outcome.result.canonical_json == canonical.text(outcome.result.node, place.catalog)
    for entry in outcome.result.provenance:
        for span in entry.spans:
            assert words[span.start : span.end] == span.text

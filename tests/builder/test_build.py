"""Plain words to a checked, counted, explained segment, or a question back."""

from __future__ import annotations

import pytest
from segmentry.builder.build import build
from segmentry.builder.events import Partial, Preview, Started, SubtaskStarted, SubtaskSucceeded
from segmentry.builder.outcome import Fallback, Outcome
from segmentry.builder.request import Answer, Options, Place
from segmentry.criteria import canonical, check, match, parse, render, walk
from segmentry.criteria.nodes import And, Node
from segmentry.customers.snapshot import Snapshot
from segmentry.customers.snapshots import SnapshotStore
from segmentry.errors import InvalidParameters, MissingField, ModelNotUsable, QueryTooLong

from .conftest import Listener

SOURCE_PAIRS = {
    "Find platinum and diamond members who are active":
        '{"$and":[{"membershipTier":{"$in":["PLATINUM","DIAMOND"]}},{"status":"ACTIVE"}]}',
    "Platinum and diamond members":
        '{"membershipTier":{"$in":["PLATINUM","DIAMOND"]}}',
    "Golfers with handicap under 10":
        '{"handicap":{"$lt":10}}',
    "Active customers who haven't booked in 60 days":
        '{"$and":[{"status":"ACTIVE"},{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}}]}',
    "High engagement, low churn risk":
        '{"$and":[{"engagementScore":{"$gte":70}},{"churnRiskScore":{"$lte":30}}]}',
    "Email subscribers in South Africa":
        '{"$and":[{"emailOptIn":true},{"country":"ZA"}]}',
    "New members this year":
        '{"memberSince":{"$gte":"{{START_OF_YEAR}}"}}',
    "Inactive members with high LTV":
        '{"$and":[{"status":"INACTIVE"},{"lifetimeValue":{"$gte":500000}}]}',
    "High-value members at risk of churning":
        '{"$and":[{"lifetimeValue":{"$gte":100000}},{"churnRiskScore":{"$gte":70}}]}',
    "Find platinum members who haven't booked in 60 days":
        '{"$and":[{"membershipTier":"PLATINUM"},{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}}]}',
}  # fmt: skip


async def built(query: str, place: Place, store: SnapshotStore, **options: object) -> Outcome:
    return await build(query, place, Options(**options), store, build_id="b_1")  # pyright: ignore[reportArgumentType]  # any option by name


def brute_force(node: Node, place: Place, club: Snapshot) -> int:
    bound = check.require(node, place.catalog, place.clock).bound
    return sum(match.matches(bound, row, place.clock.as_of) for row in club.rows_as_mappings())


@pytest.mark.parametrize("query", SOURCE_PAIRS)
async def test_source_query_gives_the_source_criteria_with_a_true_count(
    query: str, place: Place, store: SnapshotStore, club: Snapshot
) -> None:
    outcome = await built(query, place, store)
    result = outcome.result
    assert result is not None
    expected = parse.loads(SOURCE_PAIRS[query])
    assert canonical.text(result.node) == canonical.text(expected)
    assert render.to_json(result.node) == render.to_json(expected)
    assert result.canonical_json == canonical.text(expected, place.catalog)
    assert result.fingerprint == canonical.fingerprint(expected, place.catalog)
    assert result.fields == walk.fields(expected)
    assert result.explanation == render.english(expected, place.catalog, place.clock)
    assert result.confidence >= 0.85
    assert result.ambiguities == ()
    assert result.unexplained == ()
    assert outcome.preview is not None
    assert outcome.preview.matched == brute_force(expected, place, club)
    assert outcome.fallbacks == ()


@pytest.mark.parametrize("query", SOURCE_PAIRS)
async def test_every_leaf_says_which_words_it_came_from_and_how_many_it_selects(
    query: str, place: Place, store: SnapshotStore, club: Snapshot
) -> None:
    result = (await built(query, place, store)).result
    assert result is not None
    leaves = walk.leaves(result.node)
    assert [entry.leaf_id for entry in result.provenance] == [f"l{n}" for n, _ in enumerate(leaves, 1)]
    for entry, leaf in zip(result.provenance, leaves, strict=True):
        assert entry.path == leaf.path
        assert entry.source in {"said", "assumed"}
        assert entry.spans
        for span in entry.spans:
            assert query[span.start : span.end] == span.text
        assert entry.count == brute_force(leaf, place, club)


async def test_haven_not_booked_has_a_second_reading_larger_by_those_who_never_booked(
    place: Place, store: SnapshotStore, club: Snapshot
) -> None:
    result = (await built("Active customers who haven't booked in 60 days", place, store)).result
    assert result is not None
    chosen, also_never = result.readings
    assert (chosen.chosen, also_never.chosen) == (True, False)
    never = parse.loads('{"status":"ACTIVE","lastBookingAt":{"$exists":false}}')
    assert chosen.count is not None
    assert also_never.count == chosen.count + brute_force(never, place, club)


async def test_resolved_criteria_hold_the_instant_of_the_request(place: Place, store: SnapshotStore) -> None:
    result = (await built("haven't booked in 60 days", place, store)).result
    assert result is not None
    assert render.to_json(result.resolved) == {"lastBookingAt": {"$lt": "2025-10-17T00:00:00Z"}}


async def test_progress_of_every_subtask_comes_in_order(
    place: Place, store: SnapshotStore, listener: Listener
) -> None:
    await build(
        "active golfers with handicap under 10", place, Options(), store, build_id="b_1", emit=listener
    )
    heard = listener.heard
    assert isinstance(heard[0], Started)
    assert heard[0].planned_agents == ("reader", "checker", "counter")
    told = [
        (type(event).__name__, event.agent)
        for event in heard
        if isinstance(event, SubtaskStarted | SubtaskSucceeded)
    ]
    assert told == [
        (kind, agent)
        for agent in ("reader", "checker", "counter")
        for kind in ("SubtaskStarted", "SubtaskSucceeded")
    ]
    partials = [event for event in heard if isinstance(event, Partial)]
    assert [partial.draft for partial in partials] == [True, False]
    assert partials[0].coverage == 1.0
    previews = [event for event in heard if isinstance(event, Preview)]
    assert [preview.leaf_id for preview in previews] == ["l1", "l2", ""]
    assert heard.index(partials[1]) < heard.index(previews[0])


async def test_vague_query_becomes_questions_with_counted_readings(
    place: Place, store: SnapshotStore, club: Snapshot
) -> None:
    outcome = await built("engaged users", place, store)
    question = outcome.clarification
    assert question is not None
    assert outcome.result is None
    assert question.reason == "AMBIGUOUS_QUERY"
    assert question.confidence < 0.5
    assert "engaged" in question.suggestions[0]
    assert question.questions[0].span is not None
    assert question.questions[0].span.text == "engaged"
    assert {reading.reading_id for reading in question.readings} >= set(question.questions[0].reading_ids)
    for reading in question.readings:
        if "$top" not in canonical.text(reading.node):
            assert reading.count == brute_force(reading.node, place, club)
    assert [fallback.reason for fallback in outcome.fallbacks] == ["LLM_NOT_CONFIGURED"]


async def test_answer_to_a_question_finishes_the_segment(
    place: Place, store: SnapshotStore, club: Snapshot
) -> None:
    first = (await built("engaged users", place, store)).clarification
    assert first is not None
    question = first.questions[0]
    for reading_id in question.reading_ids:
        outcome = await built(
            "engaged users", place, store, answers=(Answer(question.question_id, reading_id),)
        )
        assert outcome.result is not None
        assert outcome.preview is not None
        [reading] = [reading for reading in first.readings if reading.reading_id == reading_id]
        assert canonical.text(outcome.result.node) == canonical.text(reading.node)
        assert outcome.preview.matched == reading.count
        assert outcome.result.confidence >= 0.5


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ((Answer("q1", "r_0000000000000000"),), "options.answers[0].reading_id"),
        ((Answer("q99", "r_0000000000000000"),), "options.answers[0].question_id"),
    ],
    ids=["unknown reading", "unknown question"],
)
async def test_answer_that_belongs_to_other_words_is_refused(
    answers: tuple[Answer, ...], field: str, place: Place, store: SnapshotStore
) -> None:
    with pytest.raises(InvalidParameters) as raised:
        await built("engaged users", place, store, answers=answers)
    assert raised.value.metadata["field"] == field


async def test_two_answers_to_one_question_are_refused(place: Place, store: SnapshotStore) -> None:
    first = (await built("engaged users", place, store)).clarification
    assert first is not None
    one, other = first.questions[0].reading_ids[:2]
    with pytest.raises(InvalidParameters, match="two readings for one question"):
        await built("engaged users", place, store, answers=(Answer("q1", one), Answer("q1", other)))


async def test_answers_to_two_questions_hold_together_with_what_was_understood(
    place: Place, store: SnapshotStore
) -> None:
    words = "engaged users who booked recently"
    first = (await built(words, place, store)).clarification
    assert first is not None
    assert len(first.questions) == 2
    by_id = {each.reading_id: each.node for each in first.readings}
    picks = [question.reading_ids[0] for question in first.questions]
    answers = tuple(Answer(f"q{number}", pick) for number, pick in enumerate(picks, start=1))
    outcome = await built(words, place, store, answers=answers)
    assert outcome.result is not None
    whole = canonical.text(outcome.result.node)
    for pick in picks:
        node = by_id[pick]
        for part in node.items if isinstance(node, And) else (node,):
            assert canonical.text(part) in whole
    assert outcome.preview is not None
    assert outcome.preview.matched is not None
    assert outcome.preview.matched <= min(
        each.count for each in first.readings if each.reading_id in picks and each.count is not None
    )


async def test_words_nobody_read_lower_the_confidence_and_are_listed(
    place: Place, store: SnapshotStore
) -> None:
    clear = (await built("active golfers", place, store)).result
    outcome = await built("active golfers zorgling the frumious quux", place, store)
    assert clear is not None
    confidence = outcome.result or outcome.clarification
    assert confidence is not None
    assert confidence.confidence < clear.confidence


async def test_request_for_an_action_is_out_of_scope(place: Place, store: SnapshotStore) -> None:
    question = (await built("delete all customers", place, store)).clarification
    assert question is not None
    assert question.reason == "OUT_OF_SCOPE"


async def test_skip_preview_counts_nothing(place: Place, store: SnapshotStore, listener: Listener) -> None:
    options = Options(skip_preview=True)
    outcome = await build("active golfers", place, options, store, build_id="b_1", emit=listener)
    assert outcome.result is not None
    assert (outcome.preview, outcome.snapshot_id) == (None, "")
    assert [entry.count for entry in outcome.result.provenance] == [None]
    assert not any(isinstance(event, Preview) for event in listener.heard)
    assert isinstance(listener.heard[0], Started)
    assert "counter" not in listener.heard[0].planned_agents


async def test_dry_run_only_plans(place: Place, store: SnapshotStore, listener: Listener) -> None:
    outcome = await build("active", place, Options(dry_run=True), store, build_id="b_1", emit=listener)
    assert (outcome.result, outcome.clarification, outcome.preview) == (None, None, None)
    assert [type(event) for event in listener.heard] == [Started]


async def test_offline_only_names_no_fallback_because_none_was_planned(
    place: Place, store: SnapshotStore, listener: Listener
) -> None:
    options = Options(offline_only=True)
    outcome = await build("engaged users", place, options, store, build_id="b_1", emit=listener)
    assert outcome.fallbacks == ()
    assert not any(isinstance(event, Fallback) for event in listener.heard)


@pytest.mark.parametrize(
    ("query", "options", "error", "metadata"),
    [
        ("", Options(), MissingField, {"field": "query"}),
        (" \n\t ", Options(), MissingField, {"field": "query"}),
        ("x" * 2001, Options(), QueryTooLong, {"actual": "2001", "maximum": "2000"}),
        ("active", Options(require_llm=True), ModelNotUsable, {"cause": "LLM_NOT_CONFIGURED"}),
        (
            "active",
            Options(require_llm=True, offline_only=True),
            InvalidParameters,
            {"field": "options.offline_only"},
        ),
        ("active", Options(max_cost_usd=float("nan")), InvalidParameters, {"field": "options.max_cost_usd"}),
    ],
    ids=["empty", "blank", "too long", "no model", "contradiction", "price"],
)  # fmt: skip
async def test_refused_before_any_work(  # noqa: PLR0917  # one argument per column of the table, and fixtures
    query: str,
    options: Options,
    error: type[Exception],
    metadata: dict[str, str],
    place: Place,
    store: SnapshotStore,
    listener: Listener,
) -> None:
    with pytest.raises(error) as raised:
        await build(query, place, options, store, build_id="b_1", emit=listener)
    assert metadata.items() <= getattr(raised.value, "metadata", {}).items()
    assert listener.heard == []


async def test_query_of_2000_code_points_is_read(place: Place, store: SnapshotStore) -> None:
    query = "active golfers " + "é" * 1985
    assert len(query) == 2000
    outcome = await built(query, place, store)
    assert (outcome.result is None) != (outcome.clarification is None)


async def test_count_of_nobody_is_zero_with_a_warning(place: Place, store: SnapshotStore) -> None:
    outcome = await built("golfers with handicap under 0", place, store)
    assert outcome.result is not None
    assert outcome.preview is not None
    assert outcome.preview.matched == 0
    assert "MATCHES_NOBODY" in {warning.reason for warning in outcome.warnings}

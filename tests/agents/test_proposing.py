"""Segments from field statistics: what passes is checked criteria, the rest is dropped with its place."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from segmentry.agents.field_statistics import FieldStatistics
from segmentry.agents.proposing import Proposal, propose
from segmentry.criteria import canonical
from segmentry.criteria.catalog import Catalog, Field, FieldValue
from segmentry.criteria.dates import Clock

from tests.agents import tables
from tests.agents.benches import Bench, allowed, bench
from tests.vendor.menu import MENU
from tests.vendor.plans import Pace, Plan

CATALOG = Catalog(
    "allotment",
    (
        Field("plotSize", "number", unit="square metres"),
        Field("section", "enum", values=tuple(FieldValue(each) for each in ("NORTH", "SOUTH", "POND"))),
        Field("hasShed", "boolean"),
        Field("leaseEnd", "datetime"),
        Field("crops", "array", values=(FieldValue("leeks"), FieldValue("roses"))),
        Field("soil", "number"),
        Field("mail", "string", pii=True, values=(FieldValue(tables.CANARY),)),
        Field("street", "string", llm="name", values=(FieldValue(tables.CANARY),)),
        Field("trade", "string", values=(FieldValue(tables.CANARY, sampled=True),)),
    ),
)
STATISTICS = (
    FieldStatistics("plotSize", 0, 90, minimum=40, maximum=601.25, mean=160),
    FieldStatistics("section", 0, 3, top_values=(("NORTH", 60), ("SOUTH", 30), ("POND", 4))),
    FieldStatistics("hasShed", 0, 2, top_values=(("true", 70), ("false", 30))),
    FieldStatistics("leaseEnd", 0, 50),
    FieldStatistics("crops", 0, 2, top_values=(("leeks", 60), ("roses", 40))),
    *(FieldStatistics(name, 0, 9, top_values=((tables.CANARY, 90),)) for name in ("mail", "street", "trade")),
    FieldStatistics("soil", 0, 3, top_values=(("2", 60), ("1", 36), ("3", 4)), is_code=True),
)


def rule(field: str, op: str, *values: str) -> dict[str, object]:
    return {"field": field, "op": op, "values": list(values)}


def segment(*rules: dict[str, object], name: str = "Large plots", **texts: str) -> dict[str, object]:
    said = {"description": "Gardeners with a large plot.", "suggested_use": "Offer seeds."} | texts
    return {"name": name, "rules": list(rules), **said}


def answer(*segments: dict[str, object]) -> Plan:
    return Plan(answer=json.dumps({"segments": list(segments)}))


async def proposed(asked: Bench, clock: Clock, **more: int) -> Proposal:
    return await propose(STATISTICS, 100, (2, 5), CATALOG, clock, asked.asker, allowed(**more))


LARGE = rule("plotSize", "gte", "250")


async def test_every_kind_of_rule_becomes_criteria_that_the_check_takes(clock: Clock) -> None:
    plan = answer(
        segment(LARGE, rule("hasShed", "eq", "true")),
        segment(rule("plotSize", "gt", "90"), rule("plotSize", "lte", "160.5")),
        segment(rule("section", "in", "north", "SOUTH")),
        segment(rule("crops", "contains", "roses"), rule("leaseEnd", "lt", "2026-03-01")),
        segment(rule("soil", "in", "1", "2")),
    )
    async with bench(plan) as asked:
        found = await proposed(asked, clock)
    assert found.failure is None
    assert found.faults == ()
    texts = [canonical.text(each.node, CATALOG) for each in found.segments]
    assert texts[0] == '{"$and":[{"hasShed":{"$eq":true}},{"plotSize":{"$gte":250}}]}'
    assert '"$gt":90' in texts[1]
    assert '"$lte":160.5' in texts[1]
    assert texts[4] == '{"soil":{"$in":[1,2]}}'
    assert texts[2] == '{"section":{"$in":["NORTH","SOUTH"]}}'
    assert found.usage.calls == 1
    assert len(found.prompt_version) == 12


@pytest.mark.parametrize(
    ("rules", "code", "place"),
    [
        ([rule("shoeSize", "gt", "9")], "UNKNOWN_FIELD", "segments[0].rules[0].field"),
        ([rule("mail", "eq", tables.CANARY)], "UNKNOWN_FIELD", "segments[0].rules[0].field"),
        ([rule("plotSize", "gt", "many")], "BAD_NUMBER", "segments[0].rules[0].values[0]"),
        ([rule("plotSize", "gt", "9000")], "BAD_NUMBER", "segments[0].rules[0].values[0]"),
        ([rule("plotSize", "gt", "NaN")], "BAD_NUMBER", "segments[0].rules[0].values[0]"),
        ([rule("section", "eq", "EAST")], "UNKNOWN_ENUM", "segments[0].rules[0].values[0]"),
        ([rule("section", "eq", "POND")], "UNKNOWN_ENUM", "segments[0].rules[0].values[0]"),
        ([rule("trade", "eq", tables.CANARY)], "UNKNOWN_ENUM", "segments[0].rules[0].values[0]"),
        ([rule("hasShed", "eq", "maybe")], "UNKNOWN_ENUM", "segments[0].rules[0].values[0]"),
        ([rule("leaseEnd", "eq", "2026-01-01")], "BAD_DATE", "segments[0].rules[0].values[0]"),
        ([rule("section", "gt", "NORTH")], "OP_NOT_ALLOWED", "segments[0].rules[0].values[0]"),
        ([rule("soil", "gte", "2")], "OP_NOT_ALLOWED", "segments[0].rules[0].values[0]"),
        ([rule("soil", "eq", "3")], "UNKNOWN_ENUM", "segments[0].rules[0].values[0]"),
        ([rule("section", "in", "NORTH")], "BAD_SHAPE", "segments[0].rules[0].values"),
        ([rule("plotSize", "gt", "90", "100")], "BAD_SHAPE", "segments[0].rules[0].values"),
        ([rule("plotSize", "gt", "90"), LARGE], "BAD_LOGIC", "segments[0].rules"),
        ([], "BAD_SHAPE", "segments[0].rules"),
        ([LARGE] * 5, "BAD_LOGIC", "segments[0].rules"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
async def test_a_rule_that_does_not_hold_costs_its_segment_and_the_expert_is_told_once(
    rules: list[dict[str, object]], code: str, place: str, clock: Clock
) -> None:
    async with bench(answer(segment(*rules), segment(LARGE))) as asked:
        found = await proposed(asked, clock)
        assert asked.vendor.n_calls == 2
        assert f"{place}: {code}" in str(asked.vendor.calls[1].body["messages"])
    assert [canonical.text(each.node, CATALOG) for each in found.segments] == ['{"plotSize":{"$gte":250}}']
    assert [(each.code, each.place) for each in found.faults] == [(code, place)]


async def test_an_answer_that_is_put_right_stands(clock: Clock) -> None:
    async with bench(answer(segment(rule("plotSize", "gt", "9000"))), answer(segment(LARGE))) as asked:
        found = await proposed(asked, clock)
    assert len(found.segments) == 1
    assert found.faults == ()
    assert found.usage.calls == 2


async def test_numbers_that_no_rule_holds_and_names_that_are_none_do_not_stand(clock: Clock) -> None:
    made_up = segment(LARGE, description="342 gardeners with more than 250 square metres.", name="<b>Top</b>")
    told = segment(
        rule("plotSize", "gte", "300"), description="Over 300 square metres.", suggested_use="Up 12 %."
    )
    async with bench(answer(made_up, told)) as asked:
        found = await proposed(asked, clock)
    assert [(each.name, each.description, each.suggested_use) for each in found.segments] == [
        ("", "", "Offer seeds."),
        ("Large plots", "Over 300 square metres.", ""),
    ]


async def test_no_more_than_are_wanted_and_none_twice(clock: Clock) -> None:
    sizes = [segment(rule("plotSize", "gte", str(size))) for size in (100, 100, 200, 300, 400, 500, 600)]
    async with bench(answer(*sizes)) as asked:
        found = await proposed(asked, clock)
    assert [each.rules[0].values[0] for each in found.segments] == ["100", "200", "300", "400", "500"]


async def test_nothing_that_may_not_leave_is_in_a_prompt_or_its_repair(clock: Clock) -> None:
    wrong = answer(*(segment(rule(name, "eq", "x")) for name in ("mail", "street", "trade", "section")))
    async with bench(wrong) as asked:
        await proposed(asked, clock)
        assert asked.vendor.n_calls == 2
        assert tables.CANARY not in asked.prompts
        assert "POND" not in asked.prompts  # fewer than five gardeners
        assert "601" not in asked.prompts  # the largest plot is one gardener's
        assert "- mail" not in asked.prompts


@pytest.mark.parametrize(
    ("fault", "cause", "calls"),
    [
        ("refusal", "LLM_REFUSED", 1),
        ("quota", "LLM_QUOTA_EXHAUSTED", 1),
        ("server_error", "LLM_UNAVAILABLE", 2),
        ("html", "LLM_BAD_OUTPUT", 2),
        ("truncated", "LLM_TRUNCATED", 2),
        ("deep", "LLM_BAD_OUTPUT", 2),
        ("obedient", "LLM_BAD_OUTPUT", 2),
    ],
)
async def test_a_fault_of_the_vendor_is_a_value_with_its_cause_and_its_calls(
    fault: str, cause: str, calls: int, clock: Clock
) -> None:
    async with bench(MENU[fault]) as asked:
        found = await proposed(asked, clock)
        assert found.failure is not None
        assert (found.failure.cause, found.segments) == (cause, ())
        assert asked.vendor.n_calls == found.usage.calls == calls


async def test_time_and_calls_are_those_of_the_allowance(clock: Clock) -> None:
    async with bench(replace(answer(segment(LARGE)), pace=Pace(30.0))) as asked:
        late = await propose(STATISTICS, 100, (2, 5), CATALOG, clock, asked.asker, allowed(within_s=0.2))
        assert late.failure is not None
        assert late.failure.cause == "LLM_TIMEOUT"
        none = await proposed(asked, clock, most_calls=0)
        assert none.failure is not None
        assert asked.vendor.n_calls == 1
        # who was not allowed to make a call was never asked
        assert asked.asker.counters.of("statistics", late.prompt_version, "demo").unanswered == 1


async def test_a_table_without_a_field_that_may_be_told_asks_nobody(clock: Clock) -> None:
    async with bench(answer(segment(LARGE))) as asked:
        found = await propose(STATISTICS[5:6], 100, (2, 5), CATALOG, clock, asked.asker, allowed())
        assert found.failure is not None
        assert asked.vendor.n_calls == 0

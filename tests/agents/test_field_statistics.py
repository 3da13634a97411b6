"""What the analysis tells a model: statistics of fields that may be told, no rare value, no person."""

from __future__ import annotations

from segmentry.agents.field_statistics import FieldStatistics, statistics_message, told_fields
from segmentry.agents.registry import expert
from segmentry.criteria.catalog import Catalog, Field, FieldValue

from tests.agents import tables

CATALOG = Catalog(
    "shop",
    (
        Field("spend", "number", description="Spend of a year", unit="EUR"),
        Field("channel", "string", values=(FieldValue("web"), FieldValue("shop"), FieldValue(tables.CANARY))),
        Field("plan", "string", values=(FieldValue(tables.CANARY, sampled=True),)),
        Field("mail", "string", pii=True),
        Field("city", "string", llm="name"),
        Field("score", "number", hidden=True),
        Field("id", "string", role="id"),
        Field("optIn", "boolean"),
        Field("region", "number"),
        Field("plate", "number"),
    ),
)
STATISTICS = (
    FieldStatistics("spend", missing=10, distinct=80, minimum=0, maximum=1234567.5, mean=812.25),
    FieldStatistics(
        "channel", missing=0, distinct=3, top_values=(("web", 60), ("shop", 5), (tables.CANARY, 4))
    ),
    FieldStatistics("plan", missing=0, distinct=3, top_values=((tables.CANARY, 60), ("gold", 40))),
    FieldStatistics("mail", missing=0, distinct=90, top_values=((tables.CANARY, 90),)),
    FieldStatistics("city", missing=0, distinct=9, top_values=((tables.CANARY, 90),)),
    FieldStatistics("score", missing=0, distinct=9, minimum=1, maximum=731.25),
    FieldStatistics(
        "region", missing=0, distinct=3, top_values=(("3", 60), ("1", 36), ("7", 4)), is_code=True
    ),
    FieldStatistics("plate", missing=0, distinct=13, top_values=(("731", 60), ("1", 36)), is_code=True),
    FieldStatistics("optIn", missing=0, distinct=2, top_values=(("true", 70), ("false", 30))),
)


def test_only_fields_whose_values_may_leave_are_told() -> None:
    names = [field.name for field in CATALOG.fields] + ["nowhere"]
    assert [field.name for field in told_fields(CATALOG, names).fields] == [
        "spend",
        "channel",
        "plan",
        "optIn",
        "region",
        "plate",
    ]


def test_a_message_holds_statistics_and_no_rare_value() -> None:
    group = told_fields(CATALOG, [field.name for field in CATALOG.fields])
    assert statistics_message(group, STATISTICS, 100, (2, 5)).splitlines() == [
        "Customers: 100",
        "Segments wanted: 2 to 5",
        "Fields:",
        "- spend: number in EUR; Spend of a year; 0 to 1200000, average 810; 10 % have no value",
        '- channel: text; 3 different values; most frequent "web", "shop"',
        "- plan: text; 3 different values",
        '- region: code in numbers, takes eq or in alone; 3 different values; most frequent "3", "1"',
        "- plate: code in numbers, takes eq or in alone; 13 different values",
        "- optIn: yes or no; 2 different values",
    ]


def test_hostile_texts_stay_on_the_line_of_their_field() -> None:
    catalog = Catalog(
        "t", (Field("a", "string", description=tables.HOSTILE), Field(tables.HOSTILE, "string"))
    )
    group = told_fields(catalog, ["a", tables.HOSTILE])
    statistics = [
        FieldStatistics(name, 0, 1, top_values=((tables.HOSTILE, 9),)) for name in ("a", tables.HOSTILE)
    ]
    lines = statistics_message(group, statistics, 9, (2, 3)).splitlines()
    assert [line.split(":")[0] for line in lines] == [
        *("Customers", "Segments wanted", "Fields"),
        *("- a", "- field_2"),
    ]


def test_the_expert_may_name_the_told_fields_alone() -> None:
    made = expert("statistics", group=told_fields(CATALOG, ["spend", "mail", "optIn"]))
    assert '"enum": ["spend", "optIn"]' in str(made.schema.body).replace("'", '"')
    assert "mail" not in str(made.schema.body)

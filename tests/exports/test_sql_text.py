"""The text of SQL conditions: what a reader sees, what it is made of, and that other parsers read it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from segmentry.criteria import check, parse
from segmentry.criteria.catalog import Catalog, EventProperty, EventType, Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.export.dialects import BY_NAME, CLICKHOUSE, POSTGRESQL
from segmentry.criteria.export.exported import Source
from segmentry.criteria.export.sql import condition, quoted, relation
from segmentry.criteria.export.statement import export
from segmentry.criteria.nodes import And, Event, Leaf, Node, Operator, Segment, Top
from segmentry.errors import ExportUnsupported
from sqlglot import exp

from tests.customers.test_differential import AS_OF, CATALOG, LEAVES, TREES
from tests.exports.sql_tables import KEY, OWNER, TIME, keyed

CLOCK = Clock.at(datetime(2025, 12, 16, 10, tzinfo=UTC))
GOLF = Catalog(
    "crm.customers",
    (
        Field("status", "enum", column="status"),
        Field("lastBookingAt", "datetime", column="last_booking_at"),
        Field("tags", "array"),
        Field("email", "string"),
        Field("handicap", "number"),
        Field("city", "string", case_insensitive=True),
    ),
    (
        EventType(
            "booking",
            (
                EventProperty("amount", "number", integer=True),
                EventProperty("club", "string", column="club_id"),
            ),
            table="crm.booking",
        ),
    ),
    key="customer_id",
)
DESIGN = (
    '{"$and":[{"status":"ACTIVE"},{"$not":{"$or":[{"lastBookingAt":{"$gte":"{{60_DAYS_AGO}}"}},{"tags":"vip"}]}},'
    '{"email":{"$endsWith":".co.za"}}]}'
)


def written(criteria: str, dialect: str, catalog: Catalog = GOLF) -> tuple[str, tuple[object, ...]]:
    bound = check.require(parse.loads(criteria), catalog, CLOCK).bound
    found = condition(bound, catalog, BY_NAME[dialect], CLOCK.as_of)
    return found.text, found.parameters


SINCE = datetime(2025, 10, 17, tzinfo=UTC)
TEXTS = {
    "postgresql": (
        (
            '("status" = $1::text AND (("last_booking_at" IS NULL OR "last_booking_at" < $2::timestamptz) AND '  # noqa: E501
            '("tags" IS NULL OR NOT ("tags" && $3::text[]))) AND "email" LIKE $4::text ESCAPE \'\\\')'
        ),
        ("ACTIVE", SINCE, ("vip",), "%.co.za"),
    ),
    "duckdb": (
        (
            '("status" = $1::VARCHAR AND (("last_booking_at" IS NULL OR "last_booking_at" < $2::TIMESTAMP) AND '  # noqa: E501
            '("tags" IS NULL OR NOT list_contains("tags", $3::VARCHAR))) AND ends_with("email", $4::VARCHAR))'
        ),
        ("ACTIVE", SINCE, "vip", ".co.za"),
    ),
    "clickhouse": (
        (
            '("status" = {p1:String} AND (("last_booking_at" IS NULL OR "last_booking_at" < '
            'fromUnixTimestamp64Micro({p2:Int64}, \'UTC\')) AND ("tags" IS NULL OR NOT hasAny("tags", '
            '{p3:Array(String)}))) AND endsWith("email", {p4:String}))'
        ),
        ("ACTIVE", 1_760_659_200_000_000, ("vip",), ".co.za"),
    ),
    "bigquery": (
        (
            "(`status` = CAST(@p1 AS STRING) AND ((`last_booking_at` IS NULL OR `last_booking_at` < "
            "CAST(@p2 AS TIMESTAMP)) AND NOT EXISTS (SELECT 1 FROM UNNEST(`tags`) AS element WHERE element IN "  # noqa: E501
            "UNNEST(CAST(@p3 AS ARRAY<STRING>)))) AND ENDS_WITH(`email`, CAST(@p4 AS STRING)))"
        ),
        ("ACTIVE", SINCE, ("vip",), ".co.za"),
    ),
}


@pytest.mark.parametrize("dialect", TEXTS)
def test_the_condition_reads_as_a_person_would_write_it(dialect: str) -> None:
    assert written(DESIGN, dialect) == TEXTS[dialect]


def test_an_event_is_one_subquery_that_knows_nothing_of_the_customer() -> None:
    criteria = (
        '{"$event":{"name":"booking","where":{"club":"A"},"count":{"$gte":3},"within":"{{30_DAYS_AGO}}"}}'
    )
    text = (
        '"customer_id" IN (SELECT e."customer_id" FROM "crm"."booking" AS e WHERE e."at" >= $1::timestamptz '
        'AND e."at" < $2::timestamptz AND e."club_id" = $3::text GROUP BY e."customer_id" '
        "HAVING count(*) >= $4::bigint)"
    )
    assert written(criteria, "postgresql") == (
        text,
        (datetime(2025, 11, 16, tzinfo=UTC), CLOCK.as_of, "A", 3),
    )


def test_people_without_events_are_met_by_what_holds_for_none() -> None:
    text, parameters = written('{"$event":{"name":"booking","count":0}}', "duckdb")
    assert text == (
        '("customer_id" IS NULL OR "customer_id" NOT IN (SELECT e."customer_id" FROM "crm"."booking" AS e '
        'WHERE e."customer_id" IS NOT NULL AND e."at" < $1::TIMESTAMP GROUP BY e."customer_id"))'
    )
    assert parameters == (CLOCK.as_of,)


def test_postgresql_joins_away_who_did_it_but_not_inside_a_filter() -> None:
    never = Event("booking", operator=Operator.EQ, value=0)
    chosen = (
        'SELECT e."customer_id" FROM "crm"."booking" AS e WHERE e."customer_id" IS NOT NULL '
        'AND e."at" < $1::timestamptz GROUP BY e."customer_id"'
    )
    assert condition(never, GOLF, POSTGRESQL, AS_OF).text == (
        f'NOT EXISTS (SELECT 1 FROM ({chosen}) AS t("their key") WHERE t."their key" = "customer_id")'
    )
    inside = condition(never, GOLF, POSTGRESQL, AS_OF, filtered=True)
    assert inside.text == f'("customer_id" IS NULL OR "customer_id" NOT IN ({chosen}))'


def test_a_field_without_case_reads_its_folded_column() -> None:
    assert written('{"city":"PAARL"}', "postgresql") == ('"city_folded" = $1::text', ("paarl",))


def test_placeholders_start_where_the_caller_says() -> None:
    leaf = Leaf("email", Operator.EQ, "x")
    assert condition(And((leaf, leaf)), GOLF, POSTGRESQL, AS_OF, first=4).text == (
        '("email" = $4::text AND "email" = $5::text)'
    )


def test_a_column_of_nan_is_read_as_unset_where_that_is_said() -> None:
    leaf = Leaf("handicap", Operator.GTE, 70.0)
    assert "BETWEEN" not in condition(leaf, GOLF, POSTGRESQL, AS_OF).text
    guarded = condition(leaf, GOLF, POSTGRESQL, AS_OF, nan_columns=frozenset({"handicap"}))
    assert guarded.text.startswith('CASE WHEN "handicap" BETWEEN')


@pytest.mark.parametrize("left", [Top("handicap", 10), Segment("seg_1")])
def test_what_was_not_resolved_is_an_error_of_the_caller(left: Node) -> None:
    with pytest.raises(ValueError, match="was not resolved"):
        condition(left, GOLF, POSTGRESQL, AS_OF)


def test_events_need_a_key_column() -> None:
    keyless = Catalog("t", GOLF.fields, GOLF.events)
    with pytest.raises(ExportUnsupported) as caught:
        written('{"$event":{"name":"booking"}}', "sqlite", keyless)
    assert caught.value.metadata["path"] == "$event"


@pytest.mark.parametrize("dialect", BY_NAME)
def test_a_name_cannot_leave_its_quotes(dialect: str) -> None:
    quote = BY_NAME[dialect].quote
    text = quoted(f"a{quote} OR 1=1 --\\", BY_NAME[dialect])
    inner = text[1:-1].replace(quote * 2, "")
    if BY_NAME[dialect].escapes:
        inner = inner.replace("\\\\", "").replace(f"\\{quote}", "")
    assert quote not in inner
    assert relation("crm.customers", BY_NAME[dialect]).count(quote) == 4


# --- finite fragments

# Names, placeholders, the few texts of the dialects themselves, words, numbers, signs, spaces.
_TOKEN = re.compile(
    r'"(?:[^"\\]|""|\\.)*"|`(?:[^`\\]|``|\\.)*`|[$?@]p?[0-9]+|\{p[0-9]+:[A-Za-z0-9()]+\}|\?|'
    r"'(?:\\|UTC| |T|T:\.0\+Z)'|[A-Za-z_][A-Za-z_0-9]*|[0-9.]+(?:e[0-9]+)?|::|<>|[<>]=?|>>|&&|"
    r"[-=(),.\[\]+*&<>]|\s+"
)
_WORDS = frozenset(
    """
    ALL AND ANY ARRAY ARRAYS_OVERLAP ARRAY_CONSTRUCT ARRAY_LENGTH AS BETWEEN BIGINT BIGNUMERIC
    BINARY BOOL BOOLEAN BY C CASE CAST COALESCE COLLATE CONTAINS DECIMAL DISTINCT DOUBLE ELSE END
    ENDSWITH ENDS_WITH ESCAPE EXISTS FALSE FLOAT FLOAT64 FROM GROUP HAVING HUGEINT IF IN INT64
    INTEGER IS IS_INF IS_NAN LIKE NOT NULL NUMBER OR REAL SELECT STARTSWITH STARTS_WITH STRING
    STRPOS SUM TEXT THEN TIMESTAMP TIMESTAMP_TZ TRUE UNNEST VARCHAR WHEN WHERE a array
    arrays_overlap bigint boolean coalesce contains count double e element endsWith ends_with
    endswith false fromUnixTimestamp64Micro hasAny if instr isFinite isfinite json_each length list
    list_contains list_has_any numeric position precision replace rtrim startsWith starts_with startswith
    substr sum t text timestamptz toInt256 value
    """.split()  # noqa: SIM905 - a table of words reads best as words
)
_NAMES = {KEY, OWNER, TIME, "order", "amount", "shop", "C", "their key"}.union(
    *({each.column_name, each.compared_column} for each in CATALOG.fields)
)


@pytest.mark.parametrize("dialect", BY_NAME)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(tree=TREES.filter(lambda tree: "Top(" not in repr(tree)))
def test_every_text_is_made_of_known_fragments(dialect: str, tree: Node) -> None:
    chosen = BY_NAME[dialect]
    text = export(tree, Source(keyed(CATALOG), CLOCK), chosen).text
    names = {quoted(name, chosen) for name in _NAMES}
    rest = text
    while rest:
        found = _TOKEN.match(rest)
        assert found is not None, rest
        token, rest = found[0], rest[found.end() :]
        if token[0] in '"`':
            assert token in names, token
        elif token[0].isalpha():
            assert token in _WORDS, token


HOSTILE = st.text(
    alphabet=st.sampled_from([*"'\"`;-/*$?@{}\\%_()|&:", "\n", "é", "😀", "Q", "Z"]), min_size=3, max_size=12
).filter(lambda text: len(set(text)) > 2)


@settings(max_examples=100, deadline=None)
@given(
    value=HOSTILE,
    operator=st.sampled_from([Operator.EQ, Operator.CONTAINS, Operator.STARTS_WITH, Operator.ENDS_WITH]),
    dialect=st.sampled_from(sorted(BY_NAME)),
)
def test_values_change_nothing_in_the_text(value: str, operator: Operator, dialect: str) -> None:
    plain = condition(Leaf("name", operator, "x"), CATALOG, BY_NAME[dialect], AS_OF)
    hostile = condition(Leaf("name", operator, value), CATALOG, BY_NAME[dialect], AS_OF)
    assert hostile.text == plain.text
    tags = [
        condition(Leaf("tags", Operator.IN, (each, None)), CATALOG, BY_NAME[dialect], AS_OF)
        for each in (value, "x")
    ]
    assert tags[0].text == tags[1].text


@pytest.mark.parametrize("dialect", ["bigquery", "snowflake", "spark", "postgresql", "duckdb"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tree=st.one_of(LEAVES, TREES.filter(lambda tree: "Top(" not in repr(tree))))
def test_another_parser_reads_every_text(dialect: str, tree: Node) -> None:
    text = export(tree, Source(keyed(CATALOG), CLOCK), BY_NAME[dialect]).text
    query = f"SELECT count(*) FROM customers WHERE {text}"
    (parsed,) = sqlglot.parse(query, read="postgres" if dialect == "postgresql" else dialect)
    assert parsed is not None
    assert parsed.find(exp.Where) is not None
    assert parsed.find(exp.Command) is None


# --- what comes with an export


def test_parameters_are_json_and_lose_nothing() -> None:
    catalog = Catalog("t", (Field("n", "number", integer=True), Field("at", "datetime")))
    tree = And((Leaf("n", Operator.EQ, 2**53 + 1), Leaf("n", Operator.LT, 5), Leaf("at", Operator.LT, SINCE)))
    found = export(tree, Source(catalog, CLOCK), POSTGRESQL)
    assert found.parameters == ("9007199254740993", 5, "2025-10-17T00:00:00Z")


@pytest.mark.parametrize(
    ("leaf", "exact"),
    [
        (Leaf("tags", Operator.EQ, "vip"), True),
        (Leaf("tags", Operator.NEQ, "vip"), True),
        (Leaf("tags", Operator.EXISTS, value=True), False),
        (Leaf("tags", Operator.IN, ("vip", None)), False),
        (Leaf("email", Operator.EXISTS, value=True), True),
    ],
)
def test_an_export_says_where_unset_arrays_are_lost(leaf: Leaf, exact: bool) -> None:
    found = export(leaf, Source(GOLF, CLOCK), CLICKHOUSE)
    assert found.exact is exact
    assert any("[]" in note for note in found.notes) is not exact
    assert export(leaf, Source(GOLF, CLOCK), POSTGRESQL).exact


def test_notes_name_the_folded_column_and_the_table_of_events() -> None:
    bound = check.require(parse.loads('{"city":"x","$event":{"name":"booking"}}'), GOLF, CLOCK).bound
    notes = "\n".join(export(bound, Source(GOLF, CLOCK), POSTGRESQL).notes)
    assert "city_folded" in notes
    assert '"crm"."booking"' in notes

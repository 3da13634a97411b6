"""The five checks, the warnings, and what an engine is handed."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from segmentry.criteria import check, parse
from segmentry.criteria.catalog import Catalog, EventProperty, EventType, Field, FieldValue
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import And, Leaf, Node, Operator
from segmentry.errors import Diagnostic, InvalidCriteria, JsonValue

CLOCK = Clock.at(datetime(2025, 12, 16, 10, tzinfo=UTC))
TIER = tuple(FieldValue(each) for each in ("PLATINUM", "DIAMOND", "GOLD", "SILVER"))
STATUS = tuple(FieldValue(each) for each in ("ACTIVE", "INACTIVE", "MERGED", "DELETED"))
STORED = (Operator.EQ, Operator.NEQ, Operator.STARTS_WITH)
CATALOG = Catalog(
    "golf",
    (
        Field("engagementScore", "number", minimum=0, maximum=100),
        Field("lifetimeValue", "number", integer=True, synonyms=("ltv", "spend")),
        Field("handicap", "number", minimum=0, maximum=54),
        Field("status", "enum", values=STATUS),
        Field("membershipTier", "string", values=TIER),
        Field("phoneNumber", "string", operators=STORED, format="e164"),
        Field("email", "string", format="email", pii=True),
        Field("country", "string", format="iso3166-alpha2"),
        Field("emailOptIn", "boolean"),
        Field("lastBookingAt", "datetime"),
        Field("tags", "array"),
        Field("Total / month", "number"),
        Field("secretScore", "number", hidden=True),
    ),
    (
        EventType(
            "booking", (EventProperty("amount", "number", integer=True), EventProperty("clubId", "string"))
        ),
    ),
)


def found(text: str) -> tuple[Diagnostic, ...]:
    return check.check(parse.loads(text), CATALOG, CLOCK).diagnostics


def only(text: str) -> Diagnostic:
    (diagnostic,) = found(text)
    return diagnostic


@pytest.mark.parametrize(
    ("text", "code", "number", "message", "suggestions"),
    [
        ('{"engagmentScore":1}', "INVALID_FIELD", 1, "Unknown field: engagmentScore", ("engagementScore",)),
        (
            '{"engagement_score":1}',
            "INVALID_FIELD",
            1,
            "Unknown field: engagement_score",
            ("engagementScore",),
        ),
        ('{"LTV":1}', "INVALID_FIELD", 1, "Unknown field: LTV", ("lifetimeValue",)),
        ('{"shoeSize":1}', "INVALID_FIELD", 1, "Unknown field: shoeSize", ()),
        (
            '{"phoneNumber":{"$contains":"82"}}',
            "INVALID_OPERATOR",
            2,
            "phoneNumber does not support $contains (string with eq, neq, startsWith)",
            ("$startsWith",),
        ),
        (
            '{"status":"ACTVE"}',
            "INVALID_VALUE",
            3,
            "status has no value 'ACTVE'; allowed: ACTIVE, INACTIVE, MERGED, DELETED",
            ("ACTIVE", "INACTIVE"),
        ),
        (
            '{"engagementScore":"70"}',
            "INVALID_VALUE",
            4,
            'engagementScore needs a number, got the text "70"',
            (70,),
        ),
        (
            '{"country":"South Africa"}',
            "INVALID_VALUE",
            4,
            "country 'South Africa' is not an ISO 3166-1 alpha-2 code",
            ("ZA",),
        ),
        ('{"handicap":{"$gt":null}}', "INVALID_VALUE", 4, "$gt needs a value, got null", ("$exists",)),
        ('{"email":{"$startsWith":""}}', "INVALID_VALUE", 4, "$startsWith needs at least one character", ()),
        (
            '{"lastBookingAt":{"$lt":"{{30_DAYS}}"}}',
            "INVALID_PLACEHOLDER",
            5,
            "{{30_DAYS}} is not a date placeholder",
            ("{{30_DAYS_AGO}}",),
        ),
        ('{"$event":{"name":"bookng"}}', "INVALID_EVENT", 1, "Unknown event: bookng", ("booking",)),
        (
            '{"$event":{"name":"booking","where":{"amont":1}}}',
            "INVALID_EVENT",
            1,
            "event booking has no property 'amont'",
            ("amount",),
        ),
        ('{"$segment":"seg_7"}', "UNKNOWN_SEGMENT", 1, "Unknown segment: seg_7", ()),
        (
            '{"emailOptIn":"yes"}',
            "INVALID_VALUE",
            4,
            'emailOptIn needs true or false, got the text "yes"',
            (True,),
        ),
        ('{"status":["ACTIVE"]}', "INVALID_VALUE", 4, "$eq needs a single value, got a list", ("$in",)),
        (
            '{"status":{"$in":"ACTIVE"}}',
            "INVALID_VALUE",
            4,
            '$in needs a list, got the text "ACTIVE"',
            (["ACTIVE"],),
        ),
        (
            '{"phoneNumber":"0821234567"}',
            "INVALID_VALUE",
            4,
            "phoneNumber '0821234567' is not an E.164 number such as +27821234567",
            (),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("{") else None,
)
def test_a_fault_is_named_with_what_would_work(
    text: str, code: str, number: int, message: str, suggestions: tuple[JsonValue, ...]
) -> None:
    fault = only(text)
    assert (fault.code, fault.check, fault.severity, fault.message) == (code, number, "error", message)
    assert fault.suggestions == suggestions


def test_a_leaf_that_fails_one_check_skips_the_later_ones() -> None:
    assert [each.code for each in found('{"statu":{"$gt":null}}')] == ["INVALID_FIELD"]
    assert [each.code for each in found('{"status":{"$gt":null}}')] == ["INVALID_OPERATOR"]


def test_all_faults_of_a_tree_are_collected_in_the_order_of_their_paths() -> None:
    items: JsonValue = [{f"unknown{i}": 1} if i % 2 else {"status": "X"} for i in range(12)]
    text = json.dumps({"$and": items})
    assert [each.path for each in found(text)] == [
        f"$and[{i}].unknown{i}" if i % 2 else f"$and[{i}].status" for i in range(12)
    ]


def test_at_most_100_diagnostics_are_reported() -> None:
    many = found(json.dumps({"$and": [{f"unknown{i}": 1} for i in range(200)]}))
    assert len(many) == 100


def test_a_hidden_field_answers_exactly_like_an_unknown_one() -> None:
    hidden, unknown = only('{"secretScore":1}'), only('{"secretScorf":1}')
    assert hidden.message == "Unknown field: secretScore"
    assert unknown.message == "Unknown field: secretScorf"
    assert hidden.suggestions == unknown.suggestions == ()
    assert (hidden.code, hidden.check) == (unknown.code, unknown.check)


def test_names_with_signs_are_quoted_in_paths() -> None:
    assert only('{"Total / month":{"$lt":"x"}}').path == '["Total / month"].$lt'


@pytest.mark.parametrize("name", [each.name for each in CATALOG.visible])
def test_every_one_letter_typo_suggests_the_right_field(name: str) -> None:
    letters = "abcdefghijklmnopqrstuvwxyzABZ0_"
    typos = {name[:i] + name[i + 1 :] for i in range(len(name))}
    typos |= {name[:i] + letter + name[i:] for i in range(len(name) + 1) for letter in letters}
    typos |= {name[:i] + letter + name[i + 1 :] for i in range(len(name)) for letter in letters}
    typos |= {name[:i] + name[i + 1] + name[i] + name[i + 2 :] for i in range(len(name) - 1)}
    missed = [
        typo
        for typo in typos - {each.name for each in CATALOG.visible} - {""}
        if not typo.startswith("$") and name not in only(json.dumps({typo: 1})).suggestions
    ]
    assert missed == []


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ('{"handicap":{"$lt":90}}', "OUT_OF_RANGE", "handicap < 90: values run 0-54"),
        ('{"engagementScore":{"$gte":101}}', "OUT_OF_RANGE", "engagementScore >= 101: values run 0-100"),
        (
            '{"membershipTier":"PLATNUM"}',
            "VALUE_NOT_SEEN",
            "membershipTier 'PLATNUM' was not seen; known: PLATINUM, DIAMOND, GOLD, SILVER",
        ),
        ('{"membershipTier":{"$in":[]}}', "EMPTY_LIST", "membershipTier: $in [] matches nobody"),
        (
            '{"lastBookingAt":"2025-10-17"}',
            "DATETIME_EQUALITY",
            "lastBookingAt = compares whole instants, to the microsecond; a day is a range",
        ),
        (
            '{"engagementScore":{"$gt":70,"$lt":30}}',
            "CONTRADICTION",
            "engagementScore > 70 and engagementScore < 30: nobody",
        ),
        (
            '{"$and":[{"status":"ACTIVE"},{"status":"DELETED"}]}',
            "CONTRADICTION",
            "status = ACTIVE and status = DELETED: nobody",
        ),
        (
            '{"$and":[{"handicap":null},{"handicap":{"$lt":5}}]}',
            "CONTRADICTION",
            "handicap is unset and handicap < 5: nobody",
        ),
        (
            '{"engagementScore":{"$gt":70,"$gte":50}}',
            "DEAD_LEAF",
            "engagementScore >= 50 changes nothing beside engagementScore > 70",
        ),
        (
            '{"$or":[{"handicap":{"$lt":5}},{"handicap":{"$lt":9}}]}',
            "DEAD_LEAF",
            "handicap < 5 changes nothing beside handicap < 9",
        ),
        (
            '{"$and":[{"emailOptIn":true},{"emailOptIn":true}]}',
            "DEAD_LEAF",
            "emailOptIn = true stands here twice",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("{") else None,
)
def test_legal_criteria_that_are_probably_not_meant_carry_a_warning(
    text: str, code: str, message: str
) -> None:
    warning = only(text)
    assert (warning.code, warning.severity) == (code, "warning")
    assert warning.message == message


def test_a_condition_or_its_opposite_is_a_tautology() -> None:
    assert only('{"$or":[{"handicap":{"$lt":5}},{"$not":{"handicap":{"$lt":5}}}]}').code == "TAUTOLOGY"


@pytest.mark.parametrize(
    "text",
    [
        '{"engagementScore":{"$gte":70,"$lte":70}}',
        '{"$and":[{"tags":"vip"},{"tags":"golf"}]}',
        '{"$and":[{"status":{"$neq":"ACTIVE"}},{"status":{"$neq":"DELETED"}}]}',
        '{"$and":[{"handicap":null},{"handicap":{"$neq":5}}]}',
        '{"$or":[{"engagementScore":{"$gt":70}},{"engagementScore":{"$lt":30}}]}',
        '{"$and":[{"status":{"$in":["ACTIVE",null]}},{"status":null}]}',
        '{"$and":[{"handicap":{"$gte":5}},{"$not":{"handicap":{"$gte":9}}}]}',
        '{"lastBookingAt":{"$gte":"{{NOW}}","$lt":"{{30_DAYS_FROM_NOW}}"}}',
    ],
)
def test_criteria_that_can_be_met_carry_no_warning(text: str) -> None:
    assert found(text) == ()


def test_a_warning_about_a_personal_field_does_not_repeat_its_value() -> None:
    catalog = Catalog("t", (Field("email", "string", pii=True, values=(FieldValue("a@b"),)),))
    (warning,) = check.check(parse.loads('{"email":"c@d"}'), catalog, CLOCK).warnings
    assert warning.value is None


def test_a_value_not_seen_comes_with_the_nearest_as_criteria() -> None:
    assert only('{"membershipTier":"PLATNUM"}').suggestions == ({"membershipTier": "PLATINUM"},)


def bound(text: str) -> Node:
    return check.require(parse.loads(text), CATALOG, CLOCK).bound


@pytest.mark.parametrize(
    ("text", "operator", "value"),
    [
        ('{"lifetimeValue":{"$gt":9.5}}', "gte", "10"),
        ('{"lifetimeValue":{"$gte":9.5}}', "gte", "10"),
        ('{"lifetimeValue":{"$lt":9.5}}', "lte", "9"),
        ('{"lifetimeValue":{"$lte":-9.5}}', "lte", "-10"),
        ('{"lifetimeValue":{"$gt":9.0}}', "gt", "9"),
        ('{"handicap":9}', "eq", "9.0"),
        ('{"handicap":-0.0}', "eq", "0.0"),
        ('{"handicap":null}', "exists", "False"),
        ('{"handicap":{"$neq":null}}', "exists", "True"),
        ('{"handicap":{"$in":[1,null]}}', "in", "(1.0, None)"),
        (
            '{"lastBookingAt":{"$lt":"{{60_DAYS_AGO}}"}}',
            "lt",
            "datetime.datetime(2025, 10, 17, 0, 0, tzinfo=datetime.timezone.utc)",
        ),
    ],
)
def test_operands_are_cast_to_the_column(text: str, operator: str, value: str) -> None:
    leaf = bound(text)
    assert isinstance(leaf, Leaf)
    assert (leaf.operator.value, repr(leaf.value)) == (operator, value)


def test_a_bound_tree_keeps_the_paths_of_the_text() -> None:
    node = bound('{"status":"ACTIVE","handicap":{"$lt":9}}')
    assert isinstance(node, And)
    assert [each.path for each in node.items] == ["status", "handicap.$lt"]


def test_require_raises_with_every_error_and_no_warning() -> None:
    node = parse.loads('{"$and":[{"handicap":{"$lt":90}},{"nope":1},{"status":"X"}]}')
    with pytest.raises(InvalidCriteria) as caught:
        check.require(node, CATALOG, CLOCK)
    assert [each.code for each in caught.value.diagnostics] == ["INVALID_FIELD", "INVALID_VALUE"]
    assert caught.value.code == "INVALID_FIELD"
    assert caught.value.metadata["path"] == "$and[1].nope"


def test_a_case_insensitive_list_accepts_any_spelling_of_its_values() -> None:
    catalog = Catalog("t", (Field("kind", "enum", values=(FieldValue("Gold"),), case_insensitive=True),))
    leaf = check.require(parse.loads('{"kind":"GOLD"}'), catalog, CLOCK).bound
    assert isinstance(leaf, Leaf)
    assert leaf.value == "gold"


@pytest.mark.parametrize(
    ("text", "metadata"),
    [
        ('{"nope":1}', {"path": "nope", "field": "nope"}),
        (
            '{"phoneNumber":{"$gt":"x"}}',
            {
                "path": "phoneNumber.$gt",
                "field": "phoneNumber",
                "operator": "gt",
                "allowed": "eq, neq, startsWith, exists",
            },
        ),
        (
            '{"lifetimeValue":9.5}',
            {
                "path": "lifetimeValue",
                "field": "lifetimeValue",
                "problem": "precision",
                "expected": "integer",
            },
        ),
        ('{"status":"X"}', {"path": "status", "field": "status", "problem": "enum", "expected": "enum"}),
        (
            '{"lastBookingAt":{"$lt":"{{5}}"}}',
            {"path": "lastBookingAt.$lt", "field": "lastBookingAt", "placeholder": "{{5}}"},
        ),
        ('{"$event":{"name":"x"}}', {"path": "$event.name", "event": "x"}),
        ('{"$segment":"s"}', {"path": "$segment", "segmentId": "s"}),
    ],
)
def test_an_error_carries_every_variable_of_its_message(text: str, metadata: dict[str, str]) -> None:
    with pytest.raises(InvalidCriteria) as caught:
        check.require(parse.loads(text), CATALOG, CLOCK)
    assert caught.value.metadata == metadata


@pytest.mark.parametrize("value", [True, 1, 1.0])
def test_a_known_value_is_found_as_json_tells_values_apart(value: JsonValue) -> None:
    field = Field("code", "enum", values=(FieldValue(1), FieldValue(True)))
    checked = check.require(parse.loads(json.dumps({"code": value})), Catalog("t", (field,)), CLOCK)
    assert isinstance(checked.bound, Leaf)
    assert repr(checked.bound.value) == ("True" if value is True else "1")

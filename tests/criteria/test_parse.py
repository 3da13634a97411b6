"""Text to tree: what is read, what is refused, and where."""

from __future__ import annotations

import json

import pytest
from segmentry.criteria import limits, parse, strict_json
from segmentry.criteria.nodes import And, Everyone, Leaf, Not, Operator, Or
from segmentry.errors import CriteriaTooComplex, InvalidCriteria, JsonValue, ParseError, TooManyValues


def _refusal(text: str) -> ParseError:
    with pytest.raises(ParseError) as caught:
        parse.loads(text)
    return caught.value


def test_several_keys_and_several_operators_are_one_and() -> None:
    node = parse.loads('{"status":"ACTIVE","handicap":{"$gte":0,"$lte":10}}')
    assert isinstance(node, And)
    assert [(leaf.field, leaf.operator) for leaf in node.items if isinstance(leaf, Leaf)] == [
        ("status", Operator.EQ),
        ("handicap", Operator.GTE),
        ("handicap", Operator.LTE),
    ]


def test_paths_say_where_each_leaf_stood() -> None:
    node = parse.loads(
        '{"$and":[{"lifetimeValue":{"$gte":1}},{"$or":[{"a":1},{"$not":{"Total / month":{"$lt":2}}}]}]}'
    )
    assert isinstance(node, And)
    group = node.items[1]
    assert isinstance(group, Or)
    inner = group.items[1]
    assert isinstance(inner, Not)
    assert node.items[0].path == "$and[0].lifetimeValue.$gte"
    assert group.items[0].path == "$and[1].$or[0].a"
    assert inner.item.path == '$and[1].$or[1].$not["Total / month"].$lt'


def test_ne_is_read_as_neq() -> None:
    assert parse.loads('{"a":{"$ne":1}}') == parse.loads('{"a":{"$neq":1}}')


def test_integers_stay_exact_and_doubles_stay_doubles() -> None:
    node = parse.loads('{"a":{"$in":[9007199254740993,70.0]}}')
    assert isinstance(node, Leaf)
    assert repr(node.value) == "(9007199254740993, 70.0)"


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ('{"status":1,\n "status":2}', "duplicate key 'status'", 2, 2),
        ('{"score":NaN}', "NaN", 1, 10),
        ('{"score":-Infinity}', "Infinity", 1, 10),
        ('{"score":1e999}', "out of range", 1, 10),
        ('{"a":"\\ud800"}', "lone surrogate", 1, 6),
        ('{"a":"\\u0000"}', "NUL", 1, 6),
        ('{"\\u0000":1}', "NUL", 1, 2),
        ("\ufeff{}", "byte order mark", 1, 1),
        ("{} {}", "after the end", 1, 4),
        ("", "empty", 1, 1),
        ("{", "key", 1, 2),
        ('{"a":1,}', "key", 1, 8),
        ('{"a" 1}', "':'", 1, 6),
        ('{"a":"x', "without end", 1, 6),
        ('{"a":"\t"}', "control", 1, 7),
        ('{"a":"\\x"}', "escape", 1, 7),
        ('{"a":tru}', "value", 1, 6),
        ('{"a":01}', "expected", 1, 7),
        ('{"a":' + "9" * 401 + "}", "out of range", 1, 6),
    ],
)
def test_text_that_is_no_json_is_refused_with_its_place(
    text: str, message: str, line: int, column: int
) -> None:
    err = _refusal(text)
    assert message in err.message
    assert (err.metadata["line"], err.metadata["column"]) == (str(line), str(column))


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"$not":' * 100_000, '{"a":' * 12_000, "[[" * 30_000 + "]" * 10]
)
def test_deep_nesting_is_refused_without_recursion(text: str) -> None:
    for read in (parse.loads, strict_json.decode):
        with pytest.raises(CriteriaTooComplex):
            read(text)


def test_brackets_inside_texts_are_not_nesting() -> None:
    assert parse.loads(json.dumps({"a": "[{" * 200})) == Leaf("a", Operator.EQ, "[{" * 200)


def test_the_fast_and_the_careful_reader_agree() -> None:
    texts = [
        '{"a":[1,2.5,-0.0,1e3,true,false,null,"x\\n\\u00e9\\/"],"b":{}}',
        " [ ] ",
        '"\\ud83c\\udfcc"',
        "-12",
    ]
    for text in texts:
        assert repr(strict_json.decode(text)) == repr(json.loads(text))


def test_rows_of_a_table_may_hold_nan_and_nul_where_criteria_may_not() -> None:
    text = '[NaN, Infinity, -Infinity, 1e999, "\\u0000"]'
    assert repr(strict_json.decode(text, table=True)) == "[nan, inf, -inf, inf, '\\x00']"
    with pytest.raises(ParseError):
        strict_json.decode(text)


# --- limits: at the limit, and one past it


def _nots(depth: int) -> str:
    return '{"$not":' * (depth - 1) + '{"a":1}' + "}" * (depth - 1)


def _ands(depth: int) -> str:
    return '{"$and":[' * (depth - 1) + '{"a":{"$gt":1}}' + "]}" * (depth - 1)


@pytest.mark.parametrize("chain", [_nots, _ands])
def test_depth_18_is_read_and_19_refused(chain: object) -> None:
    assert callable(chain)
    parse.loads(str(chain(18)))
    with pytest.raises(CriteriaTooComplex) as caught:
        parse.loads(str(chain(19)))
    assert caught.value.message == "criteria are nested 19 deep, limit 18"
    assert caught.value.metadata == {"limit": "depth", "actual": "19", "maximum": "18"}


@pytest.mark.parametrize(
    "wrap",
    ['{"$event":{"name":"booking","where":%s}}', '{"$top":{"field":"a","percent":10,"of":%s}}'],
    ids=["where", "of"],
)
def test_where_and_of_are_one_deeper(wrap: str) -> None:
    parse.loads(wrap % _nots(17))
    with pytest.raises(CriteriaTooComplex):
        parse.loads(wrap % _nots(18))


def test_256_nodes_are_read_and_257_refused() -> None:
    flat = json.dumps({"$and": [{f"f{i}": 1} for i in range(255)]})
    assert isinstance(parse.loads(flat), And)
    with pytest.raises(CriteriaTooComplex) as caught:
        parse.loads(json.dumps({"$and": [{f"f{i}": 1} for i in range(256)]}))
    assert caught.value.metadata == {"limit": "nodes", "actual": "257", "maximum": "256"}


def test_256_keys_of_one_object_are_256_nodes() -> None:
    parse.loads(json.dumps({f"f{i}": 1 for i in range(256)}))
    with pytest.raises(CriteriaTooComplex):
        parse.loads(json.dumps({f"f{i}": 1 for i in range(257)}))


def test_operators_of_one_field_are_nodes_too() -> None:
    pairs = {f"f{i}": {"$gte": 1, "$lte": 2} for i in range(128)}
    parse.loads(json.dumps(pairs))
    with pytest.raises(CriteriaTooComplex):
        parse.loads(json.dumps({**pairs, "g": 1}))


def test_1000_values_are_read_and_1001_refused() -> None:
    parse.loads(json.dumps({"a": {"$in": [*range(1000)]}}))
    with pytest.raises(TooManyValues) as caught:
        parse.loads(json.dumps({"a": {"$in": [*range(1001)]}}))
    assert caught.value.message == "$in has 1,001 values, limit 1,000"
    assert caught.value.metadata["path"] == "a.$in"


def test_1_kib_of_text_is_read_and_one_byte_more_refused() -> None:
    parse.loads(json.dumps({"a": "x" * 1024}))
    parse.loads(json.dumps({"a": "é" * 512}))
    for text in ("x" * 1025, "é" * 513):
        with pytest.raises(CriteriaTooComplex) as caught:
            parse.loads(json.dumps({"a": text}))
        assert caught.value.metadata["limit"] == "string bytes"


def test_64_kib_of_json_is_read_and_one_byte_more_refused() -> None:
    text = '{"a":1}'
    parse.loads(text + " " * (limits.MAX_BYTES - len(text)))
    with pytest.raises(CriteriaTooComplex) as caught:
        parse.loads(text + " " * (limits.MAX_BYTES - len(text) + 1))
    assert caught.value.metadata == {"limit": "bytes", "actual": "65537", "maximum": "65536"}


def test_64_brackets_are_json_and_65_are_not_counted_further() -> None:
    assert strict_json.decode("[" * 64 + "]" * 64) is not None
    with pytest.raises(CriteriaTooComplex) as caught:
        strict_json.decode("[" * 65 + "]" * 65)
    assert caught.value.metadata["limit"] == "nesting"


def test_decoded_values_meet_the_same_limits() -> None:
    deep: JsonValue = {"a": 1}
    for _ in range(5000):
        deep = {"$not": deep}
    with pytest.raises(CriteriaTooComplex):
        parse.from_value(deep)
    values: list[JsonValue] = ["x" * 100] * 700
    with pytest.raises(CriteriaTooComplex):
        parse.from_value({"$or": [{"a": {"$in": values}}]})


# --- what a tree cannot hold


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{"$and":[]}', "$and"),
        ('{"$or":{}}', "$or"),
        ('{"$and":[{"a":1},{}]}', "$and[1]"),
        ('{"$not":[]}', "$not"),
        ('{"a":{}}', "a"),
        ("[]", ""),
        ("null", ""),
        ('{"$event":"booking"}', "$event"),
        ('{"$event":{"name":""}}', "$event.name"),
        ('{"$event":{"name":"b","count":1,"sum":{"of":"x","$gt":1}}}', "$event"),
        ('{"$event":{"name":"b","count":1,"distinct":{"of":"x","$gt":1}}}', "$event"),
        ('{"$event":{"name":"b","distinct":{"$gt":1}}}', "$event.distinct"),
        ('{"$event":{"name":"b","distinct":{"of":"x"}}}', "$event.distinct"),
        ('{"$event":{"name":"b","were":{}}}', "$event.were"),
        ('{"$event":{"name":"b","where":{}}}', "$event.where"),
        ('{"$event":{"name":"b","within":{"to":"2025-01-01"}}}', "$event.within"),
        ('{"$segment":{}}', "$segment.id"),
        ('{"$top":{"percent":5}}', "$top.field"),
    ],
)
def test_a_shape_that_is_no_tree_is_refused_with_its_path(text: str, path: str) -> None:
    assert _refusal(text).metadata["path"] == path


@pytest.mark.parametrize(
    ("text", "path", "nearest"),
    [
        ('{"a":{"$gtt":1}}', "a.$gtt", "$gt"),
        ('{"a":{"$startswith":"x"}}', "a.$startswith", "$startsWith"),
        ('{"a":{"$exist":true}}', "a.$exist", "$exists"),
        ('{"a":{"eq":1}}', "a.eq", "$eq"),
        ('{"$an":[{"a":1}]}', "$an", "$and"),
        ('{"$and":[{"$nott":{"a":1}}]}', "$and[0].$nott", "$not"),
    ],
)
def test_an_unknown_operator_is_named_with_the_nearest_legal_one(text: str, path: str, nearest: str) -> None:
    with pytest.raises(InvalidCriteria) as caught:
        parse.loads(text)
    found = caught.value.diagnostics[0]
    assert (found.code, found.path, found.suggestions) == ("INVALID_OPERATOR", path, (nearest,))


@pytest.mark.parametrize("key", ["$regex", "$where", "$expr", "$between", "$sequence", "$nor", "$size", "$"])
def test_operators_of_other_dialects_are_refused(key: str) -> None:
    for value in ({key: 1}, {"a": {key: 1}}):
        with pytest.raises(InvalidCriteria) as caught:
            parse.loads(json.dumps(value))
        assert caught.value.code == "INVALID_OPERATOR"


def test_doubles_of_a_struct_become_integers_while_they_are_exact() -> None:
    node = parse.from_value({"a": {"$in": [70.0, -0.0, 9007199254740991.0, 0.5]}})
    assert isinstance(node, Leaf)
    assert repr(node.value) == "(70, 0, 9007199254740991, 0.5)"
    for number in (9007199254740992.0, -9007199254740992.0, float("nan"), float("inf")):
        with pytest.raises(InvalidCriteria) as caught:
            parse.from_value({"$and": [{"a": {"$gt": number}}]})
        assert (caught.value.code, caught.value.diagnostics[0].path) == ("INVALID_VALUE", "$and[0].a.$gt")


def test_the_empty_object_is_everyone() -> None:
    assert parse.loads("{}") == Everyone()
    assert parse.loads(" \n{ }\t") == Everyone()

"""What changed between two trees."""

from __future__ import annotations

import pytest
from segmentry.criteria import canonical, parse
from segmentry.criteria.diff import diff
from segmentry.criteria.nodes import Node


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ('{"a":1}', '{"a":1}', []),
        ('{"a":1}', '{"$and":[{"a":1},{"b":2}]}', [("added", "$and[1].b")]),
        ('{"$and":[{"a":1},{"b":2}]}', '{"$and":[{"b":2},{"a":1}]}', []),
        ('{"$and":[{"a":1},{"b":2}]}', '{"b":2}', [("removed", "$and[0].a")]),
        ('{"a":{"$gte":70}}', '{"a":{"$gte":80}}', [("changed", "a.$gte")]),
        ('{"a":{"$gte":70,"$lte":90}}', '{"a":{"$lte":95,"$gte":70}}', [("changed", "a.$lte")]),
        ('{"a":1}', '{"$not":{"a":1}}', [("moved", "$not.a")]),
        ('{"a":1}', '{"$not":{"$not":{"a":1}}}', []),
        (
            '{"$and":[{"a":1},{"b":2}]}',
            '{"$or":[{"a":1},{"b":2}]}',
            [("moved", "$or[0].a"), ("moved", "$or[1].b")],
        ),
        ('{"a":{"$in":["x","y"]}}', '{"a":{"$in":["y","x"]}}', []),
        ('{"a":{"$ne":1}}', '{"a":{"$neq":1.0}}', []),
        ('{"a":true}', '{"a":1}', [("changed", "a")]),
        ("{}", '{"a":1}', [("added", "a")]),
        ('{"$event":{"name":"e"}}', '{"$event":{"name":"e","count":2}}', [("changed", "$event")]),
        (
            '{"$and":[{"$not":{"$or":[{"a":1},{"c":3}]}},{"a":1}]}',
            '{"$or":[{"$and":[{"$not":{"$or":[{"a":1},{"c":3}]}},{"a":1}]},{"b":2}]}',
            [
                ("moved", "$or[0].$and[0].$not.$or[0].a"),
                ("moved", "$or[0].$and[0].$not.$or[1].c"),
                ("moved", "$or[0].$and[1].a"),
                ("added", "$or[1].b"),
            ],
        ),
        ('{"$segment":"s"}', '{"$segment":"t"}', [("added", "$segment"), ("removed", "$segment")]),
    ],
)
def test_changes_leaf_by_leaf(before: str, after: str, changes: list[tuple[str, str]]) -> None:
    found = diff(parse.loads(before), parse.loads(after))
    assert [(each.kind, each.path) for each in found] == changes


def test_equal_leaves_on_both_sides_of_a_not_keep_their_sides() -> None:
    before = parse.loads('{"$and":[{"$not":{"$or":[{"a":1},{"c":3}]}},{"a":1}]}')
    after = parse.loads('{"$or":[{"$and":[{"a":1},{"$not":{"$or":[{"a":1},{"c":3}]}}]},{"b":2}]}')
    for change in diff(before, after):
        if change.before is not None:
            assert canonical.text(change.before) == canonical.text(change.after or change.before)


def test_a_change_holds_both_leaves() -> None:
    (change,) = diff(parse.loads('{"a":1}'), parse.loads('{"a":2}'))
    assert change.before == parse.loads('{"a":1}')
    assert change.after == parse.loads('{"a":2}')


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("{}", '{"$not":{"t":{"$contains":"vip"}}}', [(None, '{"$not":{"t":{"$contains":"vip"}}}')]),
        ('{"$not":{"a":1}}', "{}", [('{"$not":{"a":1}}', None)]),
        ('{"a":1}', '{"$not":{"a":1}}', [('{"a":1}', '{"$not":{"a":1}}')]),
        ('{"$not":{"a":1}}', '{"$not":{"a":2}}', [('{"$not":{"a":1}}', '{"$not":{"a":2}}')]),
        ("{}", '{"$not":{"$not":{"a":1}}}', [(None, '{"a":1}')]),
        (
            "{}",
            '{"$not":{"$and":[{"a":1},{"$not":{"b":2}}]}}',
            [(None, '{"$not":{"a":1}}'), (None, '{"b":2}')],
        ),
    ],
)
def test_a_leaf_under_a_not_is_shown_with_it(
    before: str, after: str, shown: list[tuple[str | None, str | None]]
) -> None:
    found = diff(parse.loads(before), parse.loads(after))

    def text(node: Node | None) -> str | None:
        return None if node is None else canonical.text(node)

    def said(node: str | None) -> str | None:
        return None if node is None else canonical.text(parse.loads(node))

    assert [(text(each.before), text(each.after)) for each in found] == [
        (said(one), said(other)) for one, other in shown
    ]

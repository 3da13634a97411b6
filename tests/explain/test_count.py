"""ExplainCount's figures against brute force, and what it says of the golf club."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, assume, given, settings
from segmentry.criteria import limits, parse, walk
from segmentry.criteria.nodes import And, Everyone, Leaf, Node, Not, Operator, Or, Top
from segmentry.explain.conditions import clauses
from segmentry.explain.count import explain_count

from tests.criteria.strategies import NODES
from tests.explain.tables import CLUBS, PLACE, Club, club


def struck(node: Node, numbers: set[int]) -> Node:
    """The criteria without those leaves, written down apart from the code under test."""
    count = iter(range(10_000))

    def left(each: Node) -> Node | None:
        match each:
            case And(items) | Or(items):
                kept = [one for one in [left(item) for item in items] if one is not None]
                return type(each)(tuple(kept)) if kept else None
            case Not(item):
                inner = left(item)
                return None if inner is None else Not(inner)
            case Everyone():
                return each
            case _:
                return None if next(count) in numbers else each

    found = left(node)
    return Everyone() if found is None else found


def joined(node: Node) -> Iterator[Node]:
    """What the root joins by `$and`."""
    if isinstance(node, And):
        for item in node.items:
            yield from joined(item)
    else:
        yield node


def all_of(parts: list[Node]) -> Node:
    return And(tuple(parts)) if parts else Everyone()


@pytest.mark.parametrize("part", range(2))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(node=NODES, table=CLUBS)
def test_every_figure_is_what_brute_force_counts(part: int, node: Node, table: Club) -> None:
    assume(limits.depth(node) <= limits.MAX_DEPTH and not PLACE.check(node).errors)
    found = asyncio.run(explain_count(node, PLACE, table.store))
    assert found.count.matched == table.count(node)
    assert found.count.universe == len(table.rows)
    leaves = walk.leaves(node)
    parts = [] if isinstance(node, Everyone) else list(joined(node))
    assert [each.leaf_id for each in found.leaves] == [f"l{n}" for n in range(1, len(leaves) + 1)]
    for number, (leaf, said) in enumerate(zip(leaves, found.leaves, strict=True)):
        assert said.alone.matched == table.count(leaf)
        assert said.without.matched == table.count(struck(node, {number}))
        if isinstance(leaf, Leaf | Top):
            assert said.missing_value is not None
            assert said.missing_value.matched == table.count(Leaf(leaf.field, Operator.EXISTS, value=False))
        else:
            assert said.missing_value is None
    assert [clause.node for clause in found.clauses] == parts
    for number, clause in enumerate(found.clauses):
        assert clause.running.matched == table.count(all_of(parts[: number + 1]))
        assert clause.without.matched == table.count(all_of(parts[:number] + parts[number + 1 :]))
    alone = {
        leaf.leaf_id: clause.running
        for clause in found.clauses
        for leaf in found.leaves
        if (leaf.leaf_id,) == clause.leaf_ids and leaf.leaf == clause.node
    }
    assert {leaf.leaf_id: leaf.running for leaf in found.leaves if leaf.running is not None} == alone
    grown = [(leaf.without.matched or 0) - table.count(node) for leaf in found.leaves]
    if found.strongest_leaf_id:
        assert grown[int(found.strongest_leaf_id[1:]) - 1] == max(grown) > 0
    else:
        assert max(grown, default=0) <= 0
    assert len(found.relaxations) <= 3
    for each in found.relaxations:
        assert table.count(node) == 0
        assert each.count.matched == table.count(each.node) > 0


def test_all_figures_come_from_one_call() -> None:
    calls: list[int] = []
    table = club([{"city": "a"}, {"city": "b", "score": 3.0}])
    inner = table.store.count

    async def count(*args: object) -> object:
        calls.append(1)
        return await inner(*args)  # pyright: ignore[reportArgumentType]  # passed on as it came

    table.store.count = count  # pyright: ignore[reportAttributeAccessIssue]  # listens, answers as before
    node = parse.loads('{"$and":[{"city":"b"},{"score":{"$gt":2}},{"$or":[{"optIn":true},{"visits":null}]}]}')
    found = asyncio.run(explain_count(node, PLACE, table.store))
    assert (found.count.matched, len(calls)) == (1, 1)


def test_striking_a_branch_of_an_or_keeps_people_out_and_an_empty_not_goes() -> None:
    table = club([{"city": "a"}, {"city": "b"}, {"city": "c"}])
    node = parse.loads('{"$and":[{"$or":[{"city":"a"},{"city":"b"}]},{"$not":{"city":"b"}}]}')
    found = asyncio.run(explain_count(node, PLACE, table.store))
    assert found.count.matched == 1
    assert [leaf.without.matched for leaf in found.leaves] == [0, 1, 2]
    assert [leaf.running for leaf in found.leaves] == [None, None, None]
    assert [clause.running.matched for clause in found.clauses] == [2, 1]
    assert found.strongest_leaf_id == "l3"


def test_clauses_of_an_and_in_an_and_stand_in_one_row() -> None:
    node = parse.loads('{"$and":[{"$and":[{"city":"a"},{"city":"b"}]},{"$or":[{"city":"c"},{"city":"d"}]}]}')
    assert [(each.first, each.end) for each in clauses(node)] == [(0, 1), (1, 2), (2, 4)]


def test_everyone_has_no_leaf_and_no_clause() -> None:
    table = club([{"city": "a"}, {}])
    found = asyncio.run(explain_count(Everyone(), PLACE, table.store))
    assert (found.count.matched, found.leaves, found.clauses, found.strongest_leaf_id) == (2, (), (), "")

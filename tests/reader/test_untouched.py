"""What an instruction does not name stays: random trees over three catalogs, every kind of leaf and group."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from segmentry.criteria import canonical, check, diff, walk
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or, Scalar, Segment, Top
from segmentry.criteria.walk import AnyLeaf
from segmentry.reader.names import truth_values
from segmentry.reader.refine import refine
from segmentry.reader.refining.amounts import read_by
from segmentry.reader.refining.trees import field_of

from tests.reader import refining, scoring

CATALOGS = ("golf", "shop", "saas")
_PERIODS = ("{{30_DAYS_AGO}}", "{{6_MONTHS_AGO}}", "{{2_YEARS_AGO}}")


def tree(draw: random.Random, catalog: Catalog, depth: int = 3) -> Node:
    """A tree that the check accepts, with lists, ranges, denials, events, saved segments and shares."""
    kind = draw.choice(["leaf", "leaf", "and", "or", "not", "nor"] if depth else ["leaf"])
    if kind == "leaf":
        return leaf(draw, catalog)
    items = tuple(tree(draw, catalog, depth - 1) for _ in range(draw.randint(2, 4)))
    match kind:
        case "and":
            return And(items)
        case "or":
            return Or(items)
        case "not":
            return Not(items[0])
        case _:
            return Not(Or(items))


def leaf(draw: random.Random, catalog: Catalog) -> Node:
    """One condition on a random field, event, saved segment or share."""
    special = draw.random()
    if special < 0.06 and catalog.events:
        name = draw.choice(catalog.events).name
        return Event(name, value=draw.randint(1, 9), window_start=draw.choice(_PERIODS))
    if special < 0.1:
        return Segment(f"seg_{draw.randint(1, 9)}")
    numbers = [field for field in catalog.visible if field.type == "number" and truth_values(field) is None]
    if special < 0.14:
        return Top(draw.choice(numbers).name, draw.randint(1, 50))
    return condition(draw, draw.choice([field for field in catalog.visible if not field.pii]))


def condition(draw: random.Random, field: Field) -> Node:
    """A condition that the field takes."""
    values: list[Scalar] = [item.value for item in field.values] or list(field.samples)
    match field.type:
        case "boolean":
            return Leaf(field.name, Operator.EQ, draw.random() < 0.5)
        case "number":
            value = draw.randint(1, 99) if field.integer or field.maximum != 1 else 0.5
            return Leaf(field.name, draw.choice([Operator.GT, Operator.GTE, Operator.LT]), value)
        case "datetime":
            return Leaf(field.name, draw.choice([Operator.GTE, Operator.LT]), draw.choice(_PERIODS))
        case _ if len(values) > 2 and field.type != "array" and Operator.IN in (field.operators or Operator):
            return Leaf(field.name, Operator.IN, tuple(draw.sample(values, 2)))
        case _ if values:
            return Leaf(field.name, Operator.EQ, draw.choice(values))
        case _:
            return Leaf(field.name, Operator.EXISTS, True)


def dropped(draw: random.Random, field: Field) -> str:
    return draw.choice(["drop the {}", "forget the {} condition", "{} doesn't matter"]).format(read_by(field))


def added(draw: random.Random, field: Field) -> str:
    said = {"number": f"{read_by(field)} over {draw.randint(1, 99)}", "boolean": read_by(field)}
    text = said.get(field.type, f"{read_by(field)} is unknown")
    return draw.choice(["also require {}", "and {}", "only those with {}", "or {}"]).format(text)


def changed(draw: random.Random, field: Field) -> str:
    return draw.choice(
        ["change the {} to {}", "raise the {} to {}", "set {} to {}", "lower the {} by {}"]
    ).format(read_by(field), draw.randint(1, 99))


def excluded(draw: random.Random, field: Field) -> str:
    values = [item.value for item in field.values] or list(field.samples) or [read_by(field)]
    return draw.choice(["exclude {}", "but not {}", "{} too", "or {}"]).format(draw.choice(values))


@pytest.mark.parametrize("edit", [dropped, added, changed, excluded])
@pytest.mark.parametrize("name", CATALOGS)
@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**9))
def test_a_refinement_asks_or_changes_leaves_of_the_field_it_names_alone(
    seed: int, name: str, edit: Callable[[random.Random, Field], str]
) -> None:
    catalog = refining.load(name)
    draw = random.Random(seed)
    current = tree(draw, catalog)
    known = [field for field in catalog.visible if field.name in walk.fields(current)]
    field = draw.choice(known or list(catalog.visible))
    instruction = edit(draw, field)
    draft = refine(instruction, current, catalog, scoring.CLOCK)
    if draft.outcome != "ok":
        assert draft.reason
        return
    assert draft.node is not None
    # What a saved segment says does not count here.
    assert check.check(draft.node, catalog, scoring.CLOCK, lambda _id, _version: Everyone()).errors == ()
    assert tuple(origin.leaf for origin in draft.origins) == walk.leaves(draft.node)
    said = {each for origin in draft.origins if origin.source != "kept" for each in [field_of(origin.leaf)]}
    for change in diff.diff(current, draft.node):
        about = bare(change.after or change.before)
        if change.kind == "moved":
            assert canonical.text(bare(change.before)) == canonical.text(about)
        elif change.kind == "removed":
            assert same_words(about, field, catalog, instruction)
        else:
            assert field_of(about) in said
            assert same_words(about, field, catalog, instruction)


def bare(node: Node | None) -> AnyLeaf:
    while isinstance(node, Not):
        node = node.item
    assert isinstance(node, Leaf | Event | Segment | Top)
    return node


def same_words(about: AnyLeaf, field: Field, catalog: Catalog, instruction: str) -> bool:
    """True when a leaf is about the field meant, or one that the same words may name as well."""
    if field_of(about) == field.name:
        return True
    from segmentry.reader.read import lay  # noqa: PLC0415 - for the rare twin alone

    scene = lay(instruction, catalog, scoring.CLOCK)
    return any(
        entry.field == field_of(about)
        for at in range(len(scene.tokens))
        for match in scene.matches_at(at)
        for entry in match.entries
    )

"""What an instruction does not name stays: random trees over three catalogs, every kind of leaf and group."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from segmentry.criteria import canonical, check, diff, walk
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.nodes import Event, Everyone, Leaf, Node, Not, Segment, Top
from segmentry.criteria.walk import AnyLeaf
from segmentry.reader.read import lay
from segmentry.reader.refine import refine
from segmentry.reader.refining.amounts import read_by
from segmentry.reader.refining.trees import field_of

from tests.reader import refining, scoring
from tests.reader.trees import tree

CATALOGS = ("golf", "shop", "saas")


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
        if change.kind in ("moved", "changed"):
            # Who is kept out by a condition is kept out by it afterwards.
            assert isinstance(change.before, Not) == isinstance(change.after, Not)
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
    scene = lay(instruction, catalog, scoring.CLOCK)
    return any(
        entry.field == field_of(about)
        for at in range(len(scene.tokens))
        for match in scene.matches_at(at)
        for entry in match.entries
    )

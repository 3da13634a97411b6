"""Segment cards from labels or slices: names, traits, rules and how well the rules fit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from segmentry.analysis import naming, words
from segmentry.analysis.conditions import rules_of
from segmentry.analysis.events import Notice, RuleFidelity, SegmentCard
from segmentry.analysis.heuristic import Slice
from segmentry.analysis.parameters import Tier
from segmentry.analysis.profile import FieldTraits, percentages, traits
from segmentry.analysis.rules import Learner
from segmentry.analysis.scope import Scope
from segmentry.analysis.table import Column, Labels, Mask
from segmentry.criteria.nodes import Leaf, Node

LOOSE_F1 = 0.6
# A rule of several conjunctions is harder to read and to edit: it has to be this much better.
BETTER_F1 = 0.02
MOST_CONJUNCTIONS = 4


@dataclass(frozen=True, eq=False)
class _Found:
    """A segment before it is written out: its size, traits, name and rule."""

    size: int
    percentage: float
    traits: Sequence[FieldTraits]
    name: str
    use: str
    rules: Sequence[Leaf]
    node: Node
    fidelity: RuleFidelity
    description: str = ""
    name_from_model: bool = False
    best: tuple[Node, RuleFidelity] | None = None
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Ruled:
    """A segment that its rules make. Empty texts stand for what the template says."""

    name: str
    description: str
    use: str
    leaves: tuple[Leaf, ...]


def of_clusters(  # noqa: PLR0917 - labels, the columns that they are described by, and what all share
    scope: Scope,
    labels: Labels,
    ruled: Mapping[str, Column],
    profiled: Mapping[str, Column],
    seed: int,
    notices: tuple[Notice, ...] = (),
) -> Iterator[SegmentCard]:
    """One card per cluster 0..k-1 of `labels` (-1 for nobody), largest first, each as it is ready.

    `ruled` are the columns that rules may use, `profiled` those that characterise members. Every card has
    `notices` before its own.
    """
    k = int(labels.max()) + 1
    sizes = np.bincount(labels[labels >= 0], minlength=k)
    order = [int(each) for each in np.argsort(-sizes, kind="stable")]
    ranks = np.full(k + 1, -1, dtype=np.int32)
    ranks[order] = np.arange(k, dtype=np.int32)
    ranked = ranks[labels]
    unassigned = int(np.count_nonzero(labels < 0))
    shares = percentages([*(int(sizes[each]) for each in order), unassigned], len(labels))
    of_each = traits(profiled, ranked, k)
    names = naming.names(of_each)
    uses = naming.suggested_uses(of_each, names, scope.snapshot.catalog)
    learner = Learner.of(ruled, scope.places(seed), scope.clock)
    held_out = learner.held_out
    taken: set[str] = set()
    for rank in range(k):
        members = ranked == rank
        several = learner.learn_several(members, MOST_CONJUNCTIONS)
        leaves = several[0] if several else ()
        node = scope.criteria(leaves)
        fidelity = scope.fidelity(node, members, held_out)
        found = _Found(
            int(sizes[order[rank]]),
            shares[rank],
            of_each[rank],
            names[rank],
            uses[rank],
            leaves,
            node,
            fidelity,
            best=_better(scope, several, members, held_out, fidelity),
            notices=notices,
        )
        yield _card(scope, found, "ML_WORKER", taken)


def of_slices(scope: Scope, slices: Sequence[Slice], profiled: Mapping[str, Column]) -> Iterator[SegmentCard]:
    """One card per slice, largest first. The rules are the slices: their fidelity is counted all the same."""
    ordered = sorted(slices, key=lambda each: -int(np.count_nonzero(each.rows)))
    labels = np.full(scope.table.rows, -1, dtype=np.int32)
    for rank, each in enumerate(ordered):
        labels[each.rows] = rank
    sizes = [int(np.count_nonzero(each.rows)) for each in ordered]
    shares = percentages(sizes, scope.table.rows)
    of_each = traits(profiled, labels, len(ordered))
    channel = naming.channel(scope.snapshot.catalog)
    taken: set[str] = set()
    for rank, each in enumerate(ordered):
        node = scope.criteria(each.leaves)
        fidelity = scope.fidelity(node, each.rows)
        use = f"{each.use}; {channel}."
        found = _Found(sizes[rank], shares[rank], of_each[rank], each.name, use, each.rules, node, fidelity)
        yield _card(scope, found, "HEURISTIC", taken)


def of_rules(
    scope: Scope, ruled: Sequence[Ruled], profiled: Mapping[str, Column]
) -> list[tuple[SegmentCard, Mask]]:
    """One card per segment that its rules make, with its rows (table rows,), largest first. They may overlap.

    The rules are the segment, so that they find all of it and nothing else; it is counted all the same.
    """
    nodes = [scope.criteria(each.leaves) for each in ruled]
    masks = [scope.matched(node) for node in nodes]
    sizes = [int(np.count_nonzero(mask)) for mask in masks]
    of_each = [traits(profiled, np.where(mask, 0, -1).astype(np.int32), 1)[0] for mask in masks]
    names = naming.names(of_each)
    uses = naming.suggested_uses(of_each, names, scope.snapshot.catalog)
    taken: set[str] = set()
    found: list[tuple[SegmentCard, Mask]] = []
    for at in sorted(range(len(ruled)), key=lambda at: -sizes[at]):
        each = ruled[at]
        made = _Found(
            sizes[at],
            round(100 * sizes[at] / scope.table.rows, 2),
            of_each[at],
            each.name or names[at],
            naming.with_consent(each.use, scope.snapshot.catalog) if each.use else uses[at],
            each.leaves,
            nodes[at],
            scope.fidelity(nodes[at], masks[at]),
            each.description,
            bool(each.name),
        )
        found.append((_card(scope, made, "LLM", taken), masks[at]))
    return found


def _card(scope: Scope, found: _Found, tier: Tier, taken: set[str]) -> SegmentCard:
    name = naming.numbered(found.name, taken)
    taken.add(name)
    telling = [each for each in found.traits if each.importance > 0] or list(found.traits)[:1]
    return SegmentCard(
        card_id=_card_id(scope, found.node, found.size, len(taken)),
        name=name,
        description=found.description or naming.description(found.size, found.percentage, telling),
        size=found.size,
        percentage=found.percentage,
        filter_rules=rules_of(found.rules),
        characteristics=tuple(naming.characteristic(each) for each in telling[: naming.TOP_CHARACTERISTICS]),
        suggested_use=found.use,
        criteria=scope.text(found.node),
        fidelity=found.fidelity,
        tier=tier,
        name_from_model=found.name_from_model,
        headline=naming.headline(found.size, found.percentage, telling),
        notices=(*found.notices, *_loose(found.fidelity)),
        criteria_best="" if found.best is None else scope.text(found.best[0]),
        fidelity_best=None if found.best is None else found.best[1],
    )


def _better(
    scope: Scope,
    rules: Sequence[Sequence[Leaf]],
    members: Mask,
    held_out: Mask | None,
    fidelity: RuleFidelity,
) -> tuple[Node, RuleFidelity] | None:
    """Several conjunctions in the place of one, where that is clearly better for those not learnt from."""
    if len(rules) < 2:
        return None
    node = scope.any_of(rules)
    found = scope.fidelity(node, members, held_out)
    return (node, found) if _new_f1(found) >= _new_f1(fidelity) + BETTER_F1 else None


def _new_f1(fidelity: RuleFidelity) -> float:
    """F1 on the customers that nothing was learnt from; on everybody where all were needed to learn."""
    if fidelity.held_out is None:
        return _f1(fidelity.precision, fidelity.recall)
    return _f1(fidelity.held_out_precision, fidelity.held_out_recall)


def _f1(precision: float | None, recall: float | None) -> float:
    return 2 * precision * recall / (precision + recall) if precision and recall else 0.0


def _loose(fidelity: RuleFidelity) -> tuple[Notice, ...]:
    precision, recall = fidelity.precision or 0.0, fidelity.recall or 0.0
    if _f1(precision, recall) >= LOOSE_F1:
        return ()
    text = (
        f"the rules find {words.share(100 * recall)} of the members, "
        f"and {words.share(100 * precision)} of those they find are members"
    )
    return (Notice("RULE_IS_LOOSE", text, "filter_rules"),)


def _card_id(scope: Scope, node: Node, size: int, rank: int) -> str:
    """The same for the same table, rule and size; the rank keeps twins apart."""
    key = "\0".join((scope.snapshot.catalog.schema, scope.fingerprint(node), str(size), str(rank)))
    return "seg_" + hashlib.sha256(key.encode()).hexdigest()[:12]

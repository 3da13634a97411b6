"""Run a discovery, and say whether what it gave adds up."""

from __future__ import annotations

import json

import numpy as np
from segmentry.analysis import codec, events
from segmentry.analysis.discover import discover
from segmentry.analysis.events import AnalysisResult, Event
from segmentry.analysis.parameters import Parameters
from segmentry.criteria import check
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import And, Leaf, Node, Operator
from segmentry.customers.snapshot import Snapshot

from tests.analysis.tables import AS_OF, numbers


def run(snapshot: Snapshot, parameters: Parameters | None = None) -> tuple[AnalysisResult, list[Event]]:
    """The result and the events, all of which were written as valid JSON on the way."""
    said: list[Event] = []

    def emit(event: Event) -> None:
        json.dumps(codec.encode(event), allow_nan=False)
        said.append(event)

    result = discover(snapshot, parameters or Parameters(), AS_OF, emit)
    json.dumps(codec.encode(result), allow_nan=False)
    return result, said


def reasons(result: AnalysisResult) -> set[str]:
    return {notice.reason for notice in result.notices}


def adds_up(result: AnalysisResult) -> bool:
    """Sizes and percentages, the distinct names, and the cards' order."""
    sizes = [card.size for card in result.segments]
    shares = sum(card.percentage for card in result.segments)
    noise = 100 * result.unassigned / result.rows
    return (
        sum(sizes) + result.unassigned == result.rows
        and abs(shares + noise - 100) <= 0.1
        and len({card.name for card in result.segments}) == len(sizes)
        and len({card.card_id for card in result.segments}) == len(sizes)
        and sizes == sorted(sizes, reverse=True)
        and min(sizes) > 0
    )


def counted(snapshot: Snapshot, node: Node) -> int:
    clock = Clock.at(AS_OF, snapshot.catalog.time_zone)
    return snapshot.count(check.require(node, snapshot.catalog, clock).bound, AS_OF)


def of_rules(card: events.SegmentCard) -> Node:
    """The filter rules read as criteria, independently of the card's own."""
    leaves = tuple(
        Leaf(
            rule.field,
            Operator(rule.operator),
            tuple(each for each in rule.value if isinstance(each, str | int | float))
            if isinstance(rule.value, list)
            else (None if isinstance(rule.value, dict) else rule.value),
        )
        for rule in card.filter_rules
    )
    return And(leaves)


def blobs(k: int, rows: int = 900, seed: int = 1) -> Snapshot:
    rng = np.random.default_rng(seed)
    centres = np.array([[0, 0, 0], [9, 9, 0], [0, 9, 9], [9, 0, 9], [18, 0, 0]])[:k]
    X = centres[np.arange(rows) % k] + rng.normal(0, 1, (rows, 3))
    return numbers(spend=X[:, 0].tolist(), visits=X[:, 1].tolist(), tenure=X[:, 2].tolist())

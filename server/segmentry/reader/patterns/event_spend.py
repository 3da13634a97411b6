"""Money spent in a period, where only the events say when it was: "spent over £300 in the last 60 days"."""

from __future__ import annotations

from segmentry.criteria.nodes import And, Event, Leaf, Node, Not
from segmentry.reader.language.words import word_set
from segmentry.reader.patterns.counter_periods import counts_over
from segmentry.reader.patterns.event_clauses import SPENT
from segmentry.reader.patterns.quantify import build
from segmentry.reader.scene import Fragment, Scene

_BETWEEN = word_set("us in total a an with")
_KINDS = frozenset({"rolling", "within", "duration", "absolute"})
# what people spend in; a deposit or a refund is none of it
_SPENDING = word_set("""
purchase order transaction sale payment booking buy checkout receipt invoice stay visit bill card_payment
rental trip
""")


def event_spend(scene: Scene, at: int) -> Fragment | None:
    """The sum of the one kind of event that holds spending, over a period that no column covers."""
    if scene.word(at) not in SPENT or not scene.lexicon.events:
        return None
    found = scene.comparison(scene.skip(at + 1, _BETWEEN, 2))
    when = None if found is None else scene.when(found.end)
    if found is None or when is None or when.kind not in _KINDS:
        return None
    if any(counts_over(named, when) for named in scene.lexicon.named.values()):
        return None
    events = [words for name, words in scene.lexicon.events.items() if words.money and name in _SPENDING]
    lo, hi = (when.ago, None) if when.kind != "absolute" else (when.lo, when.hi)
    money = events[0].money if len(events) == 1 else None
    if money is None or lo is None or (when.kind != "absolute" and not when.count):
        return None
    amount = build(at, when.end, money, found, exact=False, negated=False, factor=1.0, assumed=True)
    leaves = amount.node.items if isinstance(amount.node, And) else (amount.node,)
    name = events[0].event.name
    nodes = tuple(
        Event(name, None, "sum", money.name, leaf.operator, leaf.value, lo, hi)
        for leaf in leaves
        if isinstance(leaf, Leaf) and isinstance(leaf.value, int)
    )
    if len(nodes) != len(leaves) or not money.integer:
        return None
    node: Node = nodes[0] if len(nodes) == 1 else And(nodes)
    cap = min(amount.cap, 0.9)
    return Fragment("counter", at, when.end, node, Not(node), source="assumed", cap=cap, note=amount.note)

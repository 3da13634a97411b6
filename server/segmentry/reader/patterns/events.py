"""Events of the catalog: how many, of what amount, in which period, and never."""

from __future__ import annotations

from segmentry.criteria.catalog import Field
from segmentry.criteria.nodes import And, Event, Leaf, Node, Not, Operator
from segmentry.reader.dates.when import When
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.tokens import name_words
from segmentry.reader.language.words import NEGATORS, word_set
from segmentry.reader.lexicon.event_words import EventWords
from segmentry.reader.lexicon.phrases import EXACT, Entry
from segmentry.reader.patterns.counter_periods import counts_over
from segmentry.reader.patterns.event_clauses import SPENT, Clause, Reading
from segmentry.reader.patterns.moments import chosen_moment
from segmentry.reader.patterns.quantify import build, opposite
from segmentry.reader.scene import Fragment, Option, Scene, label

BEGINNINGS = SPENT | word_set("total nobody sum")
_ASKED_HOW_OFTEN = "Over which period does '{}' count: {}?"
_ARTICLES = word_set("a an any another their every each")
_DONE = word_set(
    "who that which have has had haven't hasn't hadn't didn't ever made with and were been was a an any"
)
_DOUBTFUL = 0.8


def events(scene: Scene, at: int) -> Fragment | None:
    """A condition on one kind of event that begins at `at`."""
    if not scene.lexicon.events or (scene.word(at) not in BEGINNINGS and scene.word(at - 1) in SPENT):
        return None
    if scene.word(at) == "total" and _names_a_column(scene, at):
        return None
    nobody = scene.word(at) == "nobody"
    reading = Reading(scene, at + 1 if nobody else at)
    clause = reading.read()
    words = None if clause is None else reading.words()
    if clause is None or words is None or not _sure_of_event(scene, clause, words):
        return None
    clause.start = at
    fragment = _condition(scene, clause, words)
    if fragment is None:
        return None
    if nobody or clause.nothing:
        fragment.node, fragment.negative = fragment.negative, fragment.node
        fragment.options, fragment.negative_options = fragment.negative_options, fragment.options
    return fragment


def _names_a_column(scene: Scene, at: int) -> bool:
    """ "Total orders" may be the catalog's own name for a column, which then is no sum over events."""
    return any(match.end > at + 1 and match.of("field") for match in scene.matches_at(at))


def _sure_of_event(scene: Scene, clause: Clause, words: EventWords) -> bool:
    """A verb alone names its event only where it names nothing else of the table."""
    if clause.whole or (clause.verb and clause.object):
        return True
    if not clause.verb:
        return False
    others = any(
        match.of("moment", "field", "value")
        for match in scene.matches_at(clause.start)
        if not set(words.dates) & {entry.field for entry in match.entries}
    )
    return not others


def _condition(scene: Scene, clause: Clause, words: EventWords) -> Fragment | None:
    window = _window(clause)
    if clause.when is not None and window is None:
        return None
    if clause.plain:
        return _happened(scene, clause, words, window)
    if clause.amount is None and not clause.where and not clause.distinct:
        column = _counter(scene, clause, words)
        if column is not None:
            return column
    return _event(scene, clause, words, window)


def _happened(
    scene: Scene, clause: Clause, words: EventWords, window: tuple[str | None, str | None] | None
) -> Fragment | None:
    """Once or more in a period, or ever: by the column with the time of the last one, where there is one."""
    if clause.total or clause.spent:
        return None
    if words.dates:
        if clause.when is None or (
            clause.when.kind == "duration" and scene.word(clause.when.start) == "over"
        ):
            return None
        entries = tuple(Entry("moment", name, EXACT) for name in words.dates)
        fragment = chosen_moment(scene, clause.start, entries, clause.when)
        fragment.end = clause.end
        return fragment
    if clause.when is None and not (clause.verb or _speaks_of_deeds(scene, clause)):
        return None
    if clause.when is None and words.totals:
        return None
    return _event(scene, clause, words, window)


def _speaks_of_deeds(scene: Scene, clause: Clause) -> bool:
    before = scene.word(clause.start - 1)
    return (
        before in _DONE or before in NEGATORS or scene.word(clause.start).endswith("ed") or clause.start == 0
    )


def _window(clause: Clause) -> tuple[str | None, str | None] | None:
    when = clause.when
    if when is None:
        return None, None
    if when.kind in ("rolling", "within", "duration"):
        return (when.ago, None) if when.count else None
    hi = when.hi
    if hi is not None and "NEXT" in hi:
        hi = None
    return when.lo, hi


def _event(
    scene: Scene, clause: Clause, words: EventWords, window: tuple[str | None, str | None] | None
) -> Fragment | None:
    lo, hi = window or (None, None)
    name = words.event.name
    where = list(clause.where)
    assumed, note, cap = clause.assumed, clause.note, 1.0
    of, measure, bounds = None, "count", [(Operator.GTE, 1)]
    options: tuple[Option, ...] = ()
    if clause.amount is not None:
        summed = _property(clause, words)
        if summed is None:
            return None
        amount = build(
            clause.start,
            clause.end,
            summed,
            clause.amount,
            exact=False,
            negated=False,
            factor=1.0,
            assumed=False,
        )
        if amount.node is None:
            return None
        assumed = assumed or amount.source == "assumed"
        cap, note = min(cap, amount.cap), note or amount.note
        if _summed(scene, clause) and clause.count is None:
            of, measure = summed.name, "sum"
            bounds = _bounds(amount.node)
        else:
            where.append(amount.node)
    if clause.distinct:
        of, measure = clause.distinct, "distinct"
    if clause.count is not None:
        bounds = [
            (operator if clause.count.explicit else Operator.EQ, quantity.value)
            for operator, quantity in clause.count.bounds
        ]
    if any(not isinstance(value, int) or (value < 0 and measure != "sum") for _, value in bounds):
        return None
    condition = None if not where else where[0] if len(where) == 1 else And(tuple(where))
    nodes = tuple(
        Event(name, condition, measure, of, operator, int(value), lo, hi) for operator, value in bounds
    )
    node: Node = nodes[0] if len(nodes) == 1 else And(nodes)
    usual = clause.count is None and measure == "count"
    negative: Node = Event(name, condition, "count", None, Operator.EQ, 0, lo, hi) if usual else Not(node)
    if clause.verb and not (clause.object or clause.generic or clause.whole):
        cap = min(cap, _DOUBTFUL)  # "exported twice": what was, is not said
    if clause.loose:
        cap = min(cap, _DOUBTFUL)
    return Fragment(
        "counter",
        clause.start,
        clause.end,
        node,
        negative,
        source="assumed" if assumed else "said",
        cap=min(cap, 0.9) if assumed else cap,
        note=note,
        options=options,
        rank=2,
    )


def _property(clause: Clause, words: EventWords) -> Field | None:
    """The property that an amount is about."""
    if not clause.measure:
        return words.money
    return next((each for each in words.numbers if clause.measure in map(stem, name_words(each.name))), None)


def _summed(scene: Scene, clause: Clause) -> bool:
    """Whether an amount is that of all events together: "spent over 300 on orders"."""
    if clause.total or clause.spent:
        return not any(scene.word(step) in _ARTICLES for step in range(clause.start, clause.start + 2))
    return False


def _bounds(node: Node) -> list[tuple[Operator, int | float]]:
    leaves = node.items if isinstance(node, And) else (node,)
    return [
        (leaf.operator, leaf.value)
        for leaf in leaves
        if isinstance(leaf, Leaf) and isinstance(leaf.value, int | float) and not isinstance(leaf.value, bool)
    ]


def _counter(scene: Scene, clause: Clause, words: EventWords) -> Fragment | None:
    """The column that counts this event over the period said, or of all time where none is said."""
    count, when = clause.count, clause.when
    if count is None:
        return None
    if when is None:
        columns: tuple[str, ...] = words.totals if len(words.totals) == 1 else ()
        if not columns and words.counters:
            return _which_period(scene, clause, words.counters)
    else:
        columns = tuple(name for name in words.counters if _covers(scene, name, when))
    if len(columns) != 1:
        return None
    fragment = build(
        clause.start,
        clause.end,
        scene.field(columns[0]),
        count,
        exact=False,
        negated=False,
        factor=1.0,
        assumed=False,
    )
    if not count.explicit and isinstance(fragment.node, Leaf):
        fragment.node = Leaf(columns[0], Operator.EQ, fragment.node.value)
        fragment.negative = opposite(fragment.node)
    fragment.kind, fragment.rank = "counter", 2
    return fragment


def _covers(scene: Scene, name: str, when: When) -> bool:
    return counts_over(scene.lexicon.named[name], when) == "said"


def _which_period(scene: Scene, clause: Clause, names: tuple[str, ...]) -> Fragment | None:
    count = clause.count
    if count is None or len(count.bounds) != 1 or not isinstance(count.bounds[0][1].value, int):
        return None
    operator = count.bounds[0][0] if count.explicit else Operator.EQ
    leaves = [Leaf(name, operator, count.bounds[0][1].value) for name in names[:4]]
    windows = ", ".join(f"{scene.lexicon.named[name].window_days} days ({name})" for name in names)
    return Fragment(
        "counter",
        clause.start,
        clause.end,
        None,
        options=tuple(Option(label(leaf), leaf) for leaf in leaves),
        negative_options=tuple(Option(f"not {label(leaf)}", opposite(leaf)) for leaf in leaves),
        cap=0.45,
        question=_ASKED_HOW_OFTEN.format(scene.words(clause.start, clause.end), windows),
        rank=2,
    )

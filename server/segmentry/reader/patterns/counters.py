"""How often: booked 3+ times in 30 days, at least 5 bookings in 90 days, exported a report twice."""

from __future__ import annotations

from segmentry.criteria.nodes import Event, Leaf, Node, Not, Operator
from segmentry.reader.comparators import phrase_at
from segmentry.reader.inflect import stem
from segmentry.reader.numbers import TIMES
from segmentry.reader.patterns.counter_periods import Fit, counts_over, has_period
from segmentry.reader.patterns.quantify import opposite
from segmentry.reader.phrases import PART, Entry
from segmentry.reader.scene import Fragment, Option, Scene, label
from segmentry.reader.when import When
from segmentry.reader.words import word_set

_COUNT_GLUE = word_set("only just us a with report reports an the our any email emails round rounds again in")

_SOME = frozenset({"many", "several", "multiple", "numerous", "few"})
NONE = frozenset({"no", "without", "zero"})
# one of these stands after every event that is counted
_COUNTS = frozenset(TIMES) | {"times", "time"}


def counted(scene: Scene, at: int) -> Fragment | None:
    """ "Booked 3+ times in 30 days", "at least 5 bookings in 90 days": a counter or a counted event."""
    for match in () if _COUNTS.isdisjoint(scene.said) else scene.matches_at(at):
        entries = match.of("moment", "event", "field")
        begin = scene.skip(match.end, _COUNT_GLUE, 2)
        if not entries or begin >= len(scene.tokens):
            continue
        if scene.word(begin) in _SOME and scene.word(begin + 1) == "times":
            return _how_often(scene, at, begin + 2, entries)
        found = scene.comparison(begin)
        if found is None or len(found.bounds) != 1:
            continue
        operator, number = found.bounds[0]
        if scene.word(number.start) in TIMES:
            # "twice" says its own unit: "at least twice", "twice or more"
            end = found.end
        elif scene.word(found.end) in ("times", "time"):
            end = found.end + 1
            after = phrase_at(scene.tokens, end, after=True) if end < len(scene.tokens) else None
            if after is not None and not found.explicit:
                return _counter(scene, at, entries, after[0], number.value, after[1])
        else:
            continue
        return _counter(scene, at, entries, operator if found.explicit else Operator.EQ, number.value, end)
    found = scene.comparison(at)
    if found is not None and len(found.bounds) == 1:
        begin = scene.skip(found.end, frozenset({"of", "or", "more"}), 1)
        for match in scene.matches_at(begin):
            entries = match.of("moment", "event", "field")
            if not any(entry.kind == "event" and entry.strength > PART for entry in entries) and not _windows(
                scene, entries
            ):
                continue
            operator = found.bounds[0][0]
            return _counter(scene, at, entries, operator, found.bounds[0][1].value, match.end)
    return None


def _how_often(scene: Scene, at: int, end: int, entries: tuple[Entry, ...]) -> Fragment:
    """ "Ordered many times": how many is asked, on the one count of it where there is one."""
    counts = (
        [entry.field for entry in entries if scene.field(entry.field).type == "number"] if entries else []
    )
    leaves = [Leaf(counts[0], Operator.GTE, least) for least in (3, 5, 10)] if len(set(counts)) == 1 else []
    return Fragment(
        "counter",
        at,
        end,
        None,
        options=tuple(Option(label(leaf), leaf) for leaf in leaves),
        cap=0.45,
        question=f"How often does '{scene.words(at, end)}' mean?",
    )


def none_in_period(scene: Scene, at: int) -> Fragment | None:
    """ "No bookings in the last 90 days": the period's counter is zero, which counts those who never did."""
    if scene.word(at - 1) not in NONE:
        return None
    for match in scene.matches_at(at):
        when = scene.when(match.end)
        if when is None:
            continue
        for name in _windows(scene, match.of("field")):
            fit = counts_over(scene.lexicon.named[name], when)
            if fit:
                some, none = Leaf(name, Operator.GT, 0), Leaf(name, Operator.EQ, 0)
                return _over(at, when, some, none, fit)
    return None


def _over(start: int, when: When, leaf: Leaf, negative: Node, fit: Fit) -> Fragment:
    cap = 1.0 if fit == "said" else 0.9
    return Fragment(
        "counter", start, when.end, leaf, negative, field=leaf.field, rank=1, source=fit or "said", cap=cap
    )


def _period(scene: Scene, name: str) -> str:
    named = scene.lexicon.named[name]
    return f"this {named.to_date} ({name})" if named.to_date else f"{named.window_days} days ({name})"


def _windows(scene: Scene, entries: tuple[Entry, ...]) -> list[str]:
    found = [
        entry.field
        for entry in entries
        if entry.kind == "field"
        and scene.field(entry.field).type == "number"
        and has_period(scene.lexicon.named[entry.field])
    ]
    return list(dict.fromkeys(found))


def _counter(  # noqa: PLR0917 - the parts of one value
    scene: Scene, start: int, entries: tuple[Entry, ...], operator: Operator, value: float, end: int
) -> Fragment | None:
    if not isinstance(value, int) or value < 0:
        return None
    when = scene.when(end)
    counters = _windows(scene, entries) or _sibling_counters(scene, start, end)
    if when is not None:
        for name in counters:
            fit = counts_over(scene.lexicon.named[name], when)
            if fit:
                leaf = Leaf(name, operator, value)
                return _over(start, when, leaf, opposite(leaf), fit)
    event = next((entry.field for entry in entries if entry.kind == "event" and entry.strength > PART), None)
    if event is not None and when is not None and when.days:
        node = Event(event, operator=operator, value=value, window_start=when.ago)
        return Fragment("counter", start, when.end, node, Not(node), rank=1)
    if counters:
        options = tuple(
            Option(label(Leaf(name, operator, value)), Leaf(name, operator, value)) for name in counters
        )
        windows = ", ".join(_period(scene, name) for name in counters)
        stop = when.end if when is not None else end
        return Fragment(
            "counter",
            start,
            stop,
            None,
            options=options[:4],
            cap=0.45,
            question=f"Over which period does '{scene.words(start, stop)}' count: {windows}?",
        )
    if event is not None:
        node = Event(event, operator=operator, value=value)
        return Fragment("counter", start, end, node, Not(node))
    return None


def _sibling_counters(scene: Scene, start: int, end: int) -> list[str]:
    """Counters that share a word with the event that was said ("booked" and bookingCount30d)."""
    stems = {token.stem for token in scene.tokens[start:end]}
    return [
        name
        for name, named in scene.lexicon.named.items()
        if named.window_days
        and scene.field(name).type == "number"
        and stems & {stem(word) for word in named.core}
    ]

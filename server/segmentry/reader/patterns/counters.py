"""How often: booked 3+ times in 30 days, at least 5 bookings in 90 days, exported a report twice."""

from __future__ import annotations

from dataclasses import replace

from segmentry.criteria.nodes import Event, Leaf, Node, Not, Operator
from segmentry.reader.dates.when import When
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.words import word_set
from segmentry.reader.lexicon.phrases import PART, Entry
from segmentry.reader.patterns.counter_periods import Fit, counts_over, has_period
from segmentry.reader.patterns.event_clauses import GENERIC, times
from segmentry.reader.patterns.quantify import opposite, rate_at
from segmentry.reader.quantities.comparators import Comparison, phrase_at
from segmentry.reader.quantities.numbers import TIMES
from segmentry.reader.scene import Fragment, Option, Scene, best, label

_COUNT_GLUE = word_set("only just us a with report reports an the our any email emails round rounds again in")

_SOME = frozenset({"many", "several", "multiple", "numerous", "few"})
_RATE_DAYS = {"day": 1, "week": 7, "month": 30, "quarter": 90, "year": 365}
NONE = frozenset({"no", "without", "zero"})
# one of these stands after every event that is counted
_COUNTS = frozenset(TIMES) | {"times", "time"}


def counted(scene: Scene, at: int) -> Fragment | None:
    """ "Booked 3+ times in 30 days", "at least 5 bookings in 90 days": a counter or a counted event."""
    parted = _parted(scene, at)
    if parted is not None:
        return parted
    for match in () if _COUNTS.isdisjoint(scene.said) else scene.matches_at(at):
        entries = match.of("moment", "event", "field")
        begin = scene.skip(match.end, _COUNT_GLUE | GENERIC, 2)
        if not entries or begin >= len(scene.tokens):
            continue
        if scene.word(begin) in _SOME and scene.word(begin + 1) == "times":
            return _how_often(scene, at, begin + 2, entries)
        found = scene.comparison(begin)
        if found is None or len(found.bounds) != 1:
            continue
        timed = scene.word(found.bounds[0][1].start) in TIMES or scene.word(found.end) in ("times", "time")
        if not timed:
            continue
        found, end = times(scene, found)
        operator, number = found.bounds[0]
        return _counter(scene, at, entries, operator if found.explicit else Operator.EQ, number.value, end)
    found = scene.comparison(at)
    if found is not None and len(found.bounds) == 1:
        begin = scene.skip(found.end, frozenset({"of", "more"}), 1)
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
    counts = [
        entry.field
        for entry in entries
        if entry.kind == "field" and scene.field(entry.field).type == "number"
    ]
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


def _or_more(scene: Scene, found: Comparison, end: int) -> tuple[Comparison, int]:
    """ "2 quizzes or fewer": the comparison that stands behind the noun, and the token after it."""
    after = phrase_at(scene.tokens, end, after=True) if end < len(scene.tokens) else None
    if after is None or found.explicit:
        return found, end
    return replace(found, bounds=((after[0], found.bounds[0][1]),), explicit=True), after[1]


def _parted(scene: Scene, at: int) -> Fragment | None:
    """ "Cancelled at least 2 rides" on `cancelled_rides_30d`: the number parts the words of the name."""
    for match in scene.matches_at(at):
        found = scene.comparison(match.end)
        if found is None or len(found.bounds) != 1 or found.end >= len(scene.tokens):
            continue
        noun = scene.tokens[found.end].stem
        said = {scene.tokens[step].stem for step in range(at, match.end)} | {noun}
        fitting = tuple(
            entry
            for entry in match.of("field")
            if scene.field(entry.field).integer
            and {stem(word) for word in scene.lexicon.named[entry.field].core} == said
        )
        found, end = _or_more(scene, found, found.end + 1)
        value = found.bounds[0][1].value
        if not fitting or not isinstance(value, int):
            continue
        operator = found.bounds[0][0]
        if _windows(scene, fitting):
            return _counter(scene, at, fitting, operator, value, end)
        leaf = Leaf(fitting[0].field, operator, value)
        return Fragment("counter", at, end, leaf, opposite(leaf), field=leaf.field, rank=1)
    return None


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
    weekly = _every(scene, start, end, _windows(scene, tuple(best(entries))), operator, value)
    if weekly is not None:
        return weekly
    counters = _windows(scene, tuple(best(entries))) or _windows(scene, entries)
    counters = counters or _sibling_counters(scene, start, end)
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


def _every(  # noqa: PLR0917 - the parts of one value
    scene: Scene, start: int, end: int, names: list[str], operator: Operator, value: int
) -> Fragment | None:
    """ "10 sessions a week" beside a count over seven days: that week is taken for any."""
    rate, stop = rate_at(scene, end)
    fitting = [name for name in names if scene.lexicon.named[name].window_days == _RATE_DAYS.get(rate, 0)]
    if len(fitting) != 1:
        return None
    leaf = Leaf(fitting[0], operator, value)
    note = f"'{scene.words(end, stop)}' was read as the period of {fitting[0]}"
    return Fragment(
        "counter",
        start,
        stop,
        leaf,
        opposite(leaf),
        field=leaf.field,
        source="assumed",
        cap=0.9,
        note=note,
        rank=1,
    )


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

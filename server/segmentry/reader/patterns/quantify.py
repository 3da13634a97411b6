"""From a field and a comparison to a condition: which field, which unit, which stored number."""

from __future__ import annotations

from dataclasses import replace

from segmentry.criteria.catalog import Field
from segmentry.criteria.nodes import And, Leaf, Node, Not, Operator, Scalar
from segmentry.reader.dates.when import When
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.thesaurus import MONEY_NAMES, RATE_NAMES, RATES, UNIT_WORDS
from segmentry.reader.lexicon.phrases import DERIVED, EXACT, Entry
from segmentry.reader.lexicon.units import keeps_in, measured, scaled, stored, unit_factor
from segmentry.reader.patterns.counter_periods import counts_over, has_period
from segmentry.reader.patterns.metres import kept_in_metres, metric
from segmentry.reader.patterns.which_money import counts_things, is_money, which_money
from segmentry.reader.quantities.comparators import Comparison, phrase_at
from segmentry.reader.scene import Fragment, Option, Scene, best, between, label

# a unit that only a person can settle: answered, but never alone
_DOUBT = 0.8
# words of a name that say that it counts from the very beginning
_ALL_TIME = frozenset({"lifetime", "total", "overall", "ever", "alltime"})
# what counts the more, the better
HIGHER_IS_BETTER = frozenset(
    {
        "rating",
        "ratings",
        "satisfaction",
        "nps",
        "stars",
        "star",
        "quality",
        "gpa",
        "adherence",
        "attendance",
        "review",
        "csat",
        "win",
    }
)
# and what counts from the best down
LOWER_IS_BETTER = frozenset({"handicap", "rank", "ranking", "ping", "latency"})


def rate_at(scene: Scene, at: int) -> tuple[str, int]:
    """ "A month", "per month", "/month", "monthly", "each year": the rate and the token after it."""
    word = scene.word(at)
    if word in ("a", "an", "per", "/", "each", "every") and scene.word(at + 1) in RATES:
        return RATES[scene.word(at + 1)], at + 2
    if word in ("monthly", "yearly", "annually", "weekly", "daily"):
        return RATES[word], at + 1
    return "", at


def resolve(
    scene: Scene,
    start: int,
    entries: tuple[Entry, ...],
    found: Comparison,
    *,
    exact: bool,
    negated: bool,
    end: int | None = None,
) -> Fragment:
    end = max(found.end, end or 0)
    rate, after_rate = rate_at(scene, end)
    candidates = _measured_so(scene, end, entries, found)
    unit = scene.word(end) if scene.word(end) in UNIT_WORDS else ""
    window, end_window, guessed = _window(scene, end, entries)
    timeless = _over_all_time(scene, candidates, entries) if window is None else []
    candidates = timeless or candidates
    factor, assumed, guessed_unit = 1.0, False, False
    candidates = kept_in_metres(scene, candidates, found)
    metres = metric(scene, scene.lexicon.named[candidates[0].field], found)
    if metres is not None:
        found, factor, guessed_unit = metres
    if rate:
        fitting = best(tuple(entry for entry in entries if _hasrate_at(scene, entry.field, rate)))
        if fitting:
            candidates, end = fitting, after_rate
        elif any(
            stem(word) in MONEY_NAMES
            for entry in candidates
            for word in scene.lexicon.named[entry.field].words
        ):
            # what a column of money is per month or per visit is not told by its name
            end, guessed_unit = after_rate, True
    if window is not None:
        candidates, end, assumed = window, end_window, assumed or guessed
    elif (
        found.money
        and scene.word(end - 1) in ("pound", "pounds")
        and measured(scene.lexicon.named[candidates[0].field])
    ):
        weighed = unit_factor(scene.lexicon.named[candidates[0].field], "pounds")
        factor, assumed = weighed or (factor, assumed)
    elif scene.word(end) in UNIT_WORDS or (scene.word(end) == "-" and scene.word(end + 1) in UNIT_WORDS):
        end, factor, assumed = _unit(scene, end, candidates[0].field, assumed)
        after = phrase_at(scene.tokens, end, after=True) if end < len(scene.tokens) else None
        if after is not None and not (found.explicit or found.approximate):
            # "60 days or longer": the comparator stands behind the unit
            found = Comparison(((after[0], found.bounds[0][1]),), found.start, after[1], explicit=True)
            end = after[1]
    if scene.word(end) == "old" and "age" in scene.lexicon.named[candidates[0].field].words:
        end += 1
    candidates = _all_time(scene, end, candidates)
    candidates, end = _told_apart(scene, candidates, end)
    if len(candidates) > 1:
        return _ambiguous(scene, start, end, candidates, found, unit)
    if not has_period(scene.lexicon.named[candidates[0].field]):
        end = _ever(scene, end)
    field = scene.field(candidates[0].field)
    if found.money and counts_things(scene.lexicon.named[field.name]):
        return which_money(scene, start, end, found)
    period = scene.when(end) if window is None else None
    if period is not None and counts_over(scene.lexicon.named[field.name], period) == "said":
        end = period.end  # "20 nights or more in the last 12 months": the column's own period
    if found.approximate:
        return _approximate(scene, start, end, field, found)
    words = set(scene.lexicon.named[field.name].words)
    if found.judged and LOWER_IS_BETTER & words:
        side = Operator.LTE if found.judged == "better" else Operator.GTE
        found = replace(found, bounds=tuple((side, number) for _, number in found.bounds))
    elif found.judged and not HIGHER_IS_BETTER & words:
        return _judged(scene, start, end, field, found)
    built = build(start, end, field, found, exact=exact, negated=negated, factor=factor, assumed=assumed)
    built.cap = min(built.cap, _DOUBT) if guessed_unit else built.cap
    return built


_EVER_SAID = (
    "in total|all time|of all time|all - time|to date|so far|over all|in all|overall|altogether|ever|lifetime"
)
_EVER: dict[str, list[tuple[str, ...]]] = {}
for _words in _EVER_SAID.split("|"):
    _EVER.setdefault(_words.split()[0], []).append(tuple(_words.split()))


def _ever(scene: Scene, at: int) -> int:
    """The token after "in total", "so far" and the like, which a number of all time says already."""
    begin = scene.skip(at, frozenset({"with", "us"}), 2)
    for words in _EVER.get(scene.word(begin), ()):
        if all(scene.word(begin + step) == word for step, word in enumerate(words)):
            return begin + len(words)
    return at


def _told_apart(scene: Scene, candidates: list[Entry], end: int) -> tuple[list[Entry], int]:
    """Of several columns the one whose name goes on: "more than 3 items *overdue*"."""
    said = stem(scene.word(end))
    fitting = [each for each in candidates if said in map(stem, scene.lexicon.named[each.field].words)]
    return (fitting, end + 1) if len(candidates) > 1 and len(fitting) == 1 and said else (candidates, end)


def _all_time(scene: Scene, end: int, candidates: list[Entry]) -> list[Entry]:
    """Of counts of one thing the one of all time, where no period is said: "more than 12 orders"."""
    whole = [each for each in candidates if not has_period(scene.lexicon.named[each.field])]
    counts = all(scene.field(each.field).integer for each in candidates)
    # `intl_calls` is no count of all calls
    named = len(whole) == 1 and whole[0].strength >= DERIVED
    if not named or not counts or scene.when(end) is not None or rate_at(scene, end)[0]:
        return candidates
    return whole


def _measured_so(scene: Scene, end: int, entries: tuple[Entry, ...], found: Comparison) -> list[Entry]:
    """The best entries; where what was said is no measure of theirs, those of a field that is kept in it.

    "Trips under 20 minutes" is not the number of trips, "bookings over $500" not that of bookings.
    """
    candidates = best(entries)
    unit = scene.word(end)
    if unit in UNIT_WORDS:
        fits = {entry.field for entry in entries if _fits(scene, entry.field, unit)}
    elif found.money:
        fits = {entry.field for entry in entries if is_money(scene.lexicon.named[entry.field])}
    else:
        return candidates
    if not fits:
        return candidates
    own = [entry for entry in candidates if entry.field in fits]
    kept = [entry for entry in own if keeps_in(scene.lexicon.named[entry.field], unit)]
    if len(kept) == 1 < len(own):
        return kept  # "tenure over 2 years" beside tenure_days and tenure_years
    return own or best(tuple(entry for entry in entries if entry.field in fits))


def _over_all_time(scene: Scene, candidates: list[Entry], entries: tuple[Entry, ...]) -> list[Entry]:
    """The counters over all time, where the words name a counter but none of its periods: "20 orders".

    They are what was said, unless the name was said with its period ("orders 90d").
    """
    if not all(
        entry.strength < EXACT and has_period(scene.lexicon.named[entry.field]) for entry in candidates
    ):
        return []
    return best(tuple(entry for entry in entries if _ALL_TIME & set(scene.lexicon.named[entry.field].words)))


def _fits(scene: Scene, name: str, unit: str) -> bool:
    named = scene.lexicon.named[name]
    return bool(measured(named)) and unit_factor(named, unit) is not None


def _hasrate_at(scene: Scene, name: str, rate: str) -> bool:
    named = scene.lexicon.named[name]
    words = (
        set(named.words)
        | {stem(word) for word in named.words}
        | {word.strip("().,").casefold() for word in named.field.description.split()}
    )
    return bool(set(RATE_NAMES.get(rate, "").split()) & words)


def _unit(scene: Scene, at: int, name: str, assumed: bool) -> tuple[int, float, bool]:
    start = at + 1 if scene.word(at) == "-" else at
    word = scene.word(start)
    named = scene.lexicon.named[name]
    time = unit_factor(named, word)
    if time is not None:
        return start + 1, time[0], assumed or time[1]
    stems = {stem(part) for part in named.words} | {stem(named.field.unit.casefold())}
    if stem(word) in stems or word in ("times", "items", "units", "points", "item", "unit"):
        return start + 1, 1.0, assumed
    return at, 1.0, assumed


def _window(scene: Scene, end: int, entries: tuple[Entry, ...]) -> tuple[list[Entry] | None, int, bool]:
    """The counters whose window is the period said after them ("5 bookings in the last 90 days")."""
    if not any(has_period(scene.lexicon.named[entry.field]) for entry in entries):
        return None, end, False
    at = scene.skip(end, frozenset({"times", "time", "bookings"}) | UNIT_WORDS, 1)
    when: When | None = scene.when(at)
    if when is None:
        return None, end, False
    fits = {entry.field: counts_over(scene.lexicon.named[entry.field], when) for entry in entries}
    fitting = tuple(entry for entry in entries if fits[entry.field])
    if not fitting:
        return None, end, False
    return best(fitting), when.end, "said" not in fits.values()


def _ambiguous(  # noqa: PLR0917 - the parts of one condition
    scene: Scene, start: int, end: int, candidates: list[Entry], found: Comparison, unit: str
) -> Fragment:
    options: list[Option] = []
    for entry in candidates[:4]:
        factor = unit_factor(scene.lexicon.named[entry.field], unit) if unit else None
        fragment = build(
            start,
            end,
            scene.field(entry.field),
            found,
            exact=False,
            negated=False,
            factor=1.0 if factor is None else factor[0],
            assumed=False,
        )
        if fragment.node is not None:
            options.append(Option(label(fragment.node), fragment.node))
    names = ", ".join(entry.field for entry in candidates[:4])
    return Fragment(
        "measure",
        start,
        end,
        None,
        options=tuple(options),
        cap=0.45,
        negative_options=tuple(Option(f"not {option.label}", Not(option.node)) for option in options),
        question=f"Which field does '{scene.words(start, end)}' mean: {names}?",
    )


def _judged(scene: Scene, start: int, end: int, field: Field, found: Comparison) -> Fragment:
    """ "Handicap of 10 or better": whether more or less is better, only a person can say."""
    value = stored(field, found.bounds[0][1], symbolic=False).value
    leaves = tuple(Leaf(field.name, operator, value) for operator in (Operator.LTE, Operator.GTE))
    return Fragment(
        "measure",
        start,
        end,
        None,
        field=field.name,
        options=tuple(Option(label(leaf), leaf) for leaf in leaves),
        question=f"Is a lower or a higher {field.name} meant by '{scene.words(start, end)}'?",
        cap=0.45,
    )


def _approximate(scene: Scene, start: int, end: int, field: Field, found: Comparison) -> Fragment:
    value = stored(field, found.bounds[0][1], symbolic=False).value
    low, high = _tenth(value, field.integer)
    node = between(field.name, ((Operator.GTE, low), (Operator.LTE, high)))
    exact = Leaf(field.name, Operator.EQ, value)
    return Fragment(
        "measure",
        start,
        end,
        None,
        field=field.name,
        options=(Option(label(node), node), Option(label(exact), exact)),
        question=f"How near does '{scene.words(start, end)}' mean?",
        cap=0.45,
    )


def _tenth(value: float, integer: bool) -> tuple[int | float, int | float]:
    margin = abs(value) / 10
    if integer or isinstance(value, int):
        return int(value - margin), int(value + margin)
    return value - margin, value + margin


def build(
    start: int,
    end: int,
    field: Field,
    found: Comparison,
    *,
    exact: bool,
    negated: bool,
    factor: float,
    assumed: bool,
) -> Fragment:
    symbolic = found.symbolic and exact
    bounds: list[tuple[Operator, Scalar]] = []
    others: list[tuple[Operator, Scalar]] = []
    note = ""
    doubtful = False
    for operator, quantity in found.bounds:
        value = stored(field, quantity, symbolic=symbolic)
        assumed = assumed or value.assumed or quantity.assumed
        note = note or value.note
        doubtful = doubtful or value.doubtful
        bounds.append((operator, scaled(value.value, factor)))
        if value.other is not None:
            others.append((operator, value.other))
    operator = bounds[0][0]
    node = between(field.name, tuple(bounds))
    options: tuple[Option, ...] = ()
    if len(others) == len(bounds):
        other = between(field.name, tuple(others))
        stored_so = " (in stored cents)" if field.unit == "cents" else ""
        options = (Option(label(other) + stored_so, other),)
    positive, negative = node, opposite(node)
    if negated or operator is Operator.NEQ:
        positive, negative = (
            (negative, node) if negated else (node, Leaf(field.name, Operator.EQ, bounds[0][1]))
        )
    return Fragment(
        "measure",
        start,
        end,
        positive,
        negative,
        field=field.name,
        source="assumed" if assumed else "said",
        cap=_DOUBT if doubtful else 0.9 if assumed else 1.0,
        note=note,
        options=options,
    )


def opposite(node: Node) -> Node:
    """What "not over 30" means: the other side, for people whose value is known.

    A person who says "not over 30" speaks of people who have the value; the complement with unset
    people is what `$not` is for.
    """
    if isinstance(node, Leaf):
        flipped = {
            Operator.GT: Operator.LTE,
            Operator.GTE: Operator.LT,
            Operator.LT: Operator.GTE,
            Operator.LTE: Operator.GT,
            Operator.EQ: Operator.NEQ,
            Operator.NEQ: Operator.EQ,
        }.get(node.operator)
        return Not(node) if flipped is None else Leaf(node.field, flipped, node.value)
    if isinstance(node, And):
        return Not(node)
    return Not(node)

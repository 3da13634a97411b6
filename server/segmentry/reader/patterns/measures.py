"""A number field and a comparison, in either order: handicap under 10, pay over $80 a month."""

from __future__ import annotations

from segmentry.criteria.catalog import Field
from segmentry.criteria.nodes import And, Leaf, Node, Not, Operator, Scalar
from segmentry.reader.comparators import AFTER, Comparison, comparison, phrase_at
from segmentry.reader.dates import When
from segmentry.reader.inflect import stem
from segmentry.reader.lexicon import EXACT, GENERAL, PART, Entry
from segmentry.reader.scene import Fragment, Option, Scene, best, between, label
from segmentry.reader.thesaurus import MONEY_NAMES, MONEY_VERBS, RATE_NAMES, RATES, UNIT_WORDS
from segmentry.reader.units import scaled, stored, time_factor
from segmentry.reader.words import word_set

_AFTER_FIELD = word_set("""
is are was were be being of has have a an the at that which who with value values total score scores
level : , in their rating it to ranging somewhere anywhere for i.e
""")
_BEFORE_FIELD = word_set("of in on worth for a an the their total times as to our by")
_NEGATIONS = frozenset(["not", "isn't", "aren't", "wasn't", "isnt", "arent"])
_LIST_GLUE = word_set("or , and a an")
_UNIT_NAMES = {
    "kilo": "kg",
    "kilogram": "kg",
    "centimetr": "cm",
    "metr": "m",
    "mil": "mile",
    "min": "minute",
    "hr": "hour",
}
_GENERIC_NOUNS = word_set("score scores value values amount level number times count rating points")


def measures(scene: Scene, at: int) -> Fragment | None:
    """The longest way to read a numeric condition that begins at `at`."""
    found = [
        fragment
        for fragment in (
            _field_first(scene, at),
            _number_first(scene, at),
            _verb_first(scene, at),
            _between_field(scene, at),
            _sign_word(scene, at),
        )
        if fragment is not None
    ]
    return max(found, key=lambda fragment: (fragment.end, fragment.node is not None)) if found else None


def _numeric(scene: Scene, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    return tuple(
        entry
        for entry in entries
        if scene.field(entry.field).type == "number"
        and not entry.negated
        and scene.field(entry.field).role != "id"
    )


def _field_first(scene: Scene, at: int) -> Fragment | None:
    for match in scene.matches_at(at):
        entries = _numeric(scene, match.of("field", "comparative"))
        if not entries:
            continue
        begin = match.end
        comparative = next((entry.operator for entry in entries if entry.kind == "comparative"), None)
        if comparative is not None:
            begin = begin + 1 if scene.word(begin) in ("than", "then") else begin
            number = scene.numbers.get(begin)
            if number is None:
                continue
            found: Comparison | None = Comparison(((comparative, number),), begin, number.end, explicit=True)
            negated = False
        else:
            begin, negated, found = _find(scene, begin)
        if found is None:
            spoken = _spoken_length(scene, at, begin, entries)
            if spoken is not None:
                return spoken
            continue
        if (
            not found.explicit
            and not found.approximate
            and scene.when(found.start) is not None
            and found.start == begin
        ):
            when = scene.when(found.start)
            if when is not None and when.kind == "ago":
                continue
        several = _several(scene, at, entries, found) if not negated else None
        if several is not None:
            return several
        exact = scene.words(match.start, match.end) in {entry.field for entry in entries}
        return _resolve(scene, at, entries, found, exact=exact, negated=negated)
    return None


def _between_field(scene: Scene, at: int) -> Fragment | None:
    """ "Between the ages of 40 and 50": the field stands inside the range."""
    if scene.word(at) not in ("between", "from"):
        return None
    begin = scene.skip(at + 1, frozenset({"the", "a", "an"}), 1)
    for match in scene.matches_at(begin):
        entries = _numeric(scene, match.of("field"))
        low = scene.numbers.get(scene.skip(match.end, frozenset({"of"}), 1))
        if not entries or low is None or scene.word(low.end) not in ("and", "to", "-"):
            continue
        high = scene.numbers.get(low.end + 1)
        if high is not None and low.value <= high.value:
            found = Comparison(
                ((Operator.GTE, low), (Operator.LTE, high)), low.start, high.end, explicit=True
            )
            return _resolve(scene, at, entries, found, exact=False, negated=False)
    return None


_SIGN_WORDS = {"positive": Operator.GT, "negative": Operator.LT, "zero": Operator.EQ}


def _sign_word(scene: Scene, at: int) -> Fragment | None:
    """ "Negative balance", "zero orders"."""
    operator = _SIGN_WORDS.get(scene.word(at))
    if operator is None:
        return None
    for match in scene.matches_at(at + 1):
        candidates = best(_numeric(scene, match.of("field")))
        if len(candidates) == 1:
            leaf = Leaf(candidates[0].field, operator, 0)
            return Fragment("measure", at, match.end, leaf, opposite(leaf), field=leaf.field)
    return None


def _spoken_length(scene: Scene, at: int, begin: int, entries: tuple[Entry, ...]) -> Fragment | None:
    """ "Tenure less than a year": a length of time without digits."""
    when = scene.when(begin)
    candidates = best(entries)
    if when is None or when.kind != "duration" or when.compare is None or len(candidates) != 1:
        return None
    named = scene.lexicon.named[candidates[0].field]
    factor = time_factor(named, when.unit.lower())
    if factor is None:
        return None
    leaf = Leaf(named.field.name, when.compare, scaled(when.count, factor[0]))
    return Fragment(
        "measure",
        at,
        when.end,
        leaf,
        opposite(leaf),
        field=named.field.name,
        source="assumed" if factor[1] else "said",
        cap=0.9 if factor[1] else 1.0,
    )


def _several(scene: Scene, at: int, entries: tuple[Entry, ...], found: Comparison) -> Fragment | None:
    """ "NPS of 9 or 10": a list of numbers, each of which stands alone."""
    candidates = best(entries)
    if found.explicit or found.approximate or len(candidates) != 1:
        return None
    field = scene.field(candidates[0].field)
    values: list[Scalar] = [stored(field, found.bounds[0][1], symbolic=False).value]
    end = found.end
    while scene.word(end) in ("or", ",", "and"):
        begin = scene.skip(end, _LIST_GLUE, 2)
        following = scene.comparison(begin)
        if following is None or following.explicit or following.approximate:
            break
        if _numeric(
            scene, tuple(entry for match in scene.matches_at(following.end) for entry in match.of("field"))
        ):
            break
        values.append(stored(field, following.bounds[0][1], symbolic=False).value)
        end = following.end
    if len(values) == 1:
        return None
    listed = tuple(dict.fromkeys(values))
    return Fragment(
        "measure",
        at,
        end,
        Leaf(field.name, Operator.IN, listed),
        Leaf(field.name, Operator.NIN, listed),
        field=field.name,
    )


def _find(scene: Scene, at: int) -> tuple[int, bool, Comparison | None]:
    """The comparison after a field's name, over small words and perhaps a "not"."""
    negated = False
    for _ in range(6):
        found = comparison(scene.tokens, at, scene.numbers) if at < len(scene.tokens) else None
        if found is not None and not (scene.word(at) == "past" and False):
            return at, negated, found
        word = scene.word(at)
        when = scene.when(at) if word in ("in", "for", "on") else None
        if when is not None and when.kind == "absolute":
            return at, negated, None
        if word in _NEGATIONS:
            negated = True
        elif word not in _AFTER_FIELD:
            return at, negated, None
        at += 1
    return at, negated, None


def _number_first(scene: Scene, at: int) -> Fragment | None:
    found = scene.comparison(at)
    if found is None:
        return None
    begin = scene.skip(found.end, frozenset({"-"}), 1)
    for start in dict.fromkeys((begin, scene.skip(begin, _BEFORE_FIELD, 3))):
        for match in scene.matches_at(start):
            entries = _numeric(scene, match.of("field"))
            entries = tuple(entry for entry in entries if entry.bare or entry.strength >= PART)
            if not entries:
                continue
            # "3 or more visits", "5 bookings": a bare number before the noun is exactly that many
            after = phrase_at(scene.tokens, match.end, AFTER) if match.end < len(scene.tokens) else None
            if after is not None and not found.explicit:
                bounds = ((after[0], found.bounds[0][1]),)
                said = Comparison(bounds, found.start, found.end, explicit=True)
                return _resolve(scene, at, entries, said, exact=False, negated=False, end=after[1])
            return _resolve(scene, at, entries, found, exact=False, negated=False, end=match.end)
    return None


def _verb_first(scene: Scene, at: int) -> Fragment | None:
    """ "Pay more than $80 a month": the verb says money, the rate says which column of money."""
    if scene.word(at) not in MONEY_VERBS:
        return None
    begin = scene.skip(at + 1, frozenset({"us", "in", "total", "a", "an"}), 2)
    found = scene.comparison(begin)
    if found is None:
        return None
    rate, end = _rate(scene, found.end)
    on = scene.skip(end, frozenset({"on", "for", "in", "the"}), 2)
    if on > end:
        for match in scene.matches_at(on):
            entries = _numeric(scene, match.of("field"))
            if entries:
                return _resolve(scene, at, entries, found, exact=False, negated=False, end=match.end)
    candidates = _money_fields(scene, rate)
    if not candidates:
        return None
    entries = tuple(Entry("field", field.name, GENERAL) for field in candidates)
    return _resolve(scene, at, entries, found, exact=False, negated=False, end=end)


def _money_fields(scene: Scene, rate: str) -> list[Field]:
    scored: list[tuple[int, Field]] = []
    for name, named in scene.lexicon.named.items():
        field = scene.field(name)
        if field.type != "number":
            continue
        stems = {stem(word) for word in named.words}
        score = (2 if stems & MONEY_NAMES else 0) + (1 if "cents" in field.unit else 0)
        rated = bool(rate) and bool(set(RATE_NAMES.get(rate, "").split()) & (stems | set(named.words)))
        if score and (rated or not rate):
            scored.append((score + (4 if rated else 0), field))
    if not scored:
        return []
    most = max(score for score, _ in scored)
    return [field for score, field in scored if score == most]


def _rate(scene: Scene, at: int) -> tuple[str, int]:
    """ "A month", "per month", "/month", "monthly", "each year": the rate and the token after it."""
    word = scene.word(at)
    if word in ("a", "an", "per", "/", "each", "every") and scene.word(at + 1) in RATES:
        return RATES[scene.word(at + 1)], at + 2
    if word in ("monthly", "yearly", "annually", "weekly", "daily"):
        return RATES[word], at + 1
    return "", at


def _resolve(
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
    rate, after_rate = _rate(scene, end)
    candidates = best(entries)
    window, end_window = _window(scene, end, entries)
    factor, assumed = 1.0, False
    if rate:
        fitting = best(tuple(entry for entry in entries if _has_rate(scene, entry.field, rate)))
        if fitting:
            candidates, end = fitting, after_rate
        elif any(
            stem(word) in MONEY_NAMES
            for entry in candidates
            for word in scene.lexicon.named[entry.field].words
        ):
            end, assumed = after_rate, True
    if window is not None:
        candidates, end = window, end_window
    elif scene.word(end) in UNIT_WORDS or (scene.word(end) == "-" and scene.word(end + 1) in UNIT_WORDS):
        end, factor, assumed = _unit(scene, end, candidates[0].field, assumed)
    if scene.word(end) == "old" and "age" in scene.lexicon.named[candidates[0].field].words:
        end += 1
    if len(candidates) > 1:
        return _ambiguous(scene, start, end, candidates, found)
    field = scene.field(candidates[0].field)
    if found.approximate:
        return _approximate(scene, start, end, field, found)
    return build(start, end, field, found, exact=exact, negated=negated, factor=factor, assumed=assumed)


def _has_rate(scene: Scene, name: str, rate: str) -> bool:
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
    time = time_factor(named, word)
    if time is not None:
        return start + 1, time[0], assumed or time[1]
    stems = {stem(part) for part in named.words} | {stem(named.field.unit.casefold())}
    word = _UNIT_NAMES.get(stem(word), word)
    if stem(word) in stems or word in ("times", "items", "units", "points", "item", "unit"):
        return start + 1, 1.0, assumed
    return at, 1.0, assumed


def _window(scene: Scene, end: int, entries: tuple[Entry, ...]) -> tuple[list[Entry] | None, int]:
    """The counters whose window is the period said after them ("5 bookings in the last 90 days")."""
    windows = {entry.field: scene.lexicon.named[entry.field].window_days for entry in entries}
    if not any(windows.values()):
        return None, end
    at = scene.skip(end, frozenset({"times", "time", "bookings"}), 1)
    when: When | None = scene.when(at)
    if when is None or when.kind not in ("rolling", "within"):
        return None, end
    fitting = [entry for entry in entries if windows[entry.field] == when.days]
    if not fitting:
        return None, end
    return best(tuple(fitting)), when.end


def _ambiguous(scene: Scene, start: int, end: int, candidates: list[Entry], found: Comparison) -> Fragment:
    options: list[Option] = []
    for entry in candidates[:4]:
        fragment = build(
            start,
            end,
            scene.field(entry.field),
            found,
            exact=False,
            negated=False,
            factor=1.0,
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
    for operator, quantity in found.bounds:
        value = stored(field, quantity, symbolic=symbolic)
        assumed = assumed or value.assumed or quantity.assumed
        note = note or value.note
        bounds.append((operator, scaled(value.value, factor)))
        if value.other is not None:
            others.append((operator, value.other))
    operator = bounds[0][0]
    node = between(field.name, tuple(bounds))
    options: tuple[Option, ...] = ()
    if len(others) == len(bounds):
        other = between(field.name, tuple(others))
        options = (Option(f"{label(other)} (in stored cents)", other),)
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
        cap=0.9 if assumed else 1.0,
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


__all__ = ["EXACT", "build", "measures", "opposite"]

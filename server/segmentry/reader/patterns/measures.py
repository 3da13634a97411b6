"""A number field and a comparison, in either order: handicap under 10, pay over $80 a month."""

from __future__ import annotations

from segmentry.criteria.nodes import Leaf, Operator, Scalar
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.thesaurus import MONEY_VERBS, UNIT_WORDS
from segmentry.reader.language.words import word_set
from segmentry.reader.lexicon.phrases import EXACT, GENERAL, PART, Entry
from segmentry.reader.lexicon.units import scaled, stored, unit_factor
from segmentry.reader.patterns.bounds_behind import bounded_behind
from segmentry.reader.patterns.quantify import build, opposite, rate_at, resolve
from segmentry.reader.patterns.signs import numeric, ranged, sign_word, signed
from segmentry.reader.patterns.which_money import money_fields, owed_fields, which_money
from segmentry.reader.patterns.years import is_calendar_year
from segmentry.reader.quantities.comparators import Comparison, doubled, phrase_at
from segmentry.reader.quantities.lengths import spoken
from segmentry.reader.scene import Fragment, Scene, best

_AFTER_FIELD = word_set("""
is are was were be being of has have a an the at that which who with value values total score scores
level : , in their rating it to ranging somewhere anywhere for i.e by takes took taking lasts lasted lasting
averages averaging averaged totals totalling standing stands worth costing costs
range either within figures us them it holding containing
""")
_BEFORE_FIELD = word_set(
    "of in on worth for a an the their total times as to our by left remaining sitting held lying parked"
)
_NEGATIONS = frozenset(["not", "isn't", "aren't", "wasn't", "isnt", "arent"])
_LIST_GLUE = word_set("or , and a an")
_OWES = frozenset({"owe", "owes", "owing", "owed"})
_CLAUSES = word_set("with having that which who have has")
RANGES = frozenset({"between", "from"})


def measures(scene: Scene, at: int) -> Fragment | None:
    """The longest way to read a numeric condition that begins at `at`."""
    found = [
        fragment
        for fragment in (
            _field_first(scene, at),
            _number_first(scene, at),
            _verb_first(scene, at),
            _between_field(scene, at),
            sign_word(scene, at),
        )
        if fragment is not None
    ]
    return max(found, key=lambda fragment: (fragment.end, fragment.node is not None)) if found else None


def _field_first(scene: Scene, at: int) -> Fragment | None:
    for match in scene.matches_at(at):
        entries = numeric(scene, match.of("field", "comparative"))
        if not entries:
            continue
        begin = match.end
        if any(entry.kind == "moment" for entry in match.entries) and _dates_follow(scene, begin):
            continue  # "ordered between 2021 and 2023" is no count
        comparative = next((entry.operator for entry in entries if entry.kind == "comparative"), None)
        if comparative is not None:
            begin = begin + 1 if scene.word(begin) in ("than", "then") else begin
            number = scene.numbers.get(begin)
            if number is None or is_calendar_year(number.value):
                continue  # "older than 1990" is no age
            found: Comparison | None = Comparison(((comparative, number),), begin, number.end, explicit=True)
            negated = False
        else:
            begin, negated, found = _find(scene, begin)
            found = _times(scene, found or _compared(scene, begin, entries))
        if found is None:
            side = signed(scene, at, begin, entries)
            if side is not None:
                return side
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
        if _is_period(scene, match.end, found, entries) or (
            scene.word(match.end) in _CLAUSES and _counts_another(scene, found, entries)
        ):
            continue
        several = _several(scene, at, entries, found) if not negated else None
        if several is not None:
            return several
        noun = _noun_after(scene, found, entries)
        if noun is None:
            continue
        exact = scene.words(match.start, match.end) in {entry.field for entry in entries}
        if noun > found.end:
            return resolve(scene, at, entries, found, exact=exact, negated=negated, end=noun)
        return resolve(scene, at, entries, _older_years(scene, entries, found), exact=exact, negated=negated)
    return None


def _noun_after(scene: Scene, found: Comparison, entries: tuple[Entry, ...]) -> int | None:
    """The token after what a verb counts ("took out more than 20 *loans*"); None where it is another number.

    The end of the comparison where nothing countable follows.
    """
    fields = {entry.field for entry in entries}
    for match in scene.matches_at(found.end):
        counted = {
            entry.field
            for entry in numeric(scene, match.of("field"))
            if entry.strength >= GENERAL and scene.field(entry.field).integer
        }
        if counted & fields:
            return match.end
        if counted and all(entry.strength == PART for entry in entries):
            return None
    return found.end


def _dates_follow(scene: Scene, at: int) -> bool:
    """Years right after an event."""
    when = scene.when(scene.skip(at, _AFTER_FIELD, 3)) if scene.when(at) is None else scene.when(at)
    return when is not None and when.kind == "absolute"


def _is_period(scene: Scene, after: int, found: Comparison, entries: tuple[Entry, ...]) -> bool:
    """ "Haven't watched in 60 days" is when, not how much of `watch_hours`, which one word recalls."""
    when = scene.when(after)
    return (
        (not found.explicit or scene.word(found.start) == "past")
        and when is not None
        and when.kind == "within"
        and when.end >= found.end
        and not any(entry.strength == EXACT for entry in entries)
    )


def _counts_another(scene: Scene, found: Comparison, entries: tuple[Entry, ...]) -> bool:
    """ "Teams with more than 25 desks": the noun right behind the number has it."""
    if found.money or not found.explicit:
        return False
    own = {entry.field for entry in entries}
    for match in scene.matches_at(found.end):
        counts = tuple(each for each in numeric(scene, match.of("field")) if each.strength >= GENERAL)
        fields = {each.field for each in best(counts)}
        if fields and not fields & own and all(scene.field(name).integer for name in fields):
            return scene.word(match.end - 1).endswith("s") and _find(scene, match.end)[2] is None
    return False


def _compared(scene: Scene, at: int, entries: tuple[Entry, ...]) -> Comparison | None:
    """ "Handicap better than 10", "price cheaper than 50": the adjective is one for this field."""
    names = {entry.field for entry in entries}
    for match in scene.matches_at(at):
        operators = {entry.operator for entry in match.of("comparative") if entry.field in names}
        number = scene.numbers.get(scene.skip(match.end, frozenset({"than", "then"}), 1))
        operator = operators.pop() if len(operators) == 1 else None
        if number is not None and operator is not None:
            return Comparison(((operator, number),), at, number.end, explicit=True)
    return None


def _older_years(scene: Scene, entries: tuple[Entry, ...], found: Comparison) -> Comparison:
    """ "Model year 2015 or older" runs down, though "50 or older" runs up."""
    years = all("year" in scene.lexicon.named[entry.field].words for entry in entries)
    if not years or scene.word(found.end - 1) not in ("older", "younger", "newer"):
        return found
    operator = Operator.LTE if scene.word(found.end - 1) == "older" else Operator.GTE
    bounds = tuple((operator, number) for _, number in found.bounds)
    return Comparison(bounds, found.start, found.end, explicit=True)


def _between_field(scene: Scene, at: int) -> Fragment | None:
    """ "Between the ages of 40 and 50": the field stands inside the range."""
    if scene.word(at) not in RANGES:
        return None
    begin = scene.skip(at + 1, frozenset({"the", "a", "an"}), 1)
    for match in scene.matches_at(begin):
        entries = numeric(scene, match.of("field"))
        low = scene.numbers.get(scene.skip(match.end, frozenset({"of"}), 1))
        if not entries or low is None or scene.word(low.end) not in ("and", "to", "-"):
            continue
        high = scene.numbers.get(low.end + 1)
        if high is not None and low.value <= high.value:
            found = Comparison(
                ((Operator.GTE, low), (Operator.LTE, high)), low.start, high.end, explicit=True
            )
            return resolve(scene, at, entries, found, exact=False, negated=False)
    return None


def _times(scene: Scene, found: Comparison | None) -> Comparison | None:
    """ "3 times or more": the comparator stands behind the count's noun."""
    if found is None or found.explicit or found.approximate or scene.word(found.end) not in ("times", "time"):
        return found
    if found.end + 1 >= len(scene.tokens):
        return found
    after = phrase_at(scene.tokens, found.end + 1, after=True)
    if after is None:
        return found
    return Comparison(((after[0], found.bounds[0][1]),), found.start, after[1], explicit=True)


def _spoken_length(scene: Scene, at: int, begin: int, entries: tuple[Entry, ...]) -> Fragment | None:
    """ "Tenure less than a year": a length of time without digits."""
    when = scene.when(begin)
    candidates = best(entries)
    said = phrase_at(scene.tokens, begin) if begin < len(scene.tokens) else None
    length = spoken(scene.tokens, said[1]) if said is not None and said[1] < len(scene.tokens) else None
    if said is not None and length is not None:
        return _of_length(scene, at, entries, said[0], length)
    if when is None or when.kind != "duration" or when.compare is None or len(candidates) != 1:
        return None
    named = scene.lexicon.named[candidates[0].field]
    factor = unit_factor(named, when.unit.lower())
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


def _of_length(
    scene: Scene, at: int, entries: tuple[Entry, ...], operator: Operator, length: tuple[float, str, int]
) -> Fragment | None:
    """ "Wait longer than half an hour", on the field that is kept in a unit of time."""
    count, unit, end = length
    factors = {entry.field: unit_factor(scene.lexicon.named[entry.field], unit) for entry in entries}
    candidates = best(tuple(entry for entry in entries if factors[entry.field] is not None))
    if len(candidates) != 1:
        return None
    name = candidates[0].field
    factor, assumed = factors[name] or (1.0, False)
    value = scaled(count, factor)
    leaf = Leaf(name, operator, int(value) if value == int(value) else value)
    source, cap = ("assumed", 0.9) if assumed else ("said", 1.0)
    return Fragment("measure", at, end, leaf, opposite(leaf), field=name, source=source, cap=cap)


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
        if numeric(
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
        found = scene.comparison(at)
        if found is not None:
            return at, negated, found
        word = scene.word(at)
        when = scene.when(at) if word in ("in", "for", "on") else None
        if when is not None and when.kind == "absolute":
            return at, negated, None
        if word in _NEGATIONS or (word == "outside" and ranged(scene, at + 1)):
            negated = True
        elif word not in _AFTER_FIELD or (word == "at" and phrase_at(scene.tokens, at) is not None):
            return at, negated, None
        at += 1
    return at, negated, None


def _number_first(scene: Scene, at: int) -> Fragment | None:
    found = scene.comparison(at)
    if found is None:
        return None
    both = doubled(scene.tokens, found, scene.numbers)
    if both is not None:
        ranged = _before_noun(scene, at, both)
        if ranged is not None:
            return ranged
    return _before_noun(scene, at, found)


def _before_noun(scene: Scene, at: int, found: Comparison) -> Fragment | None:
    """The number first and its noun after it, with a unit of time between them or not."""
    begin = scene.skip(found.end, frozenset({"-"}), 1)
    if begin > found.end:
        rated = _of_unit(scene, at, found, begin)
        if rated is not None:
            return rated
    if scene.word(begin) in UNIT_WORDS:
        timed = _timed(scene, at, found, begin)
        if timed is not None:
            return timed
    for start in dict.fromkeys((begin, scene.skip(begin, _BEFORE_FIELD, 3))):
        for match in scene.matches_at(start):
            entries = numeric(scene, match.of("field"))
            entries = tuple(entry for entry in entries if entry.bare or entry.strength >= PART)
            if not entries:
                continue
            # "3 or more visits", "5 bookings": a bare number before the noun is exactly that many
            said, end = bounded_behind(scene, found, match.end)
            return resolve(scene, at, entries, said, exact=False, negated=False, end=end)
    return None


def _of_unit(scene: Scene, at: int, found: Comparison, unit: int) -> Fragment | None:
    """ "5-star review": the unit of the column stands before its name."""
    for match in scene.matches_at(unit + 1):
        candidates = best(numeric(scene, match.of("field")))
        if len(candidates) == 1 and stem(scene.field(candidates[0].field).unit.casefold()) == stem(
            scene.word(unit)
        ):
            return resolve(scene, at, tuple(candidates), found, exact=False, negated=False, end=match.end)
    return None


def _timed(scene: Scene, at: int, found: Comparison, unit: int) -> Fragment | None:
    """ "Less than 6 months tenure", "5 years of tenure": the unit stands between number and noun."""
    begin = scene.skip(unit + 1, frozenset({"of", "in", "s", "'", "-"}), 2)
    for match in scene.matches_at(begin):
        candidates = best(
            tuple(entry for entry in numeric(scene, match.of("field")) if entry.strength >= GENERAL)
        )
        if len(candidates) != 1:
            continue
        named = scene.lexicon.named[candidates[0].field]
        factor = unit_factor(named, scene.word(unit))
        if factor is None:
            continue
        said, end = bounded_behind(scene, found, match.end)
        return build(
            at, end, named.field, said, exact=False, negated=False, factor=factor[0], assumed=factor[1]
        )
    return None


def _verb_first(scene: Scene, at: int) -> Fragment | None:
    """ "Pay more than $80 a month": the verb says money, the rate says which column of money."""
    if scene.word(at) not in MONEY_VERBS:
        return None
    begin = scene.skip(at + 1, frozenset({"us", "in", "total", "a", "an"}), 2)
    found = scene.comparison(begin) or scene.comparison(at + 1)  # "owing a fiver"
    if found is None:
        return None
    amounts = tuple(Entry("field", each.name, GENERAL) for each in money_fields(scene, ""))
    if _counts_another(scene, found, amounts):
        return None
    rate, end = rate_at(scene, found.end)
    on = scene.skip(end, frozenset({"on", "for", "in", "the"}), 2)
    if on > end:
        for match in scene.matches_at(on):
            entries = numeric(scene, match.of("field"))
            money = tuple(entry for entry in entries if not scene.lexicon.named[entry.field].window_days)
            if money:
                return resolve(scene, at, money, found, exact=False, negated=False, end=match.end)
            if entries:
                return which_money(scene, at, match.end, found)  # bookings are counted, money is spent
    candidates = money_fields(scene, rate)
    if scene.word(at) in _OWES:
        candidates = owed_fields(scene)
    if not candidates:
        return None
    entries = tuple(Entry("field", field.name, GENERAL) for field in candidates)
    return resolve(scene, at, entries, found, exact=False, negated=False, end=end)

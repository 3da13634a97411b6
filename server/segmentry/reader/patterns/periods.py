"""A field of dates and a period: the condition, its negation and what else the words may mean."""

from __future__ import annotations

from dataclasses import replace

from segmentry.criteria.catalog import Field
from segmentry.criteria.nodes import And, Leaf, Node, Not, Operator, Or, Scalar
from segmentry.reader.dates.when import When
from segmentry.reader.language.words import NEGATIVE_VERBS, word_set
from segmentry.reader.scene import Fragment, Option, Scene, between

# dates that are made beforehand, and words that say it is over
_PLANNED = word_set("""
appointment appointments delivery due departure departing arrival arriving checkin check event scheduled
planned planning next upcoming travel trip flight stay booking reservation session visit
service start meeting shipment exam exams test interview wedding hearing graduation surgery operation race
tournament match class lesson lessons tour conference webinar viewing valuation completion closing handover
installation install collection retirement payout deadline expected inspection trial launch opening
concert show ceremony
""")
# deeds, which are kept once they are done
_DEEDS = word_set("""
order orders purchase purchases payment payments transaction transactions login logon signin activity click
open contact donation gift call refund complaint claim quote download upload invoice charge topup recharge
deposit withdrawal response reply message email update change upgrade downgrade sale issue diagnosis birth
born dob birthday birthdate cancellation churn hire founding opt seen paid sent bought sold made given begun
install installs import signup application referral reminder post session activation visit
""")
_NEXT = word_set("renewal renewals renew renews next upcoming due")
_HAD = word_set("had did was were have has")
_LAST = word_set("last latest previous prior recent")
_OVER = word_set("last latest recent first created signup joined since previous prior order ordered done")


def dated(scene: Scene, start: int, end: int, field: Field, when: When) -> Fragment:
    """The condition, its negation, and the further readings that the words allow; a question if vague."""
    if when.kind == "vague":
        return _unsettled(scene, start, end, field, when)
    unknown = direction_unknown(scene, field) and not _done_before(scene, start, when.start)
    if unknown and when.kind == "within" and when.count and when.compare is None:
        return _either_way(scene, start, field, when)
    positive, negative, options, negative_options = condition(scene, field, when, closed=unknown)
    return Fragment(
        "moment",
        start,
        end,
        positive,
        negative,
        field=field.name,
        source="assumed" if when.assumed else "said",
        cap=min(when.cap, _sure(scene, field, when)),
        note=when.note,
        options=options,
        negative_options=negative_options,
    )


def _unsettled(scene: Scene, start: int, end: int, field: Field, when: When) -> Fragment:
    """A vague date: the choices that the grammar sees, as conditions."""
    read = [(text, condition(scene, field, choice)) for text, choice in when.choices]
    return Fragment(
        "moment",
        start,
        end,
        None,
        field=field.name,
        options=tuple(Option(text, found[0]) for text, found in read),
        negative_options=tuple(
            Option(f"not for {text}" if text[0].isdigit() else f"not {text}", found[1])
            for text, found in read
        ),
        cap=0.45,
        question=f"{when.question} '{scene.words(when.start, when.end)}'?",
    )


def _sure(scene: Scene, field: Field, when: When) -> float:
    """How sure a date can be on this field."""
    either_way = may_be_ahead(scene, field) and not looks_ahead(scene, field)
    if either_way and (when.kind in ("within", "duration") or (when.ahead is not None and when.parts)):
        return 0.85  # "in March" and "within 2 weeks" leave open which way
    named = scene.lexicon.named[field.name]
    behind_only = field.tense == "past" or named.beginning or not _LAST.isdisjoint(named.words)
    if behind_only and (when.kind == "next" or (when.lo or "").startswith("{{START_OF_NEXT")):
        return 0.6  # nobody has joined next month yet
    if when.compare is Operator.EQ and when.kind in ("next", "ago") and when.unit in ("MONTHS", "YEARS"):
        return 0.6  # no placeholder ends that day
    return 0.9 if when.assumed or when.alternatives else 1.0


def looks_ahead(scene: Scene, field: Field) -> bool:
    """True for dates of which people mean the next one: an expiry, a renewal, a next departure."""
    named = scene.lexicon.named[field.name]
    if named.future or field.tense == "future":
        return True
    words = set(named.words)
    return field.tense != "past" and bool(words & _NEXT) and not words & _OVER


def may_be_ahead(scene: Scene, field: Field) -> bool:
    """True for dates that hold what was and what is to come: appointments, deliveries, departures."""
    named = scene.lexicon.named[field.name]
    if looks_ahead(scene, field) or field.tense == "any":
        return True
    words = set(named.words)
    return field.tense is None and bool(words & _PLANNED) and not words & _OVER


def direction_unknown(scene: Scene, field: Field) -> bool:
    """True for dates of which neither name nor catalog says whether they lie behind or ahead: `foo_date`."""
    if field.tense is not None or may_be_ahead(scene, field):
        return False
    named = scene.lexicon.named[field.name]
    words = set(named.words)
    done = any(word.endswith("ed") and len(word) > 4 for word in words)
    return not (named.beginning or named.first or done or words & (_OVER | _DEEDS))


def _either_way(scene: Scene, start: int, field: Field, when: When) -> Fragment:
    """ "Foo date within 30 days": the days behind or those ahead?"""
    sides = (("next", f"in the next {when.count} {when.unit.lower()}"),)
    sides = (("rolling", f"in the last {when.count} {when.unit.lower()}"), *sides)
    read = [(text, condition(scene, field, replace(when, kind=kind))) for kind, text in sides]
    return Fragment(
        "moment",
        start,
        when.end,
        None,
        field=field.name,
        options=tuple(Option(text, found[0]) for text, found in read),
        negative_options=tuple(Option(f"not {text}", found[1]) for text, found in read),
        cap=0.45,
        question=f"Is '{scene.words(start, when.end)}' behind or ahead?",
    )


def _done_before(scene: Scene, start: int, end: int) -> bool:
    """Whether the words speak of what was done: "inspected", "haven't had"."""
    return any(
        scene.word(step) in NEGATIVE_VERBS | _HAD
        or (scene.word(step).endswith("ed") and len(scene.word(step)) > 4)
        for step in range(max(0, start - 2), end)
    )


def condition(
    scene: Scene, field: Field, when: When, *, closed: bool = False
) -> tuple[Node, Node, tuple[Option, ...], tuple[Option, ...]]:
    """Positive and negated condition for a period on one field, with alternatives for each.

    `closed`: "this month" ends with the month, because the field may hold what lies beyond it.
    """
    name = field.name
    future = looks_ahead(scene, field)
    never = Leaf(name, Operator.EXISTS, False)
    beyond = may_be_ahead(scene, field) or (closed and when.kind == "calendar")
    positive = _positive(name, when, future, beyond=beyond)
    negative = _negative(name, when, positive, future)
    options: list[Option] = []
    for text, lo, hi in when.alternatives:
        options.append(Option(text, interval(name, lo, hi)))
    if when.kind == "ago" and when.compare is None:
        at_least = Leaf(name, Operator.LT, when.ago)
        options.append(Option(f"at least {when.count} {when.unit.lower()} ago", at_least))
    if isinstance(negative, Not):
        # what is not in a period counts those without any date
        known = And((negative, Leaf(name, Operator.EXISTS, True)))
        return positive, negative, tuple(options), (Option(f"only those with a known {name}", known),)
    also = Or((negative, never))
    return positive, negative, tuple(options), (Option("also those who never did", also),)


def _positive(name: str, when: When, future: bool, *, beyond: bool) -> Node:
    if when.kind in ("rolling", "within"):
        if when.kind == "within" and (future or beyond):
            if when.compare in (Operator.GT, Operator.GTE):
                return interval(name, when.from_now, None)
            return interval(name, "{{NOW}}", when.from_now)
        if when.compare in (Operator.GT, Operator.GTE):
            return interval(name, None, when.ago)
        return interval(name, when.ago, "{{NOW}}" if beyond else None)
    if when.kind == "next":
        return _next(name, when)
    if when.kind == "ago":
        if when.compare in (Operator.LT, Operator.LTE):
            return interval(name, when.ago, "{{NOW}}" if beyond else None)
        if when.compare in (None, Operator.EQ) and when.unit == "DAYS" and when.count > 0:
            return interval(name, when.ago, f"{{{{{when.count - 1}_DAYS_AGO}}}}")
        return Leaf(name, Operator.LT, when.ago)
    if when.kind == "duration":
        if when.lo is not None:
            return interval(name, when.lo, when.hi)
        if when.compare in (Operator.LT, Operator.LTE):
            return Leaf(name, Operator.GTE, when.ago)
        return Leaf(name, Operator.LT, when.ago)
    lo, hi = when.ahead if when.ahead is not None and future else (when.lo, when.hi)
    if (
        when.kind == "calendar"
        and hi is not None
        and "NEXT" in hi
        and not beyond
        and "NEXT" not in (lo or "")
    ):
        hi = None  # a field of the past has nothing beyond today
    if when.also:
        return Or((interval(name, lo, hi), *(interval(name, *span) for span in when.also)))
    if lo is not None and lo == hi and len(lo) > 10 and not lo.startswith("{"):
        return Leaf(name, Operator.EQ, lo)
    return interval(name, lo, hi)


def _next(name: str, when: When) -> Node:
    """ "In the next 30 days", "30 days from now", "more than 30 days from now"."""
    if when.lo is not None:
        return interval(name, when.lo, when.hi)
    if when.compare in (Operator.GT, Operator.GTE):
        return interval(name, when.from_now, None)
    if when.compare is Operator.EQ and when.unit in ("DAYS", "WEEKS"):
        days = when.count * (7 if when.unit == "WEEKS" else 1)
        return interval(name, f"{{{{{days}_DAYS_FROM_NOW}}}}", f"{{{{{days + 1}_DAYS_FROM_NOW}}}}")
    if when.compare is Operator.EQ:
        return interval(name, when.from_now, None)
    return interval(name, "{{NOW}}", when.from_now)


def _negative(name: str, when: When, positive: Node, future: bool) -> Node:
    """ "Haven't booked in 60 days": the last time lies before; people who never did are another reading."""
    if future:
        return Not(positive)
    if when.kind in ("rolling", "within"):
        return Leaf(name, Operator.LT, when.ago)
    if when.kind == "duration" and when.compare not in (Operator.LT, Operator.LTE) and when.lo is None:
        return Leaf(name, Operator.LT, when.ago)
    if isinstance(positive, Leaf) and positive.operator is Operator.GTE:
        return Leaf(name, Operator.LT, positive.value)
    return Not(positive)


def interval(name: str, lo: str | None, hi: str | None) -> Node:
    bounds: list[tuple[Operator, Scalar]] = []
    if lo is not None:
        bounds.append((Operator.GTE, lo))
    if hi is not None:
        bounds.append((Operator.LT, hi))
    return between(name, tuple(bounds))

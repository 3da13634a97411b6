"""An event and a date: joined this year, haven't booked in 60 days, never ordered."""

from __future__ import annotations

from segmentry.criteria.nodes import Leaf, Not, Operator
from segmentry.reader.dates.when import When
from segmentry.reader.language.words import NEGATIVE_VERBS, word_set
from segmentry.reader.lexicon.phrases import DERIVED, GENERAL, Entry
from segmentry.reader.patterns.anniversaries import anniversary, repeats
from segmentry.reader.patterns.endings import ending, recently
from segmentry.reader.patterns.objects import (
    NOTHING,
    past_object,
    past_remark,
    unnamed_object,
    value_follows,
)
from segmentry.reader.patterns.periods import condition, dated, interval, looks_ahead
from segmentry.reader.patterns.which_date import denied_period, nearest, not_first, which_end
from segmentry.reader.scene import Fragment, Option, Scene, best, count_of, label

_BETWEEN = word_set("""
a an the any our their is are was were be been has have had that which with us on in at anything
something to it all date dates falls fell happened took place dated occurred made done again only just email
emails one tee round sometime somewhen as and who whose : = they we i did do up account due coming
""")
_HAS_OR_NEVER = word_set("never ever have has who not no without yet that")
_WITHIN = word_set("in during within over this last past")
_SINCE = word_set("since for before after until than")
_NEW = word_set("new newly became become joined recent first-time")
_SIGNS = word_set("> >= < <= = ≥ ≤ => =<")
_GREATER = word_set("> >= ≥ =>")
TENURE_NOUNS = word_set("""
customer customers member members client clients user users subscriber subscribers us
""")


def moments(scene: Scene, at: int) -> Fragment | None:
    """The longest way to read an event with its period that begins at `at`."""
    found = [
        fragment
        for fragment in (
            _event_first(scene, at),
            _date_first(scene, at),
            _tenure(scene, at),
        )
        if fragment is not None and not _no_deed(scene, at, fragment.end)
    ]
    return max(found, key=lambda fragment: (fragment.end, fragment.node is not None)) if found else None


def dated_entries(scene: Scene, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The entries that stand for a point in time."""
    return tuple(
        entry for entry in entries if entry.kind == "moment" or scene.field(entry.field).type == "datetime"
    )


def _event_first(scene: Scene, at: int) -> Fragment | None:
    for match in scene.matches_at(at):
        entries = dated_entries(scene, match.of("moment", "field", "comparative"))
        if not entries:
            continue
        comparative = next((entry for entry in entries if entry.kind == "comparative"), None)
        if comparative is not None:
            return _older(scene, at, match.end, comparative)
        allowed = _BETWEEN | scene.lexicon.entities
        begin, unnamed = past_remark(scene, match.end), False
        if (
            scene.word(begin - 1) in ("since", "until", "before", "after")
            and scene.when(begin - 1) is not None
        ):
            begin -= 1  # "members since 2021": the last word of the phrase belongs to the date as well
        for _ in range(8):
            when = scene.when(begin)
            if when is not None and (
                when.kind != "duration"
                or when.compare is not None
                or scene.word(begin) in ("for", "in", "within")
            ):
                fragment = chosen_moment(scene, at, entries, when)
                if scene.word(begin) == "for" and _two_sided(when):
                    fragment.negative = fragment.node  # not played "for 30 to 60 days": last played then
                if unnamed:
                    fragment.cap = min(fragment.cap, 0.85)
                if any(scene.word(step) in NOTHING for step in range(match.end, begin)):
                    fragment.node, fragment.negative = fragment.negative, fragment.node
                    fragment.options, fragment.negative_options = fragment.negative_options, fragment.options
                if begin < match.end and scene.word(begin) == "until":
                    fragment.cap = min(fragment.cap, 0.85)  # "warranty until 2026": within it, or before it?
                return fragment
            led = _led(scene, at, entries, begin)
            if led is not None:
                return led
            past = past_remark(scene, begin)
            if past > begin:
                begin = past
                continue
            if scene.word(begin) not in allowed:
                past = past_object(scene, begin, entries[0].field)
                if past == begin:
                    past = max(begin, unnamed_object(scene, begin - 1))
                    unnamed = past > begin
                if past == begin:
                    break
                begin = past
                continue
            begin += 1
        alone = _alone(scene, at, match.end, entries)
        if alone is not None:
            return alone
    return None


def _no_deed(scene: Scene, at: int, end: int) -> bool:
    """ "Members in the past week": the noun for people says since when, not that they joined then."""
    if scene.word(at) not in TENURE_NOUNS or scene.word(at - 1) in _NEW:
        return False
    said = {scene.word(step) for step in range(at + 1, end)}
    return not said.isdisjoint(_WITHIN) and said.isdisjoint(_SINCE)


def _two_sided(when: When) -> bool:
    return all(end is not None and end.endswith("_AGO}}") for end in (when.lo, when.hi))


def chosen_moment(scene: Scene, at: int, entries: tuple[Entry, ...], when: When) -> Fragment:
    """The condition on the field that is named most directly; a question where several are."""
    candidates = nearest(scene, at, when.start, best(entries))
    behind = when.kind in ("rolling", "ago") or "LAST" in (when.lo or "") or scene.word(when.start) == "since"
    ahead = when.kind == "next" or "NEXT" in (when.lo or "")
    if len(candidates) > 1 and (behind or ahead):
        # "an appointment in the last year" is none that lies ahead
        fitting = [each for each in candidates if scene.lexicon.named[each.field].future == ahead]
        candidates = fitting or candidates
    if len(candidates) > 1:
        options = tuple(
            Option(label(node), node)
            for entry in candidates[:4]
            for node in (condition(scene, scene.field(entry.field), when)[0],)
        )
        names = ", ".join(entry.field for entry in candidates[:4])
        return Fragment(
            "moment",
            at,
            when.end,
            None,
            options=options,
            cap=0.45,
            question=f"Which date does '{scene.words(at, when.end)}' mean: {names}?",
        )
    entry = candidates[0]
    if repeats(scene, entry.field, at, when):
        return anniversary(scene, at, when.end, entry.field)
    fragment = dated(scene, at, when.end, scene.field(entry.field), when)
    named = scene.lexicon.named[entry.field]
    if named.first and not any(
        scene.word(step) in ("first", "initially") for step in range(max(0, at - 2), when.end)
    ):
        if any(scene.word(step) in NEGATIVE_VERBS for step in range(max(0, at - 2), at)):
            return not_first(scene, at, fragment, entry.field)
        fragment.cap = min(fragment.cap, 0.6)  # who ordered lately need not have done so for the first time
    if named.ending and entry.kind == "field" and entry.strength <= GENERAL:
        fragment.cap = min(fragment.cap, 0.6)  # "used their card this week" is no word of its expiry
    if entry.negated:
        fragment.node, fragment.negative = fragment.negative, fragment.node
        fragment.options, fragment.negative_options = fragment.negative_options, fragment.options
    if scene.word(at) in ("active", "inactive", "dormant"):
        fragment.cap = min(fragment.cap, 0.92)
    return fragment


def _led(scene: Scene, at: int, entries: tuple[Entry, ...], begin: int) -> Fragment | None:
    """A period behind a sign or a denial: "last order >= 2024-01-01", "last exam not in 2024"."""
    if scene.word(begin) in _SIGNS:
        return _signed(scene, at, entries, begin)
    denied = denied_period(scene, begin)
    if denied is None:
        return None
    fragment = chosen_moment(scene, at, entries, denied)
    fragment.node, fragment.negative = fragment.negative, fragment.node
    fragment.options, fragment.negative_options = fragment.negative_options, fragment.options
    return fragment


def _signed(scene: Scene, at: int, entries: tuple[Entry, ...], sign: int) -> Fragment | None:
    """`lastBookingAt >= 2024-01-01`, "last login > 30 days ago", "expiry < today"."""
    token = scene.tokens[sign + 1] if sign + 1 < len(scene.tokens) else None
    if token is None:
        return None
    when = scene.dates.at(sign + 1)
    if when is not None and when.kind in ("ago", "duration") and when.compare is None:
        return _signed_length(scene, at, entries, sign, when)
    if when is None or when.lo is None or (when.lo.startswith("{") and when.kind != "calendar"):
        return None
    operator = {
        ">": Operator.GT,
        ">=": Operator.GTE,
        "≥": Operator.GTE,
        "=>": Operator.GTE,
        "<": Operator.LT,
        "<=": Operator.LTE,
        "≤": Operator.LTE,
        "=<": Operator.LTE,
        "=": Operator.EQ,
    }[scene.word(sign)]
    field = scene.field(best(entries)[0].field)
    if operator is Operator.EQ:
        node = interval(field.name, when.lo, when.hi)
    elif operator in (Operator.GT, Operator.LTE):
        node = (
            interval(field.name, when.hi, None)
            if operator is Operator.GT
            else interval(field.name, None, when.hi)
        )
    else:
        node = Leaf(field.name, operator, when.lo)
    return Fragment("moment", at, when.end, node, Not(node), field=field.name)


def _signed_length(
    scene: Scene, at: int, entries: tuple[Entry, ...], sign: int, when: When
) -> Fragment | None:
    """ "Last login > 30 days ago" is longer ago; without "ago" the field tells which way it counts."""
    candidates = best(entries)
    longer = scene.word(sign) in _GREATER
    if len(candidates) != 1 or not when.count or scene.word(sign) in ("=", "=="):
        return None
    name = candidates[0].field
    if when.kind == "duration" and looks_ahead(scene, scene.field(name)):
        node = interval(name, when.from_now, None) if longer else interval(name, "{{NOW}}", when.from_now)
    else:
        node = interval(name, None, when.ago) if longer else interval(name, when.ago, None)
    cap = 1.0 if when.kind == "ago" else 0.9
    source = "said" if when.kind == "ago" else "assumed"
    return Fragment("moment", at, when.end, node, Not(node), field=name, cap=cap, source=source)


def _older(scene: Scene, at: int, end: int, entry: Entry) -> Fragment | None:
    """ "Older than 30" on a date of birth."""
    begin = end + 1 if scene.word(end) in ("than", "then") else end
    number = scene.numbers.get(begin)
    if (
        number is None
        or not isinstance(number.value, int)
        or not 0 <= number.value <= 150
        or entry.operator is None
    ):
        return None
    length = scene.when(begin)
    if length is not None and length.kind == "duration" and length.unit != "YEARS":
        if length.compare is not None:
            return None
        after, moment = scene.skip(length.end, frozenset({"old", "of", "age"}), 3), length.ago
    else:
        after = scene.skip(number.end, frozenset({"years", "year", "yrs", "old", "of", "age"}), 4)
        moment = f"{{{{{number.value}_YEARS_AGO}}}}"
    node = Leaf(entry.field, entry.operator, moment)
    flipped = Operator.GTE if entry.operator is Operator.LT else Operator.LT
    return Fragment("moment", at, after, node, Leaf(entry.field, flipped, node.value), field=entry.field)


def _date_first(scene: Scene, at: int) -> Fragment | None:
    """ "In the last 30 days booked", "since 2020 members"; weaker than a date after the event."""
    when = scene.when(at)
    if when is None or not when.cued:
        return None
    begin = scene.skip(when.end, _BETWEEN | frozenset({",", "s", "'s"}) | scene.lexicon.entities, 4)
    for match in scene.matches_at(begin):
        entries = tuple(
            entry for entry in dated_entries(scene, match.of("moment", "field")) if entry.strength >= GENERAL
        )
        if not entries:
            continue
        later = scene.when(scene.skip(match.end, _BETWEEN, 2))
        if later is None and scene.word(begin) != "new":
            fragment = chosen_moment(scene, at, entries, when)
            fragment.end = max(match.end, fragment.end)
            return fragment
    return None


def _tenure(scene: Scene, at: int) -> Fragment | None:
    """ "Members for over 3 years", "customers since 2020": the people noun itself carries the date."""
    if scene.word(at) not in TENURE_NOUNS:
        return None
    if scene.word(at) == "us" and scene.word(at - 1) != "with":
        return None  # "ghosted us for 3 months" is no time with us
    begin = scene.skip(at + 1, word_set("who have been with us that are here"), 4)
    when = scene.when(begin)
    if when is None or scene.word(begin) not in (
        "for",
        "since",
        "from",
        "over",
        "longer",
        "more",
        "at",
        "until",
        "before",
    ):
        return None
    if when.kind not in ("duration", "absolute", "vague") or (
        when.kind == "absolute" and scene.word(begin) not in ("since", "for")
    ):
        return None
    for name, named in scene.lexicon.named.items():
        if named.beginning:
            return dated(scene, at, when.end, scene.field(name), when)
    return None


def _is_deed(entries: tuple[Entry, ...], name: str) -> bool:
    return any(each.kind == "moment" and each.field == name for each in entries)


def _alone(scene: Scene, at: int, end: int, entries: tuple[Entry, ...]) -> Fragment | None:
    """An event without a period: expired, has booked, never booked; "new" alone asks how new."""
    candidates = nearest(scene, at, end, best(entries))
    entry = candidates[0]
    name = entry.field
    word = scene.word(at)
    named = scene.lexicon.named[name]
    if word in ("new", "newly", "joiners", "joiner", "recently") and named.beginning:
        options = tuple(
            Option(text, Leaf(name, Operator.GTE, value))
            for text, value in (
                ("joined in the last 30 days", "{{30_DAYS_AGO}}"),
                ("joined in the last 90 days", "{{90_DAYS_AGO}}"),
                ("joined this year", "{{START_OF_YEAR}}"),
            )
        )
        return Fragment(
            "moment",
            at,
            end,
            None,
            field=name,
            options=options,
            cap=0.45,
            question=f"How recent does '{scene.words(at, end)}' mean?",
        )
    then = scene.word(scene.skip(end, frozenset({","}), 1))
    if then in ("but", "yet") and _is_deed(entries, name) and not (named.ending or named.future):
        # "signed up but never ordered"
        exists, absent = Leaf(name, Operator.EXISTS, True), Leaf(name, Operator.EXISTS, False)
        return Fragment("moment", at, end, exists, absent, field=name)
    if named.ending or any(scene.word(step) == "overdue" for step in range(at, end)):
        found = ending(scene, at, end, name)
        several = found is not None and found.node is not None and len(candidates) > 1
        return which_end(scene, at, end, candidates, over=True) if several else found
    if (
        entry.kind in ("moment", "field")
        and entry.strength >= DERIVED
        and named.event_nouns
        and not named.beginning
        and word not in ("active", "inactive", "activity", "dormant", "seen", "online")
    ):
        article = scene.word(at - 1) in ("a", "an", "any", "the", "had", "taken", "made", "left")
        before = scene.word(at - (2 if article else 1))
        if before == "to" and scene.word(at - 2) == "yet":
            before = "yet"
        if article and before in ("a", "had", "taken", "made", "left"):
            before = scene.word(at - 3)
        recent = scene.word(end) in ("recently", "lately")
        if recent:
            return recently(scene, at, end, name)
        if before in ("no", "without") and count_of(scene, at, end) is not None:
            return None
        if value_follows(scene, end, {each.field for each in entries}):
            return None
        if before in NEGATIVE_VERBS or before in _HAS_OR_NEVER:
            exists, absent = Leaf(name, Operator.EXISTS, True), Leaf(name, Operator.EXISTS, False)
            # "no clicks" beside a counter of the last 30 days: ever, or in that time?
            counted = before in ("no", "without") and any(
                scene.field(each.field).type == "number"
                for match in scene.matches_at(at)
                for each in match.of("field")
            )
            end = past_object(scene, end, name)
            past = unnamed_object(scene, end)
            cap = 0.8 if counted else 0.85 if past > end else 1.0
            return Fragment("moment", at, past, exists, absent, field=name, cap=cap)
    return None

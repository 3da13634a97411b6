"""What is said about one kind of event, in any order: verb, object, number, period, amount, property.

"Called support twice since August", "at least 3 card payments over 50 pounds this month".
"""

from __future__ import annotations

from dataclasses import dataclass, field

from segmentry.criteria.catalog import Field
from segmentry.criteria.nodes import Leaf, Node, Operator
from segmentry.reader.dates.when import When
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.tokens import name_words
from segmentry.reader.language.words import NEGATORS, word_set
from segmentry.reader.lexicon.event_words import EventWords
from segmentry.reader.lexicon.phrases import PART, Entry
from segmentry.reader.patterns.quantify import build
from segmentry.reader.quantities.comparators import Comparison, phrase_at
from segmentry.reader.quantities.numbers import TIMES
from segmentry.reader.scene import Scene

TOTAL = word_set("""
total totalling totaling totals totalled combined altogether sum summing overall cumulative aggregate together
value worth volume spend spending amounts
""")
SPENT = word_set("spent spend spending paid pay paying")
GENERIC = word_set("""
something anything nothing somebody anybody nobody someone anyone one ones it them us thing things item items
everything stuff any
""")
NOTHING = frozenset({"nothing", "nobody"})
_DIFFERENT = word_set("different distinct separate unique various")
_OF_ITS_OWN = word_set(
    "worth costing cost valued priced exceeding amount amounts value lasting lasted long longer price"
)
_GLUE = (
    word_set("""
a an the of with for on in at by from to made make had has have been was were is took taken placed did do done
that which their our or more via using got us we they who and's only just : during over within least our own
being into through up out about
""")
    | _OF_ITS_OWN
    | GENERIC
    | TOTAL
)
_TIMES = frozenset({"times", "time", "occasions", "occasion"})
_INSTANCES = frozenset({"of", "or", "more", "other", "separate", "new", "single"})
_MOST_GLUE = 4
_MOST_TOKENS = 24
_TO_NAME = word_set("about regarding concerning for at from on via in through to with as role")
_NOT_HERE = frozenset({"and", "or", "but", ",", "who", "that", "which", ";", "."})


@dataclass(slots=True)
class Clause:
    """What was found of an event between two tokens; `end` is the token after the last one claimed."""

    start: int
    end: int
    names: frozenset[str] = frozenset()
    whole: bool = False
    verb: bool = False
    object: bool = False
    generic: bool = False
    nothing: bool = False
    count: Comparison | None = None
    amount: Comparison | None = None
    when: When | None = None
    distinct: str = ""
    where: list[Node] = field(default_factory=list[Node])
    total: bool = False
    spent: bool = False
    loose: bool = False
    note: str = ""
    assumed: bool = False
    measure: str = ""
    lost: bool = False

    @property
    def plain(self) -> bool:
        """True when nothing is said but the event and a period."""
        return not (self.count or self.amount or self.where or self.distinct)


def times(scene: Scene, found: Comparison) -> tuple[Comparison, int]:
    """The number that "twice" or "5 times or more" says, and the token after it."""
    first = found.bounds[0][1]
    end = found.end if scene.word(first.start) in TIMES else found.end + 1
    after = phrase_at(scene.tokens, end, after=True) if end < len(scene.tokens) else None
    if after is None or found.explicit:
        return found, end
    return Comparison(((after[0], first),), found.start, after[1], explicit=True), after[1]


class Reading:
    """One walk over the tokens from `at` on; every step takes what belongs to the same event."""

    def __init__(self, scene: Scene, at: int) -> None:
        self.scene = scene
        self.clause = Clause(at, at)
        self.events = scene.lexicon.events

    def read(self) -> Clause | None:
        """The clause, or None where no event is named."""
        scene, clause = self.scene, self.clause
        at, gap = clause.start, 0
        last = min(len(scene.tokens), clause.start + _MOST_TOKENS)
        while at < last:
            end = self._take(at)
            if end is not None:
                clause.end, at, gap = end, end, 0
                continue
            if clause.lost:
                return None
            if (bound := self._or_more(at)) is not None:
                clause.end, at, gap = bound, bound, 0
                continue
            word = scene.word(at)
            clause.generic = clause.generic or word in GENERIC
            clause.nothing = clause.nothing or word in NOTHING
            if word not in _GLUE or gap >= _MOST_GLUE or (at > clause.start and word in NEGATORS):
                break
            if (when := scene.when(at)) is not None and when.cued:
                break  # a period that is not this event's to take, such as "by 5 March"
            if at == clause.start and word not in TOTAL:
                return None
            at, gap = at + 1, gap + 1
            if word in TOTAL and (clause.names or clause.spent or gap == at - clause.start):
                clause.total = True
                if scene.word(at) != "of":
                    clause.end = at if clause.names or clause.amount else clause.end
        if not clause.names or clause.end <= clause.start or clause.lost:
            return None
        return clause

    def _or_more(self, at: int) -> int | None:
        """The end of "or more" behind the counted noun: "six bookings or more"."""
        said = self.clause.count
        if said is None or said.explicit or not self.clause.names or self.clause.when is not None:
            return None
        after = phrase_at(self.scene.tokens, at, after=True)
        if after is None:
            return None
        bounds = ((after[0], said.bounds[0][1]),)
        self.clause.count = Comparison(bounds, said.start, after[1], explicit=True)
        return after[1]

    def words(self) -> EventWords | None:
        """The words of the one event that the clause is about, None while several are possible."""
        return self.events[next(iter(self.clause.names))] if len(self.clause.names) == 1 else None

    def _take(self, at: int) -> int | None:
        return (
            self._number(at)
            or self._period(at)
            or self._event(at)
            or self._spent(at)
            or self._summed(at)
            or self._property(at)
            or self._object(at)
        )

    def _event(self, at: int) -> int | None:
        clause = self.clause
        for match in self.scene.matches_at(at):
            entries = match.of("event")
            if not entries:
                continue
            whole = tuple(entry for entry in entries if entry.strength > PART)
            for some in (whole, entries):
                names = frozenset(entry.field for entry in some)
                if clause.names:
                    names &= clause.names
                if not names:
                    continue
                self._said(tuple(entry for entry in some if entry.field in names))
                clause.names = names
                if self.scene.word(match.end) in ("s", "'s"):
                    return match.end + 1
                return match.end
        return None

    def _said(self, entries: tuple[Entry, ...]) -> None:
        clause = self.clause
        if any(entry.strength > PART for entry in entries):
            clause.whole = True
        clause.verb = clause.verb or any(entry.value == "verb" for entry in entries)
        clause.object = clause.object or any(entry.value == "object" for entry in entries)

    def _object(self, at: int) -> int | None:
        """A noun that the event's own description or synonyms hold, beside its verb or its name."""
        words = self.words()
        token = self.scene.tokens[at]
        if words is None or token.kind != "word" or self.clause.when is not None:
            return None
        if token.stem not in words.objects or token.norm in _GLUE or token.norm in NEGATORS:
            return None
        if any(
            entry.kind == "value" and entry.bare for m in self.scene.matches_at(at) for entry in m.entries
        ):
            return None
        self.clause.object = True
        return at + 1

    def _spent(self, at: int) -> int | None:
        if self.scene.word(at) not in SPENT or at != self.clause.start:
            return None
        self.clause.spent = True
        return at + 1

    def _summed(self, at: int) -> int | None:
        """ "Total minutes on support calls": the property whose sum is compared stands before the event."""
        clause = self.clause
        if not clause.total or clause.names or at > clause.start + 2:
            return None
        said = self.scene.tokens[at].stem
        for words in self.events.values():
            for each in words.numbers:
                if said in {stem(word) for word in name_words(each.name)}:
                    clause.measure = said
                    return at + 1
        return None

    def _period(self, at: int) -> int | None:
        when = self.scene.when(at)
        clause = self.clause
        if when is None or clause.when is not None:
            return None
        if when.kind == "duration" and (
            when.compare is not None or self.scene.word(at) not in ("for", "in", "within", "over")
        ):
            return None
        if when.kind in ("ago", "next") or (when.lo is None and not when.count):
            clause.lost = True  # "by 5 March": no window that an event can have
            return None
        if not clause.names and clause.count is None and clause.amount is None:
            return None
        clause.when = when
        return when.end

    def _number(self, at: int) -> int | None:
        found = self.scene.comparison(at)
        clause, scene = self.clause, self.scene
        if found is None or found.approximate or found.judged:
            return None
        begins_date = scene.when(at)
        if begins_date is not None and begins_date.end >= found.end and not found.explicit:
            return None
        first = found.bounds[0][1]
        after = found.end
        if clause.count is None and (scene.word(first.start) in TIMES or scene.word(after) in _TIMES):
            clause.count, end = times(scene, found)
            return end
        if found.percent:
            return None
        if found.money:
            if clause.amount is not None:
                return None
            clause.amount = found
            return after
        if clause.when is not None and clause.names:
            return None  # "... in the last 30 days under 40": a bound of something else
        if scene.word(after) in _DIFFERENT:
            return self._distinct(found, after + 1)
        return self._measured(found) or self._counted(found)

    def _distinct(self, found: Comparison, at: int) -> int | None:
        """ "At least 3 different branches": the values of one property are counted."""
        names = self.clause.names or frozenset(self.events)
        for name in names:
            for each in self.events[name].properties.values():
                said = {stem(word) for word in (*name_words(each.name), *each.description.casefold().split())}
                said -= {"id", "of", "the", "a"}
                if self.scene.word(at) and stem(self.scene.word(at)) in said:
                    self.clause.count, self.clause.distinct = found, each.name
                    if len(self.clause.names) != 1:
                        self.clause.names = self.clause.names or frozenset({name})
                    self.clause.object = True
                    return at + 1
        return None

    def _measured(self, found: Comparison) -> int | None:
        """ "Of more than 20 minutes": a number of the unit or the name of a property."""
        words = self.words()
        if words is None or self.scene.word(found.end) == "":
            return None
        unit = stem(self.scene.word(found.end))
        for each in words.numbers:
            if unit in {stem(word) for word in name_words(each.name)} or unit == stem(each.unit.casefold()):
                self._where(each, found)
                return found.end + 1
        return None

    def _counted(self, found: Comparison) -> int | None:
        """A number right before the noun, or after it: "3 refunds", "branch visits: exactly 1"."""
        clause, scene = self.clause, self.scene
        begin = scene.skip(found.end, _INSTANCES, 2)
        if clause.count is None:
            for match in scene.matches_at(begin):
                names = frozenset(entry.field for entry in match.of("event"))
                if names and (not clause.names or names & clause.names):
                    clause.count = found
                    return found.end
            words = self.words()
            if words is not None and begin < len(scene.tokens) and scene.tokens[begin].stem in words.objects:
                clause.count = found
                return found.end
        if clause.measure and clause.amount is None:
            clause.amount = found
            return found.end
        words = self.words()
        before = scene.word(found.start - 1)
        if words is not None and clause.amount is None and found.explicit and words.money is not None:
            worth = before in _OF_ITS_OWN or before in ("of", "for", "with") or clause.total
            if worth and not any(m.of("field") for m in scene.matches_at(found.end)):
                clause.amount = found
                return found.end
        if clause.whole and clause.count is None and before in (":", "is", "are", "=", "count"):
            clause.count = found
            return found.end
        return None

    def _property(self, at: int) -> int | None:
        """ "With role admin", "in the shoes category", "about billing"."""
        words = self.words()
        scene = self.scene
        if words is None or not words.strings:
            return None
        token = scene.tokens[at]
        for each in words.strings:
            names = {stem(word) for word in name_words(each.name)}
            if token.stem in names and token.norm not in ("to", "in"):
                value = scene.skip(at + 1, frozenset({"is", "=", "of", "was", ":"}), 2)
                if self._is_text(value):
                    return self._text(each, value)
            if (
                scene.word(at - 1) in _TO_NAME | {"the"}
                and self._is_text(at)
                and at + 1 < len(scene.tokens)
                and scene.tokens[at + 1].stem in names
            ):
                self._text(each, at)
                return at + 2
        if len(words.strings) == 1 and self._names(at):
            return self._text(words.strings[0], at, loose=scene.tokens[at].kind != "quoted")
        return None

    def _is_text(self, at: int) -> bool:
        if at >= len(self.scene.tokens):
            return False
        token = self.scene.tokens[at]
        return (
            token.kind in ("word", "quoted")
            and token.norm not in _GLUE | _NOT_HERE | _TO_NAME
            and self.scene.when(at) is None
        )

    def _names(self, at: int) -> bool:
        """Whether a text in quotes or a topic stands here, after the preposition that brings it."""
        if not self._is_text(at) or self.scene.word(at - 1) not in _TO_NAME or at == self.clause.start:
            return False
        if any(match.of("value", "field", "band") for match in self.scene.matches_at(at)):
            return False
        token = self.scene.tokens[at]
        return token.kind == "quoted" or self.scene.word(at - 1) in ("about", "regarding", "concerning")

    def _text(self, of: Field, at: int, *, loose: bool = False) -> int:
        token = self.scene.tokens[at]
        self.clause.where.append(Leaf(of.name, Operator.EQ, token.text))
        self.clause.assumed = True
        self.clause.loose = self.clause.loose or loose
        self.clause.note = f"'{token.text}' was taken as the {of.name} of the event"
        return at + 1

    def _where(self, of: Field, found: Comparison) -> None:
        fragment = build(
            found.start, found.end, of, found, exact=False, negated=False, factor=1.0, assumed=False
        )
        if fragment.node is not None:
            self.clause.where.append(fragment.node)
            self.clause.assumed = self.clause.assumed or fragment.source == "assumed"
            self.clause.note = self.clause.note or fragment.note

"""What was not done or is not there: onboarding not completed yet, nothing upcoming, guildless."""

from __future__ import annotations

from segmentry.criteria.nodes import Leaf, Not, Operator
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.words import word_set
from segmentry.reader.lexicon.phrases import DERIVED, GENERAL, Entry
from segmentry.reader.patterns.counter_periods import has_period
from segmentry.reader.scene import Fragment, Scene, best

_HAS = word_set("has have had is are was were been be")
DENIALS = word_set("not hasn't haven't isn't aren't wasn't never")
_CLOSING = word_set("and or but , . ; ? !") | {""}
_PUT_DOWN = word_set("""
recorded set assigned filled provided entered stored stated specified available known given captured
documented chosen registered added selected
""")
_ARTICLES = word_set("a an any single")
# what people do with things that are counted, so that none of it done is a count of zero
DOING = word_set("""
attended had have made make placed place taken took take filed file raised raise submitted submit booked book
bought buy played play used use completed complete written wrote left given posted logged reported received
joined watched held done opened started entered run ran
""")
# what people do with what they tell about themselves
GIVING = word_set(
    "filled fill gave given give provided provide entered enter left leave shared share stated told"
)
_PARTICLES = word_set("in out us their the")
AHEAD = word_set("upcoming future planned scheduled coming pending")
_PLANNED = word_set("booked planned scheduled ahead lined coming up")


def undone(scene: Scene, at: int) -> Fragment | None:
    """ "Handicap has not been recorded", "onboarding not completed yet"."""
    for match in scene.matches_at(at):
        entries = match.of("field", "moment")
        step = scene.skip(match.end, _HAS, 2)
        if not entries or scene.word(step) not in DENIALS:
            continue
        step = scene.skip(step + 1, _HAS | {"yet", "ever"}, 3)
        said = scene.word(step)
        if not said:
            continue
        end = scene.skip(step + 1, frozenset({"yet", "in", "out"}), 1)
        if said in _PUT_DOWN:
            named = best(tuple(entry for entry in entries if entry.strength >= GENERAL))
            if len(named) == 1 and not scene.lexicon.known[named[0].field].is_flag:
                return _exists(at, end, named[0].field, present=False)
        dated = [
            entry
            for entry in entries
            if scene.field(entry.field).type == "datetime"
            and not scene.lexicon.named[entry.field].ending
            and stem(said) in {stem(word) for word in scene.lexicon.named[entry.field].event_nouns}
        ]
        names = {entry.field for entry in dated}
        if len(names) == 1 and not any(scene.when(each) for each in (end, step + 1)):
            return _exists(at, end, dated[0].field, present=False)
    return None


def never(scene: Scene, at: int) -> Fragment | None:
    """ "Never cancelled an order", "never backed any": the count of it is zero."""
    if scene.word(at - 1) != "never" or not scene.word(at).endswith(("ed", "en", "t", "ne")):
        return None
    for match in scene.matches_at(at):
        verb = scene.tokens[at].stem
        verbs = {verb, verb[:-1] if verb.endswith("ell") else verb}  # cancelled, as in Britain
        counts = {
            entry.field
            for entry in match.of("field")
            if scene.field(entry.field).integer
            and not has_period(scene.lexicon.named[entry.field])
            and verbs & {stem(word) for word in scene.lexicon.named[entry.field].core}
        }
        dated = any(scene.field(entry.field).type == "datetime" for entry in match.of("field", "moment"))
        end = match.end + (scene.word(match.end) in ("any", "anything", "one"))
        closed = scene.word(end) in _CLOSING
        if len(counts) == 1 and not dated and closed and scene.when(end) is None:
            name = counts.pop()
            some, none = Leaf(name, Operator.GT, 0), Leaf(name, Operator.EQ, 0)
            return Fragment("measure", at, end, some, none, field=name, source="assumed", cap=0.9)
    return None


def nothing_done(scene: Scene, at: int) -> Fragment | None:
    """ "Never attended a class", "haven't filed any claims": the count of the things is zero."""
    if scene.word(at) not in DOING:
        return None
    begin = scene.skip(at + 1, _ARTICLES, 2)
    for match in scene.matches_at(begin):
        counts = {
            entry.field
            for entry in match.of("field")
            if scene.field(entry.field).integer
            and entry.strength >= GENERAL
            and not has_period(scene.lexicon.named[entry.field])
            and not scene.lexicon.known[entry.field].is_flag
        }
        dated = any(scene.field(entry.field).type == "datetime" for entry in match.of("field", "moment"))
        end = scene.skip(match.end, frozenset({"yet", "ever", "so", "far"}), 2)
        if begin > at + 1 and len(counts) == 1 and not dated and scene.word(end) in _CLOSING:
            name = counts.pop()
            some, none = Leaf(name, Operator.GT, 0), Leaf(name, Operator.EQ, 0)
            return Fragment("measure", at, end, some, none, field=name, source="assumed", cap=0.9)
    return None


def nothing_given(scene: Scene, at: int) -> Fragment | None:
    """ "Never filled in a feedback form", "didn't leave a phone number": the column has no value."""
    if scene.word(at) not in GIVING:
        return None
    begin = scene.skip(at + 1, _ARTICLES | _PARTICLES, 3)
    for match in scene.matches_at(begin):
        named = best(tuple(entry for entry in match.of("field") if entry.strength >= GENERAL and entry.bare))
        end = scene.skip(match.end, frozenset({"yet", "ever", "us"}), 2)
        if len(named) == 1 and scene.word(end) in _CLOSING:
            field = scene.field(named[0].field)
            if not field.integer and not scene.lexicon.known[field.name].is_flag:
                found = _exists(at, end, field.name, present=True)
                found.cap = 0.9
                return found
    return None


def upcoming(scene: Scene, at: int) -> Fragment | None:
    """ "An upcoming appointment", "no event coming up": a date that is still ahead."""
    before = scene.word(at) in AHEAD
    for match in scene.matches_at(at + 1 if before else at):
        entries = best(_ahead(scene, match.of("field", "moment")))
        end = scene.skip(match.end, _PLANNED, 2)
        if len(entries) != 1 or (not before and end == match.end) or scene.when(end) is not None:
            continue
        leaf = Leaf(entries[0].field, Operator.GTE, "{{NOW}}")
        return Fragment("moment", at, end, leaf, Not(leaf), field=leaf.field, rank=1)
    return None


def _ahead(scene: Scene, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    return tuple(
        entry
        for entry in entries
        if scene.field(entry.field).type == "datetime"
        and "next" in scene.lexicon.named[entry.field].words
        and entry.strength >= GENERAL
    )


def lacking(scene: Scene, at: int) -> Fragment | None:
    """ "Guildless players": the noun of a column that is empty."""
    if not scene.word(at).endswith("less"):
        return None
    for match in scene.matches_at(at):
        for entry in match.of("field"):
            if entry.negated and entry.strength >= DERIVED and not scene.lexicon.known[entry.field].is_flag:
                return _exists(at, match.end, entry.field, present=False)
    return None


def _exists(at: int, end: int, name: str, *, present: bool) -> Fragment:
    node, negative = Leaf(name, Operator.EXISTS, present), Leaf(name, Operator.EXISTS, not present)
    return Fragment("exists", at, end, node, negative, field=name)

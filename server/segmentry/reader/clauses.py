"""From tokens to a row of fragments, connectives and brackets; what nothing claims stays visible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from segmentry.reader.agreement import repeated, unexplained
from segmentry.reader.brackets import (
    Item,
    bracket_both,
    bracket_bounds,
    bracket_denied,
    bracket_either,
    continues,
    enclose,
    group_shares,
)
from segmentry.reader.constructions import longest
from segmentry.reader.frames import LIFTING, aside, lifted, opening
from segmentry.reader.heads import said_again
from segmentry.reader.language.words import FRAME, NEGATORS, STOP, word_set
from segmentry.reader.lexicon.phrases import Entry
from segmentry.reader.negation import (
    AFTERWARDS,
    PAIRS,
    bars,
    denied_after,
    doubt_bound,
    doubt_exception,
    left_out,
    shares_negation,
    stranded,
)
from segmentry.reader.patterns.absences import absences
from segmentry.reader.patterns.ages import UNSAID
from segmentry.reader.patterns.carriers import carrier
from segmentry.reader.patterns.moments import chosen_moment
from segmentry.reader.patterns.second_bounds import second_bound
from segmentry.reader.patterns.second_periods import second_period, which_date
from segmentry.reader.patterns.unlisted import classed
from segmentry.reader.patterns.vague import SPAN_WORDS, is_tenure, plain_noun, unsettled
from segmentry.reader.scene import Fragment, Scene

_AND = frozenset(["and", "plus", "also", "&", "additionally"])
_BUT = frozenset(["but", "however", "yet", "although", "though", "whereas"])
_CONNECTIVES = _AND | _BUT | {"or"}
_BREAKS = frozenset([",", ";", ".", "?", "!", ":"])
_NONE_GIVEN: Final[Mapping[int, Fragment]] = {}
_SUBJECTS = word_set("members customers those people users clients anyone everyone ones golfers")


@dataclass(slots=True)
class Clauses:
    """What the scan found: the row, the positions that something claims, and those nothing explains."""

    items: list[Item] = field(default_factory=list[Item])
    unclaimed: list[int] = field(default_factory=list[int])
    fixed_bracket: bool = False
    # two conditions behind an "except", which may leave out only who meets both
    excepted: tuple[Fragment, Fragment] | None = None

    @property
    def is_either(self) -> bool:
        """Whether "or" joins the two conditions of `excepted`."""
        pair = self.excepted
        at = next((at for at, each in enumerate(self.items) if pair and each.fragment is pair[1]), 0)
        return at > 0 and self.items[at - 1].kind == "or"

    @property
    def items_with_conditions(self) -> list[Item]:
        return [item for item in self.items if item.kind == "fragment"]


def scan(scene: Scene, given: Mapping[int, Fragment] = _NONE_GIVEN) -> Clauses:  # noqa: C901 - one branch per kind of word
    """Walk over the query once; at each position the longest construction wins.

    `given` are conditions that others found in the words, by the token where each begins: they stand, and
    nothing is read over them.
    """
    found = Clauses()
    either: list[int] = []
    both: list[tuple[int, list[int]]] = []
    elsewhere: dict[int, int] = {}
    negation: list[int] = []
    verb: tuple[int, tuple[Entry, ...]] | None = None
    at = _start(scene, given)
    while at < len(scene.tokens):
        word = scene.word(at)
        if at in elsewhere:
            at = elsewhere[at]
            continue
        fragment = given.get(at) or _construction(scene, found, at, given, verb, denied=bool(negation))
        if fragment is not None:
            if fragment.later is not None:
                elsewhere[fragment.later[0]] = fragment.later[1]
            _take(scene, found, fragment, negation)
            negation = []
            at = fragment.end
            continue
        if word in ("(", "["):
            found.items.append(Item("(", inverted=bool(negation)))
            negation = []
            found.fixed_bracket = True
        elif word in (")", "]"):
            found.items.append(Item(")"))
        elif word in LIFTING and (past := lifted(scene, at)) is not None:
            at = past
            continue
        elif (word, scene.word(at + 1)) in PAIRS:
            if (word, scene.word(at + 1)) == ("but", "not"):
                found.items.append(Item("but"))
            negation = [*negation, at, at + 1]
            at += 2
            continue
        elif word in ("other", "different") and (than := _other_than(scene, at)) is not None:
            negation = [*negation, *range(at, than)]
            at = than
            continue
        elif (word in _CONNECTIVES or word in _BREAKS) and stranded(scene, negation, at):
            # "not a member, first visit in 2023": what was denied is none of the conditions
            found.unclaimed += [step for step in range(negation[0], at) if step not in found.unclaimed]
            negation = []
            continue
        elif word in _AND or (word == "as" and scene.word(at + 1) == "well"):
            _join(scene, found, at)
            at += 2 if word == "as" and scene.word(at + 2) == "as" else 0
        elif word == "or":
            if scene.word(at + 1) in _SUBJECTS or said_again(scene, at):
                found.fixed_bracket = True
            found.items.append(Item("or"))
        elif word == "either":
            found.fixed_bracket = True
            either.append(len(found.items))
        elif word == "both" and negation and at == negation[-1] + 1:
            both.append((len(found.items), negation))
            negation = []
        elif word == "nor":
            found.items.append(Item("and"))
            negation = [*negation, at]
        elif word == "but" and (ones := left_out(scene, at)):
            negation = [*negation, *range(at, ones)]
            at = ones
            continue
        elif (
            word in AFTERWARDS
            and found.items
            and not negation
            and denied_after(scene, at, found.items[-1].fragment)
        ):
            pass
        elif word in _BUT:
            found.items.append(Item("but"))
        elif word in NEGATORS or bars(scene, at):
            # "don't" said twice is still one negation, "not without" is none
            negation = [*negation, at]
        elif word in _BREAKS:
            # "enterprise: health below 40 or nps below 0": what follows the colon is one condition more
            found.items.append(Item("but" if word == ":" else ","))
            if word in (".", "?", "!", ";") or (
                negation and found.unclaimed and found.unclaimed[-1] > negation[-1]
            ):
                found.unclaimed += negation
                negation = []
        elif (carried := carrier(scene, at)) is not None:
            verb = carried
            if negation:
                # whether "never bought an Audi" denies the purchase or the make only a person can say
                found.unclaimed += range(at, carried[0])
            at = carried[0]
            continue
        elif (past := aside(scene, at)) is not None:
            at = past
            continue
        elif not _silent(scene, at):
            at = _word(scene, found, at, negation)
            continue
        at += 1
    found.unclaimed += negation
    _settle(scene, found)
    group_shares(found.items)
    for place in reversed(either):
        bracket_either(found.items, place)
    for place, denied in reversed(both):
        if not bracket_both(found.items, place, denied, scene):
            found.unclaimed += denied
    if "both" in scene.said:
        bracket_denied(found.items, scene)
    bracket_bounds(found.items)
    fragments = [item.fragment for item in found.items if item.fragment is not None]
    for fragment in (*repeated(scene, fragments), *absences(scene, fragments)):
        found.items[:] = [item for item in found.items if item.fragment is not fragment]
    found.unclaimed = unexplained(scene, found.unclaimed, fragments)
    return found


def _join(scene: Scene, found: Clauses, at: int) -> None:
    """An "and", but for "plus": "gold plus everyone in Spain" is both groups, "plus members" one kind."""
    people = scene.word(at) == "plus" and scene.word(at + 1) in scene.lexicon.entities | _SUBJECTS
    if people and not found.items_with_conditions:
        found.unclaimed.append(at)
    elif people and scene.word(at + 2):
        found.fixed_bracket = True
        found.items.append(Item("or"))
    else:
        found.items.append(Item("and"))


def _start(scene: Scene, given: Mapping[int, Fragment]) -> int:
    """Where the description begins; a given condition is always part of it."""
    return min([opening(scene), *given])


def _free(fragment: Fragment | None, given: Mapping[int, Fragment]) -> Fragment | None:
    """The fragment, unless it runs into a condition that is given."""
    if fragment is None or not given:
        return fragment
    return None if any(fragment.start < start < fragment.end for start in given) else fragment


def _settle(scene: Scene, found: Clauses) -> None:
    """ "New customers with less than 6 months of tenure": the bound that follows says what new means."""
    for position, item in enumerate(found.items):
        open_word = item.fragment
        if open_word is None or open_word.node is not None or scene.word(open_word.start) not in SPAN_WORDS:
            continue
        if open_word.end - open_word.start > 1:
            continue
        for other in found.items[position + 1 :]:
            bound = other.fragment
            if bound is not None and bound.node is not None and is_tenure(scene, bound.field):
                del found.items[position]
                return


def _other_than(scene: Scene, at: int) -> int | None:
    """ "Other countries than Germany": the noun stands inside the pair."""
    for step in (at + 1, at + 2, at + 3):
        if scene.word(step) in ("than", "from"):
            return step + 1
        if step >= len(scene.tokens) or not (scene.matches_at(step) or _silent(scene, step)):
            return None
    return None


def _follows(scene: Scene, at: int) -> bool:
    previous = scene.previous
    return previous is not None and previous.end == at and previous.kind in ("value", "place")


def _take(scene: Scene, found: Clauses, fragment: Fragment, negation: list[int]) -> None:
    before = _joined_to(found.items)
    if not negation and before is not None and found.items[-1].kind in ("or", "and", ","):
        if shares_negation(scene, before, fragment, found.items[-1].kind):
            fragment.negated = True
            fragment.extra = (*fragment.extra, *before.extra)
            found.items[-1] = Item("and")
            found.items.append(Item("fragment", fragment))
            scene.previous = fragment
            return
        if found.items[-1].kind == "or" and doubt_bound(scene, before, fragment):
            found.excepted = (before, fragment)
    elif (
        not negation
        and found.items
        and (last := found.items[-1].fragment) is not None
        and doubt_exception(scene, last, fragment)
    ):
        found.excepted = (last, fragment)
    twice = sum(1 for step in negation if scene.word(step) in ("not", "without", "no", "non", "never")) == 2
    fragment.negated = bool(negation) and not twice
    fragment.extra = (*fragment.extra, *negation)
    elliptic = fragment.kind == "consent" and continues(found.items, fragment)
    found.items.append(Item("fragment", fragment))
    if elliptic:
        enclose(found.items)
    scene.previous = fragment


def _construction(
    scene: Scene,
    found: Clauses,
    at: int,
    given: Mapping[int, Fragment],
    verb: tuple[int, tuple[Entry, ...]] | None,
    *,
    denied: bool,
) -> Fragment | None:
    """The longest construction at a token, or what continues the condition before it."""
    fragment = _free(longest(scene, at), given)
    if fragment is None or fragment.rank == UNSAID:
        fragment = _free(_second(scene, found, at, denied=denied), given) or fragment
    if fragment is None and verb is not None and _follows(scene, at):
        # "bought an Audi in 2024": the period belongs to the verb before the value
        when = scene.when(at)
        fragment = None if when is None else chosen_moment(scene, at, verb[1], when)
    return fragment


def _word(scene: Scene, found: Clauses, at: int, negation: list[int]) -> int:
    """The token after a word that begins no construction: it is of a kind, open, or lost."""
    kind = classed(scene, at)
    if kind is None:
        kind = unsettled(scene, at) or _undated(scene, found, at)
        if kind is None or kind.end <= at:
            found.unclaimed.append(at)
            return at + 1
        if _projected(scene, kind) or plain_noun(scene, kind):
            return kind.end
    _take(scene, found, kind, negation)
    negation.clear()
    return kind.end


def _second(scene: Scene, found: Clauses, at: int, *, denied: bool) -> Fragment | None:
    """A second bound on the number, or a second period of the date, that was read last."""
    previous = scene.previous
    joined = found.items[-1].kind if found.items else ""
    if previous is not None and previous.kind == "moment":
        return second_period(scene, at, joined)
    return second_bound(scene, at, joined, denied=denied)


def _undated(scene: Scene, found: Clauses, at: int) -> Fragment | None:
    """A period right behind a condition on something else, or alone."""
    after = scene.previous is not None and scene.previous.end == at and scene.previous.kind != "moment"
    return which_date(scene, at) if after and not found.unclaimed else None


def _joined_to(items: list[Item]) -> Fragment | None:
    return items[-2].fragment if len(items) > 1 else None


_OWNING = frozenset({"with", "without", "no", "have", "has", "own", "owns", "owning", "having", "any"})


def _silent(scene: Scene, at: int) -> bool:
    """True for words that need no claim here: stop words, people nouns, frames, loose signs."""
    token = scene.tokens[at]
    if token.kind == "punct" or (token.kind == "symbol" and token.norm in ("+", "~")):
        return True
    if token.kind != "word":
        return False
    if (
        token.text.isupper()
        and len(token.text) == 2
        and token.norm in STOP
        and not all(each.text.isupper() for each in scene.tokens if each.kind == "word")
    ):
        return False
    before = scene.word(at - 1)
    if (token.norm == "while" and before in ("a", "long")) or (token.norm == "many" and before != "how"):
        return False
    if token.norm in scene.lexicon.subjects:
        # "people with cars" says something, "electric cars" no more than "electric"
        return scene.word(at - 1) not in _OWNING and (at == 0 or scene.word(at - 2) not in _OWNING)
    return token.norm in STOP or token.norm in scene.lexicon.entities or token.norm in FRAME


def _projected(scene: Scene, fragment: Fragment) -> bool:
    """ "What is the balance of all ...", "names and cities of": a column to show, not a condition."""
    if fragment.kind != "vague" or fragment.start == 0:
        return False
    first = {scene.word(step) for step in range(min(fragment.start, 6))}
    after = scene.word(fragment.end)
    asked = first & {
        "average",
        "mean",
        "median",
        "total",
        "sum",
        "what",
        "show",
        "list",
        "give",
        "names",
        "maximum",
        "minimum",
    }
    return bool(asked) and after in ("of", "for", "among", "across")

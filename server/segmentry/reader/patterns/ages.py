"""Ages: women over 40, members aged 18 to 25, the over 60s, on an age or on a date of birth."""

from __future__ import annotations

from segmentry.criteria.nodes import Operator, Scalar
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.thesaurus import UNIT_WORDS
from segmentry.reader.language.words import PEOPLE
from segmentry.reader.patterns.quantify import build, opposite
from segmentry.reader.quantities.comparators import Comparison, doubled
from segmentry.reader.quantities.numbers import Quantity
from segmentry.reader.scene import Fragment, Scene, between

_BIRTH = frozenset({"birth", "birthday", "dob", "birthdat", "born", "bday"})
AGED = frozenset({"aged", "age", "ages"})
CHILDREN = frozenset({"children", "kids", "youngsters", "child"})
_GROWN = 18
# an age that only the number's looks and its place say: any other reading comes first
UNSAID = -5
_JOINING = frozenset({",", ";", "and", "or", "but", "either", "(", "both", "not", "aren't", "isn't"})
_BARE = frozenset({"over", "under", "between", "from"})
_COPULA = frozenset({"are", "is", "aged"})
_WHO = frozenset({"who", "that"})
_CLOSING = frozenset({",", ";", ".", ")", "and", "or", "but", "with", "in", "from", "living", "who", "?"})
_SIDES = frozenset({"over", "under"})
_DECADES = {
    "twenties": 20,
    "thirties": 30,
    "forties": 40,
    "fifties": 50,
    "sixties": 60,
    "seventies": 70,
    "eighties": 80,
    "nineties": 90,
}
_PART_OF_DECADE = frozenset({"early", "mid", "late"})
_SOMETHING = ("something", "somethings")
# nouns for people that say their age in full years
_AGED_NOUNS = {
    **dict.fromkeys(("teenager", "teenagers", "teen", "teens"), (13, 19)),
    **{f"{noun[:-3]}y{some}": (low, low + 9) for noun, low in _DECADES.items() for some in _SOMETHING},
}
NOUNS = frozenset(_AGED_NOUNS) | {noun[:-3] + "y" for noun in _DECADES}


def ages(scene: Scene, at: int) -> Fragment | None:
    """A number straight after people, or after "aged", is an age where the table has one."""
    if scene.word(at) in CHILDREN:
        return _children(scene, at)
    named = _aged_noun(scene, at)
    if named is not None:
        return named
    decade = scene.word(at) == "in" and scene.word(at + 1) in ("their", "his", "her")
    aged = scene.word(at) in AGED or decade
    begin = at + 1 if aged else at
    begin += decade
    begin = scene.skip(begin, frozenset({"of", "between the"}), 1)
    if decade and scene.word(begin) in _DECADES:
        return _of_age(scene, at, begin + 1, _years(first := _DECADES[scene.word(begin)], first + 9, begin))
    alone = not aged and _clause_of_its_own(scene, at)
    if not (
        aged or alone or _after_people(scene, at) or _says_age(scene, at) or _decade_of_people(scene, at)
    ):
        return None
    found = scene.comparison(begin)
    if found is not None:
        found = doubled(scene.tokens, found, scene.numbers) or found
    if decade and (found is None or scene.word(found.end - 1) != "s"):
        return None
    if found is None or found.money or found.percent or found.approximate:
        return None
    said = not aged and _says_age(scene, at)
    if not aged and not said and (not found.explicit or scene.when(at) is not None):
        return None
    if not all(
        isinstance(quantity.value, int) and 10 <= quantity.value <= 110 for _, quantity in found.bounds
    ):
        return None
    end = found.end
    plural = scene.word(end) == "s" and scene.tokens[end].glued
    if _years_old(scene, end):
        end = _years_old(scene, end)
    elif plural:
        end += 1
    elif scene.word(end) in UNIT_WORDS or scene.word(end) == "%":
        return None
    if (
        not (aged or said or plural or alone)
        and (at == 0 or scene.word(at - 1) == "the")
        and len(found.bounds) == 1
        and not (at == 0 and _ends_query(scene, end))
    ):
        return None
    fragment = _of_age(scene, at, end, found, assumed=not (aged or said))
    if fragment is not None and alone and not said and not plural:
        beside = scene.previous
        doubtful = beside is not None and beside.kind == "measure" and scene.word(at - 1) == "and"
        fragment.rank, fragment.source = UNSAID, "assumed"
        fragment.cap = min(fragment.cap, 0.85 if doubtful else 0.9)
    return fragment


def _aged_noun(scene: Scene, at: int) -> Fragment | None:
    """ "Teenagers", "thirtysomethings", "40-somethings": nouns for people of an age."""
    word = scene.word(at)
    if scene.word(at - 1) in _PART_OF_DECADE:
        return None
    if word in _AGED_NOUNS and not scene.matches_at(at):
        return _of_age(scene, at, at + 1, _years(*_AGED_NOUNS[word], at))
    some = at + 1 + (scene.word(at + 1) == "-")
    if word in _SIDES and scene.word(some) in _DECADES:
        said = Quantity(_DECADES[scene.word(some)], some, some + 1)
        side = Operator.GT if word == "over" else Operator.LT
        return _of_age(scene, at, some + 1, Comparison(((side, said),), at, some + 1, explicit=True))
    if scene.word(some) not in _SOMETHING:
        return None
    number = scene.numbers.get(at)
    low = _DECADES.get(word.removesuffix("y") + "ies") if number is None else number.value
    if not isinstance(low, int) or low not in _DECADES.values():
        return None
    return _of_age(scene, at, some + 1, _years(low, low + 9, at))


def _children(scene: Scene, at: int) -> Fragment | None:
    """ "Children under 12", "kids aged 5 to 9", where no column holds children themselves."""
    begin = at + 1 + (scene.word(at + 1) in AGED)
    found = scene.comparison(begin)
    if found is None or found.money or found.percent or found.approximate or scene.matches_at(at):
        return None
    end = _years_old(scene, found.end) or found.end
    if scene.when(begin) is not None or scene.word(end) in UNIT_WORDS:
        return None
    if not found.explicit and begin == at + 1:
        return None  # "children 12"
    if not all(isinstance(number.value, int) and 0 < number.value <= _GROWN for _, number in found.bounds):
        return None
    downwards = any(operator in (Operator.LT, Operator.LTE, Operator.EQ) for operator, _ in found.bounds)
    return _of_age(scene, at, end, found) if downwards else None


def _of_age(scene: Scene, at: int, end: int, found: Comparison, *, assumed: bool = False) -> Fragment | None:
    """The condition on the column of ages, or else on the date of birth."""
    for name, named in scene.lexicon.named.items():
        field = scene.field(name)
        if name in scene.lexicon.ages:
            return build(at, end, field, found, exact=False, negated=False, factor=1.0, assumed=assumed)
        if field.type == "datetime" and _BIRTH & {stem(word) for word in named.words}:
            return born(at, end, name, found)
    return None


def _years(first: int, last: int, at: int) -> Comparison:
    low, high = Quantity(first, at, at + 1), Quantity(last, at, at + 1)
    return Comparison(((Operator.GTE, low), (Operator.LTE, high)), at, at + 1, explicit=True)


def _years_old(scene: Scene, at: int) -> int:
    """The token after "years old", "years of age", "year olds", "-year-old"; 0 when nothing of it is said."""
    begin = at + 1 if scene.word(at) == "-" else at
    if scene.word(begin) not in ("years", "year", "yrs", "yr"):
        return 0
    begin += 1 + (scene.word(begin + 1) == "-")
    if scene.word(begin) in ("old", "olds"):
        return begin + 1
    return begin + 2 if (scene.word(begin), scene.word(begin + 1)) == ("of", "age") else 0


def _says_age(scene: Scene, at: int) -> bool:
    """ "40 years old", "18 or older": the words themselves say that the number is an age."""
    found = scene.comparison(at)
    if found is None or found.money or found.percent or found.approximate:
        return False
    return bool(_years_old(scene, found.end)) or scene.word(found.end - 1) in ("older", "younger")


def _decade_of_people(scene: Scene, at: int) -> bool:
    """ "Under-30s", "over 60s": only people are counted so."""
    found = scene.comparison(at)
    if found is None or not found.explicit or len(found.bounds) != 1 or scene.word(at) not in _SIDES:
        return False
    end = found.end
    return scene.word(end) == "s" and scene.tokens[end].glued and scene.comparison(end + 1) is None


def _clause_of_its_own(scene: Scene, at: int) -> bool:
    """ "Over 70 or more than 4 prescriptions", "gold, between 18 and 30": nothing but the number is said."""
    found = scene.comparison(at)
    if found is None or scene.word(at) not in _BARE or scene.when(at) is not None:
        return False
    before = scene.word(at - 1)
    began = at == 0 or before in _JOINING or (before in _COPULA and scene.word(at - 2) in _JOINING | _WHO)
    return began and (found.end >= len(scene.tokens) or scene.word(found.end) in _CLOSING)


def _ends_query(scene: Scene, at: int) -> bool:
    """ "65 and over" alone, or with the people right behind it."""
    return at >= len(scene.tokens) or scene.word(at) in scene.lexicon.entities


def _after_people(scene: Scene, at: int) -> bool:
    before = scene.word(at - 1) if scene.word(at - 1) not in ("are", "is", "who") else scene.word(at - 2)
    previous = scene.previous
    if at == 0 or before == "the" or before in scene.lexicon.entities or before in PEOPLE:
        return True
    return previous is not None and previous.kind in ("value", "flag", "place") and previous.end == at


def born(at: int, end: int, name: str, found: Comparison) -> Fragment:
    """An age on a date of birth: older than 30 is born before this day 30 years ago."""
    bounds: list[tuple[Operator, Scalar]] = []
    for operator, quantity in found.bounds:
        years = int(quantity.value)
        turned = {
            Operator.GT: (Operator.LT, years),
            Operator.GTE: (Operator.LTE, years),
            Operator.LT: (Operator.GT, years),
            Operator.LTE: (Operator.GT, years + 1),
        }.get(operator)
        if turned is None:
            bounds += [
                (Operator.LTE, f"{{{{{years}_YEARS_AGO}}}}"),
                (Operator.GT, f"{{{{{years + 1}_YEARS_AGO}}}}"),
            ]
        else:
            bounds.append((turned[0], f"{{{{{turned[1]}_YEARS_AGO}}}}"))
    node = between(name, tuple(bounds))
    return Fragment("measure", at, end, node, opposite(node), field=name)

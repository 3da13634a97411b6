# ruff: noqa: E501 - word tables and patterns read better in long lines
"""Numbers of an instruction against the numbers that leaves hold: which fit, what they become."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from segmentry.criteria import dates
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Event, Leaf, Operator, Top
from segmentry.criteria.walk import AnyLeaf
from segmentry.errors import InvalidPlaceholder, InvalidValue
from segmentry.reader.language.thesaurus import MONEY_NAMES
from segmentry.reader.language.tokens import name_words, tokenise
from segmentry.reader.language.words import word_set
from segmentry.reader.lexicon.units import stored
from segmentry.reader.quantities.lengths import spoken
from segmentry.reader.quantities.numbers import MONEY_WORDS, Quantity, quantity
from segmentry.reader.scene import Scene

_PERIOD = re.compile(r"^\{\{(\d+)_(DAYS|WEEKS|MONTHS|YEARS)_(AGO|FROM_NOW)\}\}$")
_UNITS = {"day": "DAYS", "week": "WEEKS", "month": "MONTHS", "year": "YEARS", "fortnight": "WEEKS"}
_LOWER = frozenset({Operator.GT, Operator.GTE})
_UPPER = frozenset({Operator.LT, Operator.LTE})


@dataclass(frozen=True, slots=True)
class Said:
    """A number in an instruction, with the time unit said after it ("90 days")."""

    quantity: Quantity
    unit: str

    @property
    def value(self) -> int | float:
        return self.quantity.value


@dataclass(frozen=True, slots=True)
class Shift:
    """A change by an amount: `factor` times what is there, or what is there plus `plus` (times `unit`).

    `direction` 1 raises, -1 lowers, 0 says that the bound decides: "relax" lets more people in.
    """

    direction: Literal[-1, 0, 1]
    factor: Fraction = Fraction(1)
    plus: Fraction = Fraction(0)
    unit: str = ""
    money: bool = False
    percent: bool = False
    relaxes: bool = False


_FACTORS = {"double": 2, "triple": 3, "quadruple": 4}
_RAISING = re.compile(
    r"^(?:increase|raise|bump|lift|up|boost|grow|push|hike|add|extend|lengthen|more|higher|longer|push up)\b",
    re.IGNORECASE,
)
_LOWERING = re.compile(
    r"^(?:decrease|lower|reduce|cut|drop|shrink|bring|lessen|subtract|take|shorten|less|fewer|shorter)\b",
    re.IGNORECASE,
)
_RELAXING = re.compile(r"^(?:relax|loosen|widen|expand|broaden)\b", re.IGNORECASE)
_TIGHTENING = re.compile(r"^(?:tighten|narrow|limit|restrict)\b", re.IGNORECASE)


def shift(verb: str, amount: str) -> Shift | None:
    """What "raise ... by 10 %" does to a number; None when no number is said."""
    verb = verb.strip().casefold()
    if verb in _FACTORS:
        return Shift(1, factor=Fraction(_FACTORS[verb]))
    if verb in ("halve", "half"):
        return Shift(-1, factor=Fraction(1, 2))
    tokens = tokenise(amount)
    found = next((said for at in range(len(tokens)) if (said := quantity(tokens, at)) is not None), None)
    if found is None:
        return None
    direction: Literal[-1, 0, 1]
    direction = 1 if _RAISING.match(verb) else -1 if _LOWERING.match(verb) else 0
    if direction == 0 and not (_RELAXING.match(verb) or _TIGHTENING.match(verb)):
        return None
    unit = _unit(tokens[found.end].norm) if found.end < len(tokens) else ""
    by = Fraction(str(found.value))
    relaxes = bool(_RELAXING.match(verb))
    if found.percent:
        return Shift(direction, factor=by / 100, percent=True, relaxes=relaxes)
    return Shift(direction, plus=by, unit=unit, money=found.money, relaxes=relaxes)


def numbers_in(scene: Scene) -> list[Said]:
    """The numbers of some words with their time units."""
    return [Said(each, _unit(scene.word(each.end))) for each in scene.numbers.values()]


def bare_number(scene: Scene) -> Said | None:
    """The number that is all some words say ("90 days", "to $300"), or None."""
    numbers = numbers_in(scene)
    if not numbers:
        return _spoken(scene)
    if len(numbers) != 1:
        return None
    said = numbers[0]
    end = said.quantity.end + (1 if said.unit else 0)
    others = {scene.word(at) for at in (*range(said.quantity.start), *range(end, len(scene.tokens)))}
    return said if others <= _SILENT else None


# "a fortnight", "half a year": lengths of time without a digit, in a unit that placeholders have
_WHOLE_UNITS = {"quarter": (3, "MONTHS"), "fortnight": (2, "WEEKS")}


def _spoken(scene: Scene) -> Said | None:
    """ "A year", "half a year", "a fortnight": a length of time that is all some words say."""
    at = scene.skip(0, _SILENT - {"a", "an", ""}, 4)
    words = [scene.word(step) for step in range(at, at + 2)]
    if words[0] in ("a", "an", "one") and words[1] in _WHOLE_UNITS:
        count, unit = _WHOLE_UNITS[words[1]]
        end = at + 2
    else:
        length = spoken(scene.tokens, at) if at < len(scene.tokens) else None
        if length is None or not _unit(length[1]):
            return None
        count, unit, end = length[0], _unit(length[1]), length[2]
        if unit == "YEARS" and count != int(count):
            count, unit = count * 12, "MONTHS"
        if count != int(count):
            return None
    if any(scene.word(step) not in _SILENT for step in range(end, len(scene.tokens))):
        return None
    return Said(Quantity(int(count), at, end), unit)


_SILENT = word_set("""
, . ! to at a an the of it be is please just only ago old times time now then + about exactly value people ones that
""") | {""}


def holds_number(leaf: AnyLeaf, said: Said, catalog: Catalog) -> bool:
    """True when a leaf holds a number of that kind: a period for "90 days", else a plain number."""
    match leaf:
        case Top():
            return not said.unit and not said.quantity.money
        case Event():
            if said.unit:
                return _period(leaf.window_start) is not None
            return not said.quantity.money or leaf.measure == "sum"
        case Leaf():
            if isinstance(leaf.value, str):
                return (
                    _period(leaf.value) is not None and not said.quantity.money and not said.quantity.percent
                )
            if not _is_number(leaf.value):
                return False
            field = catalog.get(leaf.field)
            if said.unit:
                return field is not None and _counts_time(field, said.unit)
            return True
        case _:
            return False


def likeliest(fits: list[int], leaves: tuple[AnyLeaf, ...], said: Said, catalog: Catalog) -> list[int]:
    """The leaves that a number is most likely for: money for "$300", none that never holds such a number."""
    if said.quantity.money:
        return [at for at in fits if _is_money(leaves[at], catalog)] or fits
    if said.unit:
        return [at for at in fits if holds_period(leaves[at])] or fits
    return [at for at in fits if _in_range(leaves[at], said, catalog)] or fits


def _in_range(leaf: AnyLeaf, said: Said, catalog: Catalog) -> bool:
    field = catalog.get(leaf.field) if isinstance(leaf, Leaf) else None
    if field is None or field.type != "number":
        return True
    value = in_unit(field, said.quantity)
    return (field.minimum is None or value >= field.minimum) and (
        field.maximum is None or value <= field.maximum
    )


def holds_period(leaf: AnyLeaf) -> bool:
    """True for a leaf that compares with a moment."""
    return isinstance(leaf, Leaf) and isinstance(leaf.value, str)


def with_number(leaf: AnyLeaf, said: Said, catalog: Catalog) -> AnyLeaf:
    """The leaf with another number: 60 days become 90, a bound gets a new value in the column's unit."""
    value = said.value
    match leaf:
        case Top():
            return dataclasses.replace(leaf, percent=value)
        case Event() if said.unit and isinstance(leaf.window_start, str):
            return dataclasses.replace(leaf, window_start=_with_period(leaf.window_start, value, said.unit))
        case Event():
            return dataclasses.replace(leaf, value=int(value))
        case Leaf() if isinstance(leaf.value, str):
            return Leaf(leaf.field, leaf.operator, _with_period(leaf.value, value, said.unit))
        case Leaf():
            return Leaf(leaf.field, leaf.operator, in_unit(catalog.get(leaf.field), said.quantity))
        case _:
            return leaf


def in_unit(field: Field | None, said: Quantity) -> int | float:
    """A number as the column stores it."""
    return said.value if field is None else stored(field, said, symbolic=False).value


def shifted(leaf: AnyLeaf, by: Shift, catalog: Catalog) -> AnyLeaf | None:
    """The leaf with its number raised or lowered; None when it holds no number, or one of another kind."""
    match leaf:
        case Top():
            new = _moved(leaf.percent, by, 1, integer=False)
            return None if by.unit or not 0 < new <= 100 else dataclasses.replace(leaf, percent=new)
        case Event():
            period = _period(leaf.window_start)
            if by.unit:
                if period is None or not isinstance(leaf.window_start, str):
                    return None
                start = _shifted_period(leaf.window_start, by, 1)
                return None if start is None else dataclasses.replace(leaf, window_start=start)
            new = _moved(leaf.value, by, _sign(leaf.operator, by), integer=True)
            return dataclasses.replace(leaf, value=int(new)) if new >= 0 else None
        case Leaf():
            if isinstance(leaf.value, str):
                if by.money:
                    return None
                # More days ago lets more people in behind `$gte`, fewer behind `$lt`.
                opposite = {Operator.GTE: Operator.LTE, Operator.GT: Operator.LTE, Operator.LT: Operator.GTE}
                text = _shifted_period(leaf.value, by, _sign(opposite.get(leaf.operator, leaf.operator), by))
                return None if text is None else Leaf(leaf.field, leaf.operator, text)
            if (
                not isinstance(leaf.value, int | float)
                or isinstance(leaf.value, bool)
                or (by.unit and not _timed(leaf, by, catalog))
            ):
                return None
            field = catalog.get(leaf.field)
            if by.plus and field is not None:
                plus = stored(field, Quantity(_number(by.plus), 0, 1, by.money), symbolic=False).value
                by = dataclasses.replace(by, plus=Fraction(str(plus)))
            whole = field is not None and field.integer
            new = _moved(leaf.value, by, _sign(leaf.operator, by), integer=whole)
            return Leaf(leaf.field, leaf.operator, new)
        case _:
            return None


def read_by(field: Field) -> str:
    """How a field is named in words when a phrase without a field is read for it."""
    return field.synonyms[0] if field.synonyms else " ".join(name_words(field.name)) or field.name


def is_lower(leaf: AnyLeaf) -> bool:
    return isinstance(leaf, Leaf) and leaf.operator in _LOWER


def is_upper(leaf: AnyLeaf) -> bool:
    return isinstance(leaf, Leaf) and leaf.operator in _UPPER


def tighter(new: Leaf, old: Leaf, clock: Clock) -> bool | None:
    """Whether a bound lets fewer people in than another in the same direction; None when that is not known."""
    for side, sign in ((_LOWER, 1), (_UPPER, -1)):
        if new.operator in side and old.operator in side:
            a, b = _comparable(new.value, clock), _comparable(old.value, clock)
            if a is None or b is None:
                return None
            if a == b:
                strict = {Operator.GT, Operator.LT}
                return new.operator in strict and old.operator not in strict
            return (a - b) * sign > 0
    return None


def _comparable(value: object, clock: Clock) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        try:
            if dates.looks_like_placeholder(value):
                return dates.resolve(value, clock).timestamp()
            return dates.parse_instant(value, clock.zone).timestamp()
        except (InvalidPlaceholder, InvalidValue):
            return None
    return None


def _unit(word: str) -> str:
    return _UNITS.get(word.rstrip("s"), "")


def _period(text: object) -> re.Match[str] | None:
    return _PERIOD.match(text) if isinstance(text, str) else None


def _with_period(text: str, value: float, unit: str) -> str:
    period = _PERIOD.match(text)
    assert period is not None
    return f"{{{{{int(value)}_{unit or period[2]}_{period[3]}}}}}"


def _shifted_period(text: str, by: Shift, sign: int) -> str | None:
    period = _PERIOD.match(text)
    if period is None or (by.unit and by.unit != period[2]):
        return None
    new = _moved(int(period[1]), by, sign, integer=True)
    return f"{{{{{int(new)}_{period[2]}_{period[3]}}}}}" if new > 0 else None


def _sign(operator: Operator, by: Shift) -> int:
    """Where a bound moves: as said, or where more (fewer) people meet it."""
    if by.direction:
        return by.direction
    opens = -1 if operator in _LOWER else 1
    return opens if by.relaxes else -opens


def _moved(value: float, by: Shift, sign: int, *, integer: bool) -> int | float:
    old = Fraction(str(value))
    if by.percent:
        new = old * (1 + sign * by.factor)
    elif by.factor != 1:
        new = old * by.factor
    else:
        new = old + sign * by.plus
    if integer and new.denominator != 1:
        new = Fraction(round(new))
    return _number(new)


def _number(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _counts_time(field: Field, unit: str) -> bool:
    words = {word.rstrip("s") for word in (*name_words(field.name), *name_words(field.unit))}
    own = {"DAYS": "day", "WEEKS": "week", "MONTHS": "month", "YEARS": "year"}[unit]
    return own in words or bool(words & {"age", "tenure", "duration", "seniority"})


def _timed(leaf: Leaf, by: Shift, catalog: Catalog) -> bool:
    field = catalog.get(leaf.field)
    return field is not None and _counts_time(field, by.unit)


def _is_money(leaf: AnyLeaf, catalog: Catalog) -> bool:
    match leaf:
        case Event():
            return leaf.measure == "sum"
        case Leaf() | Top():
            field = catalog.get(leaf.field)
            if field is None or field.type != "number":
                return False
            words = set(name_words(field.name))
            return field.unit.casefold() in MONEY_WORDS or bool(words & (MONEY_NAMES | {"usd", "eur", "gbp"}))
        case _:
            return False

"""From what an expert says to one checked condition, by the reader's own rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from rapidfuzz.distance import OSA

from segmentry.agents.cards import disclosed
from segmentry.agents.operations import EVENT_OPS, allowed
from segmentry.agents.pieces import Condition, Fault, FaultCode, Op
from segmentry.criteria import bind, check
from segmentry.criteria.catalog import Catalog, EventType, Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Event, Leaf, Node, Operator, Scalar, Top
from segmentry.reader.language.inflect import stem
from segmentry.reader.language.places import country_at
from segmentry.reader.lexicon.known_values import KnownValues
from segmentry.reader.lexicon.units import scaled, stored, unit_factor
from segmentry.reader.patterns.periods import dated
from segmentry.reader.patterns.quantify import opposite
from segmentry.reader.patterns.values import build, complement
from segmentry.reader.patterns.where import stored_country
from segmentry.reader.quantities.numbers import Quantity
from segmentry.reader.read import lay
from segmentry.reader.scene import Fragment, Scene, between

_ASSUMED_CAP: Final = 0.9
_UNSEEN_CAP: Final = 0.85
_LONGEST_LIST: Final = 20
_BOUNDS: Final[Mapping[Op, Operator]] = {
    "above": Operator.GT,
    "at_least": Operator.GTE,
    "below": Operator.LT,
    "at_most": Operator.LTE,
}
_TEXT_OPERATORS: Final[Mapping[Op, Operator]] = {
    "contains": Operator.CONTAINS,
    "starts_with": Operator.STARTS_WITH,
    "ends_with": Operator.ENDS_WITH,
}
_YES: Final = frozenset({"true", "yes", "y", "1", "on"})
_NO: Final = frozenset({"false", "no", "n", "0", "off"})


@dataclass(frozen=True, slots=True)
class Literal:
    """One condition as a tree, denial applied. `cap` bounds how sure an answer with it may be."""

    node: Node
    field: str
    assumed: bool = False
    cap: float = 1.0
    note: str = ""
    band: str = ""
    repaired: bool = False


class _Refused(Exception):
    def __init__(self, code: FaultCode, place: str, message: str, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.fault = Fault(code, place, message, allowed)


def ops_of(item: Field | EventType) -> tuple[Op, ...]:
    """The ops that an expert may use on a field, or on a kind of event."""
    return EVENT_OPS if isinstance(item, EventType) else allowed(item)


def read(condition: Condition, request: str, catalog: Catalog, clock: Clock) -> Literal | Fault:
    """The condition that an expert means, or the fault that keeps it from being one.

    Nothing is computed by the expert: texts are read as the reader reads them, values are those of the
    catalog or words of the request, and the one validator has the last word. Case, synonyms and one wrong
    letter in a known value are put right here.
    """
    try:
        found = _read(condition, request, catalog, clock)
    except _Refused as refused:
        return refused.fault
    faults = check.errors(found.node, catalog, clock)
    if faults:
        # The check's own messages are for callers: they may name values and ranges of the data.
        ops = ops_of(_item(condition, catalog))
        return Fault("OP_NOT_ALLOWED", "op", "the condition does not fit the field", ops)
    return found


def _item(condition: Condition, catalog: Catalog) -> Field | EventType:
    event = catalog.event_by_name.get(condition.field)
    if event is not None and condition.op in EVENT_OPS:
        return event
    field = catalog.get(condition.field)
    if field is not None:
        return field
    if event is not None:
        return event
    names = (*(each.name for each in catalog.visible), *catalog.event_by_name)
    near = sorted(names, key=lambda name: OSA.distance(name.casefold(), condition.field.casefold()))
    raise _Refused("UNKNOWN_FIELD", "field", "there is no such field", tuple(near[:5]))


def _read(condition: Condition, request: str, catalog: Catalog, clock: Clock) -> Literal:
    item = _item(condition, catalog)
    ops = ops_of(item)
    if condition.op not in ops:
        raise _Refused("OP_NOT_ALLOWED", "op", f"{condition.op} does not fit {condition.field}", ops)
    reading = _Reading(condition, request, catalog, clock)
    if isinstance(item, EventType):
        return reading.event(item)
    if condition.op == "known":
        return reading.plain(Leaf(item.name, Operator.EXISTS, True), item)
    if condition.op == "band":
        return reading.band(item)
    if condition.op in ("top", "bottom"):
        return reading.share(item)
    by_type: Mapping[str, Callable[[Field], Literal]] = {
        "number": reading.number,
        "datetime": reading.date,
        "boolean": reading.truth,
    }
    return by_type.get(item.stored.type, reading.text)(item)


class _Reading:
    """One condition being read: `request` is the user's own words."""

    def __init__(self, condition: Condition, request: str, catalog: Catalog, clock: Clock) -> None:
        self._said = condition
        self._request = request
        self._catalog = catalog
        self._clock = clock

    def plain(
        self, node: Node, field: Field, *, cap: float = 1.0, note: str = "", repaired: bool = False
    ) -> Literal:
        """A condition and its exact complement."""
        said = self._said
        chosen = complement(node) if said.negated else node
        return self._literal(chosen, field.name, cap=cap, note=note, repaired=repaired)

    def _literal(  # noqa: PLR0917 - the parts of a literal
        self, node: Node, name: str, cap: float = 1.0, note: str = "", band: str = "", repaired: bool = False
    ) -> Literal:
        assumed = self._said.assumed or bool(band)
        return Literal(node, name, assumed, min(cap, _ASSUMED_CAP) if assumed else cap, note, band, repaired)

    # --- numbers ----------------------------------------------------------------------------------

    def number(self, field: Field) -> Literal:
        op = self._said.op
        if op == "is":
            self._count_of_values(1, _LONGEST_LIST)
            read = [self._amount(at, field) for at in range(len(self._said.values))]
            node = build(field, tuple(dict.fromkeys(value for value, _, _ in read)), False)
            return self.plain(node, field, cap=min(cap for _, cap, _ in read), note=read[0][2])
        self._count_of_values(*((2, 2) if op == "between" else (1, 1)))
        read = [self._amount(at, field) for at in range(len(self._said.values))]
        if op == "between":
            low, high = sorted(value for value, _, _ in read)
            node = between(field.name, ((Operator.GTE, low), (Operator.LTE, high)))
        else:
            node = Leaf(field.name, _BOUNDS[op], read[0][0])
        # "not over 30" speaks of people who have the value, as the reader has it.
        chosen = opposite(node) if self._said.negated else node
        return self._literal(chosen, field.name, min(cap for _, cap, _ in read), read[0][2])

    def _amount(self, at: int, field: Field) -> tuple[int | float, float, str]:
        """One number in the unit of the column: (value, how sure, note)."""
        quantity = self._quantity(at)
        unit = self._said.unit
        factor = 1.0
        cap = 1.0
        if unit in ("day", "week", "month", "quarter", "year"):
            scene = self._lay(self._said.values[at])
            fitting = unit_factor(scene.lexicon.named[field.name], unit)
            if fitting is None:
                raise _Refused("BAD_NUMBER", f"values[{at}]", f"{field.name} is not measured in {unit}s")
            factor, assumed = fitting
            cap = _ASSUMED_CAP if assumed else 1.0
        kept = stored(field, quantity, symbolic=False)
        if kept.doubtful:
            cap = min(cap, 0.6)
        elif kept.assumed or quantity.assumed:
            cap = min(cap, _ASSUMED_CAP)
        return scaled(kept.value, factor), cap, kept.note

    def _quantity(self, at: int) -> Quantity:
        text = self._said.values[at]
        scene = self._lay(text)
        found = scene.numbers.get(0)
        if found is None or found.end < len(scene.tokens):
            raise _Refused("BAD_NUMBER", f"values[{at}]", "is no number")
        self._said_by_user(at, found)
        if self._said.unit in ("money", "minor_money"):
            found.money, found.minor = True, self._said.unit == "minor_money" or found.minor
        if self._said.unit == "percent":
            found.percent = True
        return found

    def _said_by_user(self, at: int, quantity: Quantity) -> None:
        """A number that the request does not hold, in digits or in words, is the expert's own."""
        if self._said.assumed:
            raise _Refused(
                "BAD_NUMBER",
                f"values[{at}]",
                "a threshold that was not said is a band of the field or unhandled",
            )
        scene = self._lay(self._said.evidence)
        amounts = {found.value for found in scene.numbers.values()}
        if quantity.value not in amounts and self._said.values[at].casefold() not in self._request.casefold():
            raise _Refused("EVIDENCE_NOT_FOUND", f"values[{at}]", "the number is not in the evidence")

    # --- dates ------------------------------------------------------------------------------------

    def date(self, field: Field) -> Literal:
        self._count_of_values(1, 1)
        scene, fragment = self._dated(field)
        del scene
        chosen = fragment.negative if self._said.negated else fragment.node
        if chosen is None:
            raise _Refused("BAD_DATE", "values[0]", "the length or the date is left open")
        return self._literal(chosen, field.name, fragment.cap, fragment.note)

    def _dated(self, field: Field) -> tuple[Scene, Fragment]:
        for text in self._date_phrases():
            scene = self._lay(text)
            when = scene.when(0) if scene.tokens else None
            if when is not None and when.end == len(scene.tokens):
                return scene, dated(scene, 0, when.end, field, when)
        raise _Refused("BAD_DATE", "values[0]", "is no date or length of time")

    def _date_phrases(self) -> tuple[str, ...]:
        """The ways to say it that the reader knows."""
        said = self._said
        value = said.values[0].strip()
        if said.op in ("within", "beyond"):
            self._quantity(0)
            if said.unit not in ("day", "week", "month", "quarter", "year"):
                raise _Refused("BAD_DATE", "unit", "needs a unit of time", ("day", "week", "month", "year"))
            length = f"{value} {said.unit}s"
            if said.op == "within":
                return (
                    (f"in the next {length}",) if said.direction == "future" else (f"in the last {length}",)
                )
            if said.direction == "future":
                return (f"more than {length} from now",)
            return (f"more than {length} ago",)
        if said.op in ("before", "after"):
            return (f"{said.op} {value}",)
        return (value, f"in {value}", f"on {value}", f"in the {value}")

    # --- words ------------------------------------------------------------------------------------

    def truth(self, field: Field) -> Literal:
        self._count_of_values(1, 1)
        word = self._said.values[0].strip().casefold()
        if word not in _YES | _NO:
            raise _Refused("UNKNOWN_ENUM", "values[0]", f"{field.name} is true or false", ("true", "false"))
        return self.plain(Leaf(field.name, Operator.EQ, word in _YES), field)

    def text(self, field: Field) -> Literal:
        if self._said.op in _TEXT_OPERATORS:
            self._count_of_values(1, 1)
            self._own_words(0)
            operator = _TEXT_OPERATORS[self._said.op]
            return self.plain(Leaf(field.name, operator, self._said.values[0].strip()), field)
        self._count_of_values(1, _LONGEST_LIST)
        found = [self._value(at, field) for at in range(len(self._said.values))]
        cap = min(cap for _, cap, _ in found)
        node = build(field, tuple(dict.fromkeys(value for value, _, _ in found)), False)
        return self.plain(node, field, cap=cap, repaired=any(repaired for _, _, repaired in found))

    def _value(self, at: int, field: Field) -> tuple[Scalar, float, bool]:
        """One value as it is stored: (value, how sure, whether it was put right)."""
        text = self._said.values[at].strip()
        scene = self._lay(text)
        known = scene.lexicon.known[field.name]
        spelled = _spelled(text, field, known)
        if spelled is not None:
            return spelled, 1.0, False
        if known.truth is not None and text.casefold() in _YES | _NO:
            return known.truth[0 if text.casefold() in _YES else 1], 1.0, False
        if field.name in scene.lexicon.countries and scene.tokens:
            country = country_at(scene.tokens, 0)
            if country is not None and country[1] == len(scene.tokens):
                value, seen = stored_country(scene, field, country[0])
                return value, 1.0 if seen else _UNSEEN_CAP, False
        near = [value for value in known.folded if OSA.distance(value, text.casefold(), score_cutoff=1) <= 1]
        if len(near) == 1 and len(text) > 3:
            return known.folded[near[0]], 0.98, True
        if field.type == "enum" and field.values:
            # The fault goes back to the model: it may name no value that the cards keep from it.
            told = replace(field, values=disclosed(field))
            allowed = tuple(str(each) for each in bind.nearest_values(text, told)) or tuple(
                str(each.value) for each in told.values[:12]
            )
            raise _Refused("UNKNOWN_ENUM", f"values[{at}]", f"{field.name} has no such value", allowed)
        self._own_words(at)
        return text, _UNSEEN_CAP if known.folded else 1.0, False

    def _own_words(self, at: int) -> None:
        """A text that the catalog does not list must be the user's own."""
        text = " ".join(self._said.values[at].split()).casefold()
        if not text or text not in " ".join(self._request.split()).casefold():
            raise _Refused("EVIDENCE_NOT_FOUND", f"values[{at}]", "the value is not in the request")

    def band(self, field: Field) -> Literal:
        """Words that the catalog gives a threshold."""
        self._count_of_values(1, 1)
        wanted = _stems(self._said.values[0])
        for band in field.bands:
            for phrase in band.phrases:
                if _stems(phrase) == wanted:
                    node = Leaf(field.name, band.operator, band.value)
                    chosen = complement(node) if self._said.negated else node
                    return self._literal(chosen, field.name, band=phrase)
        phrases = tuple(phrase for band in field.bands for phrase in band.phrases)
        raise _Refused("UNKNOWN_ENUM", "values[0]", f"{field.name} has no such band", phrases[:12])

    # --- shares and events ------------------------------------------------------------------------

    def share(self, field: Field) -> Literal:
        self._count_of_values(1, 1)
        percent = self._quantity(0).value
        if not 0 < percent <= 100:
            raise _Refused("BAD_NUMBER", "values[0]", "a share is above 0 and at most 100 percent")
        order = "highest" if self._said.op == "top" else "lowest"
        return self.plain(Top(field.name, percent, order), field)

    def event(self, kind: EventType) -> Literal:
        self._count_of_values(1, 2)
        # "Never attended" and "attended" say no number: 1 and 0 are in the words themselves.
        unsaid = self._said.values[0].strip() in ("0", "1")
        count = int(self._said.values[0]) if unsaid else self._quantity(0).value
        if not isinstance(count, int) or count < 0:
            raise _Refused("BAD_NUMBER", "values[0]", "how often is a whole number")
        start = None
        if len(self._said.values) == 2 and self._said.values[1].strip():
            length = self._quantity(1).value
            if not isinstance(length, int) or self._said.unit not in (
                "day",
                "week",
                "month",
                "quarter",
                "year",
            ):
                raise _Refused(
                    "BAD_DATE", "values[1]", "a period is a whole number of days, weeks, months or years"
                )
            unit, length = (
                ("month", length * 3) if self._said.unit == "quarter" else (self._said.unit, length)
            )
            start = f"{{{{{length}_{unit.upper()}S_AGO}}}}"
        operator = Operator.GTE if self._said.op == "did_at_least" else Operator.LTE
        node: Node = Event(kind.name, operator=operator, value=count, window_start=start)
        return self._literal(complement(node) if self._said.negated else node, kind.name)

    # ----------------------------------------------------------------------------------------------

    def _count_of_values(self, least: int, most: int) -> None:
        n = len(self._said.values)
        if not least <= n <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise _Refused("BAD_SHAPE", "values", f"{self._said.op} takes {wanted} values, not {n}")

    def _lay(self, text: str) -> Scene:
        return lay(text, self._catalog, self._clock)


def _spelled(text: str, field: Field, known: KnownValues) -> Scalar:
    """The known value that a text names, by its spelling or a synonym."""
    spelled = known.spelled(text)
    if spelled is not None:
        return spelled
    folded = text.casefold()
    for each in field.values:
        if any(word.casefold() == folded for word in each.synonyms):
            return each.value
    return None


def _stems(text: str) -> list[str]:
    return [stem(word) for word in text.casefold().replace("-", " ").split()]

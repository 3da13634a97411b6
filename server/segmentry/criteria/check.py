"""The one gate: a tree against a catalog. All findings together, and the tree with its values cast.

Five checks in the order of the source document: 1 the field exists and the caller may see it, 2 the operator
is allowed, 3 an enum value is in its list, 4 the value's type, range and format, 5 dates and placeholders
resolve. A leaf that fails one skips the later ones. Hidden fields answer exactly like unknown ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import assert_never

from segmentry.criteria import bind, findings, limits, paths, suggest
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import (
    And,
    Event,
    Everyone,
    Leaf,
    Node,
    Not,
    Operator,
    Or,
    Scalar,
    Segment,
    Top,
    Value,
)
from segmentry.criteria.operators import BY_OPERATOR, allowed, key
from segmentry.criteria.render import value_json as _json
from segmentry.criteria.report import MOST_DIAGNOSTICS, Report
from segmentry.criteria.segments import Expansion, SegmentLookup, nothing_saved
from segmentry.criteria.sound import sound
from segmentry.errors import Diagnostic, InvalidCriteria, JsonValue, SegmentryError

# What to use instead when a field does not take an operator: the first that it takes.
_INSTEAD: dict[Operator, tuple[Operator, ...]] = {
    Operator.EQ: (Operator.IN, Operator.CONTAINS),
    Operator.NEQ: (Operator.NIN,),
    Operator.GT: (Operator.GTE, Operator.LT, Operator.EQ),
    Operator.GTE: (Operator.GT, Operator.LTE, Operator.EQ),
    Operator.LT: (Operator.LTE, Operator.GT, Operator.EQ),
    Operator.LTE: (Operator.LT, Operator.GTE, Operator.EQ),
    Operator.IN: (Operator.EQ,),
    Operator.NIN: (Operator.NEQ,),
    Operator.CONTAINS: (Operator.STARTS_WITH, Operator.ENDS_WITH, Operator.EQ),
    Operator.STARTS_WITH: (Operator.CONTAINS, Operator.ENDS_WITH, Operator.EQ),
    Operator.ENDS_WITH: (Operator.CONTAINS, Operator.STARTS_WITH, Operator.EQ),
    Operator.EXISTS: (),
}


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of a check.

    `node` is the tree as it came; `bound` has segments expanded and every value cast to its column, and is
    only meaningful when there are no errors. `diagnostics` are sorted by path, then check; at most 100.
    """

    node: Node
    bound: Node
    diagnostics: tuple[Diagnostic, ...]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The findings that refuse the tree."""
        return tuple(each for each in self.diagnostics if each.severity == "error")

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The findings that travel with it."""
        return tuple(each for each in self.diagnostics if each.severity == "warning")


def check(node: Node, catalog: Catalog, clock: Clock, segments: SegmentLookup = nothing_saved) -> Checked:
    """Everything that is wrong with a tree, and the tree ready for an engine. Never raises.

    >>> from datetime import UTC, datetime
    >>> from segmentry.criteria.parse import loads
    >>> golf = Catalog("golf", (Field("handicap", "number"),))
    >>> found = check(loads('{"handicp": {"$lt": 10}}'), golf, Clock.at(datetime.now(UTC)))
    >>> found.errors[0].message, found.errors[0].suggestions
    ('Unknown field: handicp', ('handicap',))
    """
    found = Report()
    expansion = Expansion(node, segments)
    for fault in expansion.faults:
        found.add(_of_error(fault))
    bound = _Check(catalog, clock, found).node(expansion.node)
    if not found.errors:
        # More than can be reported is not looked for: each costs a message and a suggestion.
        for warning in islice(findings.of_groups(bound, catalog), MOST_DIAGNOSTICS):
            found.add(warning)
    return Checked(node, bound, tuple(expansion.at_use(each) for each in found.shown()))


def errors(
    node: Node, catalog: Catalog, clock: Clock, segments: SegmentLookup = nothing_saved
) -> tuple[Diagnostic, ...]:
    """The errors of `check` alone: most trees are plainly sound, and warnings are never looked for.

    >>> errors(Leaf("a", Operator.EQ, 1), Catalog("golf", ()), Clock(datetime.min, None))[0].message
    'Unknown field: a'
    """
    if sound(node, catalog, clock):
        return ()
    found, expansion = Report(errors_only=True), Expansion(node, segments)
    for fault in expansion.faults:
        found.add(_of_error(fault))
    _Check(catalog, clock, found).node(expansion.node)
    return tuple(expansion.at_use(each) for each in found.shown() if each.severity == "error")


def require(node: Node, catalog: Catalog, clock: Clock, segments: SegmentLookup = nothing_saved) -> Checked:
    """As `check`, for callers that go no further with a faulty tree.

    Raises: InvalidCriteria with every diagnostic that is an error.

    >>> from datetime import UTC, datetime
    >>> require(Everyone(), Catalog("golf", ()), Clock.at(datetime.now(UTC))).bound
    Everyone(path='')
    """
    checked = check(node, catalog, clock, segments)
    if checked.errors:
        raise InvalidCriteria(checked.errors)
    return checked


def _of_error(err: SegmentryError) -> Diagnostic:
    segment_id = err.metadata.get("segmentId")
    details = tuple((key, value) for key, value in err.metadata.items() if key != "path")
    path = err.metadata.get("path", "")
    return Diagnostic(err.reason, path, err.message, check=1, value=segment_id, details=details)


class _Check:
    """One walk over one tree with one catalog (an event's properties are a catalog of their own)."""

    def __init__(self, catalog: Catalog, clock: Clock, found: Report, event: str | None = None) -> None:
        self.catalog = catalog
        self.clock = clock
        self.found = found
        self.event = event

    def node(self, node: Node) -> Node:
        if self.found.full:
            return node
        match node:
            case Everyone() | Segment():
                if isinstance(node, Segment) and self.event is not None:
                    self.nested(node.path, "$segment")
                return node
            case And(items):
                return And(tuple(self.node(item) for item in items), node.path)
            case Or(items):
                return Or(tuple(self.node(item) for item in items), node.path)
            case Not(inner):
                return Not(self.node(inner), node.path)
            case Leaf():
                return self.leaf(node)
            case Event():
                return self.event_leaf(node)
            case Top():
                return self.top(node)
            case _:
                assert_never(node)

    def error(
        self,
        code: str,
        path: str,
        message: str,
        check: int,
        suggestions: tuple[JsonValue, ...] = (),
        *,
        field: str = "",
        value: JsonValue = None,
        **details: str,
    ) -> None:
        self.found.add(
            Diagnostic(code, path, message, suggestions, "error", check, field, value, tuple(details.items()))
        )

    def nested(self, path: str, what: str) -> None:
        self.error("INVALID_EVENT", path, f"{what} cannot stand inside the 'where' of an event", 1)

    # --- 1 field, 2 operator

    def known(self, name: str, path: str) -> Field | None:
        field = self.catalog.get(name)
        if field is None:
            near = self.found.suggest(lambda: tuple(suggest.fields(name, self.catalog)))
            if self.event is None:
                self.error("INVALID_FIELD", path, f"Unknown field: {name}", 1, near, field=name, value=name)
            else:
                message = f"event {self.event} has no property '{name}'"
                self.error("INVALID_EVENT", path, message, 1, near, field=name, value=name, event=self.event)
        return field

    def leaf(self, leaf: Leaf) -> Node:
        field = self.known(leaf.field, leaf.path)
        if field is None:
            return leaf
        takes = allowed(field)
        if leaf.operator not in takes:
            instead = [key(each) for each in _INSTEAD[leaf.operator] if each in takes][:1]
            named = ", ".join(each.value for each in takes if each is not Operator.EXISTS)
            message = f"{field.name} does not support {key(leaf.operator)} ({field.type} with {named})"
            self.error(
                "INVALID_OPERATOR",
                leaf.path,
                message,
                2,
                tuple(instead),
                field=field.name,
                value=key(leaf.operator),
                operator=leaf.operator.value,
                allowed=", ".join(each.value for each in takes),
            )
            return leaf
        return self.values(leaf, field)

    # --- 3 to 5: values

    def values(self, leaf: Leaf, field: Field) -> Node:
        kind = BY_OPERATOR[leaf.operator].operand
        value = leaf.value
        match kind:
            case "flag":
                if not isinstance(value, bool):
                    self.bad(leaf, f"$exists needs true or false, got {_shown(value)}", (True, False))
                return leaf
            case "list":
                return self.list_of(leaf, field)
            case "scalar" | "order" | "text":
                if isinstance(value, tuple):
                    listed = Operator.NIN if leaf.operator is Operator.NEQ else Operator.IN
                    instead = (key(listed),) if listed in allowed(field) and kind == "scalar" else ()
                    self.bad(leaf, f"{key(leaf.operator)} needs a single value, got a list", instead)
                    return leaf
                if value is None:
                    if kind == "scalar":
                        return Leaf(leaf.field, Operator.EXISTS, leaf.operator is Operator.NEQ, leaf.path)
                    self.bad(leaf, f"{key(leaf.operator)} needs a value, got null", ("$exists",))
                    return leaf
                cast = self.cast(leaf, field, value, leaf.path)
                if cast is None:
                    return leaf
                operator, bound = cast
                self.warn(leaf, field, operator, bound, leaf.path)
                return Leaf(leaf.field, operator, bound, leaf.path)

    def list_of(self, leaf: Leaf, field: Field) -> Node:
        value = leaf.value
        if not isinstance(value, tuple):
            self.bad(leaf, f"{key(leaf.operator)} needs a list, got {_shown(value)}", ([_json(value)],))
            return leaf
        if len(value) > limits.MAX_VALUES:
            message = f"{key(leaf.operator)} has {len(value):,} values, limit {limits.MAX_VALUES:,}"
            self.error("TOO_MANY_VALUES", leaf.path, message, 0, field=field.name)
            return leaf
        bound: list[Scalar] = []
        for index, each in enumerate(value):
            if self.found.full:
                return leaf
            here = paths.item(leaf.path, index)
            cast = None if each is None else self.cast(leaf, field, each, here)
            if cast is not None:
                self.warn(leaf, field, leaf.operator, cast[1], here)
            bound.append(None if cast is None else cast[1])
        if not value:
            self.found.add(findings.empty_list(leaf))
        return Leaf(leaf.field, leaf.operator, tuple(bound), leaf.path)

    def warn(self, leaf: Leaf, field: Field, operator: Operator, bound: Scalar, path: str) -> None:
        if not self.found.full_of_warnings:
            for warning in findings.of_leaf(leaf, field, operator, bound, path, within=self.found.suggest):
                self.found.add(warning)

    def cast(self, leaf: Leaf, field: Field, value: Scalar, path: str) -> tuple[Operator, Scalar] | None:
        try:
            return bind.scalar(value, field, leaf.operator, self.clock)
        except bind.Fault as fault:
            self.fault(fault, path, value, field)
            return None

    def fault(self, fault: bind.Fault, path: str, value: Scalar, field: Field | None = None) -> None:
        details = {"problem": fault.problem}
        if field is not None:
            details["expected"] = "integer" if field.integer else field.type
        if fault.code == "INVALID_PLACEHOLDER":
            details = {"placeholder": str(value)}
        name = "" if field is None else field.name
        self.error(
            fault.code,
            path,
            fault.message,
            fault.check,
            self.found.suggest(fault.search) if fault.search else fault.suggestions,
            field=name,
            value=_json(value),
            **details,
        )

    def bad(self, leaf: Leaf, message: str, suggestions: tuple[JsonValue, ...]) -> None:
        value = _json(leaf.value)
        kind = BY_OPERATOR[leaf.operator].operand
        expected = {"list": "list", "flag": "boolean"}.get(kind, "single value")
        self.error(
            "INVALID_VALUE",
            leaf.path,
            message,
            4,
            suggestions,
            field=leaf.field,
            value=value,
            problem="type",
            expected=expected,
        )

    # --- events and tops

    def event_leaf(self, event: Event) -> Node:
        if self.event is not None:
            self.nested(event.path, "$event")
            return event
        known = self.catalog.event_by_name.get(event.name)
        if known is None:
            forms = {each.name: (each.name, *each.synonyms) for each in self.catalog.events}
            near = self.found.suggest(lambda: tuple(suggest.nearest_by_forms(event.name, forms)))
            path, message = paths.member(event.path, "name"), f"Unknown event: {event.name}"
            self.error("INVALID_EVENT", path, message, 1, near, value=event.name, event=event.name)
            return event
        properties = self.catalog.properties_of(event.name)
        where = event.where
        if where is not None:
            where = _Check(properties, self.clock, self.found, event.name).node(where)
        if event.of is not None:
            self.measured(event, event.of, properties)
        start = self.time(event.window_start, paths.member(event.path, "within"))
        end = self.time(event.window_end, paths.member(event.path, "within"))
        return Event(
            event.name, where, event.measure, event.of, event.operator, event.value, start, end, event.path
        )

    def measured(self, event: Event, of: str, properties: Catalog) -> None:
        path = paths.member(event.path, event.measure)
        field = _Check(properties, self.clock, self.found, event.name).known(of, path)
        if field is None:
            return
        needed, fits = "a property with one value", _single
        if event.measure == "sum":
            needed, fits = "a property of whole numbers", _whole
        if not fits(field):
            near = tuple(each.name for each in properties.fields if fits(each))
            message = f"{event.measure} needs {needed}, {field.name} is {_article(field.type)}"
            self.error("INVALID_EVENT", path, message, 2, near[:3], value=field.name)

    def time(self, value: str | datetime | None, path: str) -> str | datetime | None:
        if not isinstance(value, str):
            return value
        try:
            return bind.instant(value, self.clock)
        except bind.Fault as fault:
            self.fault(fault, path, value)
            return value

    def top(self, top: Top) -> Node:
        if self.event is not None:
            self.nested(top.path, "$top")
            return top
        field = self.known(top.field, paths.member(top.path, "field"))
        if field is not None and field.type not in ("number", "datetime"):
            message = f"$top needs a number or a date, {field.name} is {_article(field.type)}"
            near = tuple(each.name for each in self.catalog.visible if each.type == "number")[:3]
            self.error("INVALID_OPERATOR", top.path, message, 2, near, field=field.name, value="$top")
        return Top(top.field, top.percent, top.order, self.node(top.of), top.path)


def _whole(field: Field) -> bool:
    return field.type == "number" and field.integer


def _single(field: Field) -> bool:
    return field.type != "array"


def _article(name: str) -> str:
    return f"{'an' if name[0] in 'aeio' else 'a'} {name}"


def _shown(value: Value) -> str:
    return "a list" if isinstance(value, tuple) else bind.shown(value)

"""Catalogs, rows and trees drawn at random, for the properties of the language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from segmentry.criteria.catalog import Catalog, EventProperty, EventType, Field, FieldValue
from segmentry.criteria.dates import Clock
from segmentry.criteria.match import Cell
from segmentry.criteria.nodes import And, Event, Everyone, Leaf, Node, Not, Operator, Or, Scalar, Top, Value
from segmentry.criteria.operators import BY_OPERATOR, allowed

CLOCK = Clock.at(datetime(2025, 12, 16, 10, tzinfo=UTC), "Africa/Johannesburg")

CATALOG = Catalog(
    "random",
    (
        Field("city", "string"),
        Field(
            "code", "string", operators=(Operator.EQ, Operator.NEQ, Operator.GT, Operator.LTE, Operator.IN)
        ),
        Field("nick name", "string"),
        Field("folded", "string", case_insensitive=True),
        Field(
            "status", "enum", values=tuple(FieldValue(each) for each in ("ACTIVE", "GONE", "or", "a and b"))
        ),
        Field("kind", "enum"),
        Field("score", "number", minimum=0, maximum=100),
        Field("lifetimeValue", "number", integer=True, unit="cents"),
        Field("visits", "number", integer=True, unit="days"),
        Field("rate", "number", unit="percent"),
        Field("optIn", "boolean"),
        Field("lastSeenAt", "datetime"),
        Field("lastSeen", "datetime"),
        Field("since", "datetime"),
        Field("tags", "array"),
        Field("is or not", "string"),
    ),
    (
        EventType(
            "booking",
            (EventProperty("amount", "number", integer=True, unit="cents"), EventProperty("club", "string")),
        ),
        EventType("email_open"),
    ),
)

TEXTS = st.one_of(
    st.sampled_from(
        [
            "a",
            "A",
            "b",
            "ACTIVE",
            "GONE",
            "or",
            "not a",
            "a and b",
            "a%b",
            "a_b",
            "50%_\\.*?$",
            "x\n",
            "ß",
            "SS",
            "é",
            "é",
            "🏌",
            "true",
            "70",
            "unset",
            "is",
            "a, b",
            '"',
            "(a)",
            "$ne",
            "'; --",
            "Cape Town",
        ]
    ),
    st.text(
        alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=6
    ),
).filter(lambda text: not (text.startswith("{{") and text.endswith("}}")))
INTEGERS = st.one_of(
    st.integers(-3, 3), st.sampled_from([2**53 - 1, 2**53, 2**53 + 1, -(2**63), 2**63 - 1, 100, 12345])
)
FLOATS = st.one_of(
    st.sampled_from([-0.0, 0.0, 0.5, 1.5, 70.0, 1e300, 5e-324, 0.1]),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
)
MOMENTS = st.one_of(
    st.sampled_from([datetime(2025, 10, 17, tzinfo=UTC), CLOCK.as_of, datetime(2024, 2, 29, 12, tzinfo=UTC)]),
    st.integers(-(10**9), 10**9).map(lambda s: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=s)),
)
PLACEHOLDERS = st.one_of(
    st.tuples(
        st.integers(0, 800),
        st.sampled_from(["DAYS", "WEEKS", "MONTHS", "YEARS"]),
        st.sampled_from(["AGO", "FROM_NOW"]),
    ).map(lambda parts: f"{{{{{parts[0]}_{parts[1]}_{parts[2]}}}}}"),
    st.tuples(
        st.sampled_from(["", "LAST_", "NEXT_"]), st.sampled_from(["DAY", "WEEK", "MONTH", "QUARTER", "YEAR"])
    ).map(lambda parts: f"{{{{START_OF_{parts[0]}{parts[1]}}}}}"),
    st.just("{{NOW}}"),
)
DATE_TEXTS = st.one_of(
    PLACEHOLDERS,
    st.sampled_from(
        [
            "2025-10-17",
            "2025-10-17T00:00:00Z",
            "2025-10-17T02:00:00+02:00",
            "2025-10-17T00:00",
            "2024-02-29T12:00:00.5Z",
        ]
    ),
    MOMENTS.map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ")),
)


def operands(field: Field) -> st.SearchStrategy[Scalar]:
    """Legal set values for a field, as criteria write them."""
    match field.type:
        case "string" | "array":
            return TEXTS
        case "enum":
            return st.sampled_from([str(each.value) for each in field.values]) if field.values else TEXTS
        case "number":
            if field.integer:
                return INTEGERS
            return st.one_of(FLOATS, st.integers(-100, 100))
        case "boolean":
            return st.booleans()
        case "datetime":
            return DATE_TEXTS


@st.composite
def leaves(draw: st.DrawFn, catalog: Catalog = CATALOG) -> Leaf:
    """A leaf that passes every check."""
    field = draw(st.sampled_from(catalog.fields))
    operator = draw(st.sampled_from(allowed(field)))
    value: Value
    match BY_OPERATOR[operator].operand:
        case "flag":
            value = draw(st.booleans())
        case "list":
            value = tuple(draw(st.lists(st.one_of(st.none(), operands(field)), max_size=4)))
        case "scalar":
            value = draw(st.one_of(st.none(), operands(field)))
        case "order" | "text":
            value = draw(operands(field))
    return Leaf(field.name, operator, value)


@st.composite
def events(draw: st.DrawFn) -> Event:
    """An event condition that passes every check."""
    name = draw(st.sampled_from(["booking", "email_open"]))
    where = (
        draw(st.one_of(st.none(), trees(leaves(CATALOG.properties_of(name))))) if name == "booking" else None
    )
    operator = draw(
        st.sampled_from([Operator.EQ, Operator.NEQ, Operator.GT, Operator.GTE, Operator.LT, Operator.LTE])
    )
    start = draw(st.one_of(st.none(), DATE_TEXTS))
    end = None if start is None else draw(st.one_of(st.none(), DATE_TEXTS))
    if name == "booking" and draw(st.booleans()):
        of = draw(st.sampled_from(["amount", "club"]))
        if of == "amount" and draw(st.booleans()):
            return Event(name, where, "sum", of, operator, draw(st.integers(-5, 5)), start, end)
        return Event(name, where, "distinct", of, operator, draw(st.integers(0, 3)), start, end)
    return Event(name, where, "count", None, operator, draw(st.integers(0, 3)), start, end)


@st.composite
def tops(draw: st.DrawFn) -> Top:
    """A `$top` that passes every check."""
    field = draw(st.sampled_from(["score", "lifetimeValue", "lastSeenAt"]))
    percent = draw(st.sampled_from([1, 10, 50, 99, 0.1, 33.3]))
    of = draw(st.one_of(st.just(Everyone()), trees(leaves())))
    return Top(field, percent, draw(st.sampled_from(["highest", "lowest"])), of)


def trees(leaf: st.SearchStrategy[Any], max_leaves: int = 8) -> st.SearchStrategy[Node]:
    """Trees over leaves of one kind."""
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda items: And(tuple(items))),
            st.lists(inner, min_size=1, max_size=3).map(lambda items: Or(tuple(items))),
            inner.map(Not),
        ),
        max_leaves=max_leaves,
    )


NODES = trees(st.one_of(leaves(), leaves(), leaves(), events(), tops()))
LEAF_TREES = trees(leaves())


def cells(field: Field) -> st.SearchStrategy[Cell]:
    """Values of a column, unset ones among them."""
    match field.type:
        case "string" | "enum":
            return st.one_of(st.none(), st.just(""), TEXTS)
        case "number":
            return (
                st.one_of(st.none(), INTEGERS)
                if field.integer
                else st.one_of(st.none(), st.just(float("nan")), FLOATS)
            )
        case "boolean":
            return st.one_of(st.none(), st.booleans())
        case "datetime":
            return st.one_of(st.none(), MOMENTS)
        case "array":
            return st.one_of(st.none(), st.lists(st.one_of(st.none(), TEXTS), max_size=3))


ROWS: st.SearchStrategy[Mapping[str, Cell]] = st.fixed_dictionaries(
    {}, optional={field.name: cells(field) for field in CATALOG.fields}
)

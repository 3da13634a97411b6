"""Tables of phrases with what they mean in short hand, over three catalogs: golf, bare names, a British one.

Dates: `-60d..` is at or after {{60_DAYS_AGO}}, `..SOM` before {{START_OF_MONTH}}, `(-40y..-30y]` after the
one up to and with the other, `a..b + c..d` either. Numbers: `>=3<=7`, `=5`, `!=3`, `in 3,5`. `?` is asked,
`~` before a meaning says that it must not be answered alone, `|` parts what is right as well.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from segmentry.criteria import canonical, check, parse
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.dates import Clock
from segmentry.reader.draft import Draft
from segmentry.reader.read import read

from tests.reader import scoring

CLOCK = Clock.at(datetime(2025, 12, 16, 9, tzinfo=UTC))
BARE = Catalog(
    "bare",
    (
        Field("customer_id", "string"),
        Field("signup_date", "datetime"),
        Field("last_order_date", "datetime"),
        Field("contract_end_date", "datetime"),
        Field("birth_date", "datetime"),
        Field("appointment_date", "datetime"),
        Field("total_orders", "number"),
        Field("total_spent", "number"),
        Field("balance", "number"),
        Field("tenure_months", "number"),
        Field("rating", "number"),
    ),
)
BRITISH = Catalog(
    "british",
    (
        Field("id", "string", role="id"),
        Field("joined_on", "datetime", tense="past"),
        Field("last_visit_at", "datetime", tense="past"),
        Field("renewal_date", "datetime", tense="future"),
        Field("age", "number", integer=True, minimum=16, maximum=110),
        Field("visits", "number", integer=True, minimum=0),
        Field("lifetime_spend", "number", integer=True, minimum=0, unit="cents"),
        Field("cancel_rate", "number", minimum=0, maximum=1),
        Field("usage_pct", "number", minimum=0, maximum=100),
        Field("balance", "number", unit="GBP"),
        Field("weight", "number", unit="kg"),
        Field("review", "number", minimum=1, maximum=5, unit="stars"),
        Field("response_time", "number", unit="days"),
    ),
    locale="en-GB",
)
_golf = scoring.load("golf")
assert _golf is not None
CATALOGS = {"golf": _golf, "bare": BARE, "british": BRITISH}
_UNITS = {"d": "DAYS", "w": "WEEKS", "m": "MONTHS", "y": "YEARS"}
_STARTS = {"D": "DAY", "W": "WEEK", "M": "MONTH", "Q": "QUARTER", "Y": "YEAR"}
_BOUND = re.compile(r"(>=|<=|!=|>|<|=)(-?[\d.]+)")
_OPERATORS = {">=": "$gte", "<=": "$lte", "!=": "$neq", ">": "$gt", "<": "$lt", "=": "$eq"}


@dataclass(frozen=True)
class Row:
    """One sentence over one catalog and field, and what it may mean."""

    catalog: str
    field: str
    query: str
    expect: str
    clock: Clock = CLOCK

    def draft(self) -> Draft:
        return read(self.query, CATALOGS[self.catalog], self.clock)


def verdict(row: Row) -> str:
    """`right`, `asked` (a needless question), `flagged` (wrong, below 0.9) or `SILENT` (wrong and sure)."""
    draft = row.draft()
    for node in (draft.node, *(reading.node for reading in draft.readings)):
        assert node is None or not check.check(node, CATALOGS[row.catalog], row.clock).errors
    told = draft.outcome == "ok" and draft.node is not None
    got = canonical.text(draft.node) if told and draft.node is not None else ""
    for meaning in (part.strip() for part in row.expect.split("|")):
        if meaning == "?":
            if not told:
                return "right"
        elif got == canonical.text(parse.loads(expression(row.field, meaning.lstrip("~")))) and not (
            meaning.startswith("~") and draft.confidence >= 0.9
        ):
            return "right"
    if not told:
        return "asked"
    return "SILENT" if draft.confidence >= 0.9 else "flagged"


def expression(field: str, meaning: str) -> str:
    """The criteria that a meaning in short hand stands for, as JSON text."""
    if meaning.startswith("{"):
        return meaning
    if meaning.startswith("not "):
        return json.dumps({"$not": json.loads(expression(field, meaning[4:]))})
    if " + " in meaning:
        return json.dumps({"$or": [json.loads(expression(field, part)) for part in meaning.split(" + ")]})
    if meaning.startswith("in "):
        return json.dumps({field: {"$in": [json.loads(part) for part in meaning[3:].split(",")]}})
    if ".." in meaning:
        low, high = meaning.split("..")
        bounds: dict[str, object] = {}
        if low:
            bounds["$gt" if low.startswith("(") else "$gte"] = moment(low.lstrip("("))
        if high:
            bounds["$lte" if high.endswith("]") else "$lt"] = moment(high.rstrip("]"))
        return json.dumps({field: bounds})
    return json.dumps(
        {field: {_OPERATORS[sign]: json.loads(value) for sign, value in _BOUND.findall(meaning)}}
    )


def moment(short: str) -> str:
    """An ISO date as it is, and the placeholder that a short hand stands for."""
    if short[:1].isdigit():
        return short
    if short == "NOW":
        return "{{NOW}}"
    if short.startswith("SO"):
        step = {"L": "LAST_", "N": "NEXT_"}.get(short[2:-1], "")
        return f"{{{{START_OF_{step}{_STARTS[short[-1]]}}}}}"
    return f"{{{{{short[1:-1]}_{_UNITS[short[-1]]}_{'AGO' if short[0] == '-' else 'FROM_NOW'}}}}}"

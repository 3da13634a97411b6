"""Texts that are nearly right, and texts that are nothing: what people and programs send by mistake."""

from __future__ import annotations

import json
import random

from tests.conformance.cases import CASES, line

CRITERIA = sorted({str(case["criteria"]) for case in CASES})
# The longest lines would be most of the time, and say no more.
LINES = [text for case in CASES if len(text := line(case, str(case["criteria"]))) < 3_000]
CATALOGS = [
    """[[field]]
name = "score"
type = "number"
range = [0, 100]
bands = [{ phrase = ["high score"], op = "gte", value = 70 }]
""",
    """[catalog]
schema = "golf"
time_zone = "Africa/Johannesburg"
[[field]]
name = "kind"
type = "enum"
values = ["A", { value = "B", synonyms = ["b"] }]
operators = ["eq", "in"]
pii = true
""",
    """[[field]]
name = "c"
type = "string"
case_insensitive = true
[[event]]
name = "booking"
properties = [{ name = "amount", type = "number", integer = true }]
""",
]
PIECES = [
    '"', "'", "\\", "{", "}", "[", "]", ",", ":", "null", "true", "NaN", "-Infinity", "1e999", "-", "0", "01",
    "9" * 500, "1e-999", ".5", "1.", "\\u0000", "\\ud800", "\\udc00\\ud800", "\ud800", "\x00", "\ufeff",
    "\u2028", "\U0010ffff", "$and", "$or", "$not", "$in", "$event", "$top", "$segment", "{{", "}}",
    "{{30_DAYS_AGO}}", "{{9999_YEARS_AGO}}", "0001-01-01", "9999-12-31T23:59:59.999999+00:01", "24:00",
    "[[field]]", "[[event]]", "[catalog]", "=", "#", "\n", "\r", "\t", '"""', "1979-05-27", "inf", "nan",
    '"$in":[', '{"$not":' * 70, "[" * 70, '{"_id":1}', '"tz":"Mars/X"', '"now":1',
]  # fmt: skip


def texts(seed: int, start: tuple[str, ...]) -> str:
    """A text of that seed: random, or one of `start` with a few changes."""
    drawn = random.Random(seed)
    if drawn.random() < 0.1:
        return drawn.randbytes(drawn.randrange(60)).decode(drawn.choice(["latin-1", "utf-16"]), "replace")
    if drawn.random() < 0.1:
        return "".join(drawn.choices(PIECES, k=drawn.randrange(8)))
    text = drawn.choice(start)
    for _ in range(drawn.choice([1, 1, 2, 4])):
        text = _changed(text, drawn)
    return text


def values(seed: int) -> str:
    """JSON of that seed that is well formed and whose keys are mostly ours, whatever stands behind them."""
    drawn = random.Random(seed)
    return json.dumps(_value(drawn, 0))


def _value(drawn: random.Random, depth: int) -> object:
    keys = [
        "$and", "$or", "$not", "$in", "$nin", "$event", "$top", "$segment", "$eq", "$exists", "name", "of",
        "where", "count", "sum", "within", "from", "to", "field", "percent", "text", "at", "score", "id",
        "version", "order", "distinct", "",
    ]  # fmt: skip
    kind = drawn.randrange(9 if depth < 5 else 6)
    match kind:
        case 0:
            return drawn.choice([None, True, False])
        case 1:
            return drawn.choice([0, -1, 2**63, 2**64, 10**300, 1.5, -0.0, 1e308])
        case 2 | 3:
            return drawn.choice(PIECES[12:60])
        case 4 | 5:
            return drawn.choice(["text", "score", "booking", "2025-12-16", ""])
        case 6:
            return [_value(drawn, depth + 1) for _ in range(drawn.randrange(4))]
        case _:
            return {drawn.choice(keys): _value(drawn, depth + 1) for _ in range(drawn.randrange(4))}


def _changed(text: str, drawn: random.Random) -> str:
    at, until = sorted(drawn.randrange(len(text) + 1) for _ in range(2))
    until = min(until, at + 20)
    match drawn.randrange(6):
        case 0:
            return text[:at] + text[until:]
        case 1:
            return text[:at] + drawn.choice(PIECES) + text[at:]
        case 2:
            return text[:at] + drawn.choice(PIECES) + text[until:]
        case 3:
            return text[:at] + text[at:until] * drawn.randint(2, 5) + text[until:]
        case 4:
            return text[:at]
        case _:
            return (
                text[:at] + chr(drawn.choice([0, 9, 34, 0x7F, 0x85, 0x2028, 0xD800, 0x1F3CC])) + text[until:]
            )

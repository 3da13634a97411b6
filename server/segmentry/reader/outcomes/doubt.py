"""One thing that speaks against an answer: what kind it is, and the words and columns it is about."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal[
    "impossible",
    "bounded twice",
    "comparator",
    "choice",
    "either",
    "value passed over",
    "word passed over",
    "far negation",
    "unseen value",
    "country elsewhere",
    "presence",
    "unset number",
    "part of a name",
    "unsaid qualifier",
    "unsaid period",
    "number of people",
    "period as number",
    "one period twice",
    "value before a name",
    "assumed column",
    "past state",
    "several columns",
    "a rate",
    "direction",
]


class Doubt(NamedTuple):
    """A kind of doubt, and the sentence about it that the caller is shown."""

    kind: Kind
    text: str

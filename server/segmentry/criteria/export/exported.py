"""What an export comes to, and what it is made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.export.origin import Origin
from segmentry.errors import JsonValue

# RUN: our tests run it on a real engine and compare the members; SHAPE: they check its form; NONE: neither.
Verified = Literal["run", "shape", "none"]


@dataclass(frozen=True, slots=True)
class Source:
    """The table that criteria are about, the clock that they were bound with, and where its rows are."""

    catalog: Catalog
    clock: Clock
    origin: Origin = field(default_factory=Origin)


@dataclass(frozen=True, slots=True)
class Exported:
    """Criteria in another language.

    `text` has places for the `parameters`, in order; `json` is the same as a JSON object where the language
    is JSON, else None. `statement` is the text in its place, to be pasted and run; where there are parameters
    it has the same places for them. `exact` is False when the target cannot tell apart what criteria tell
    apart; then `notes` say what, for people.
    """

    text: str
    parameters: tuple[JsonValue, ...] = ()
    json: dict[str, JsonValue] | None = None
    exact: bool = True
    verified: Verified = "none"
    notes: tuple[str, ...] = ()
    statement: str = ""

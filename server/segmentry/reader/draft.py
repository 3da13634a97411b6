"""What the reader hands on: a tree with the words behind every leaf, or questions.

Named tuples: they cannot be changed either, and making one takes a third of the time of a frozen dataclass.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from segmentry.criteria.nodes import Event, Leaf, Node, Segment, Top

Outcome = Literal["ok", "ambiguous", "invalid_field", "refuse"]
Reason = Literal[
    "", "AMBIGUOUS_QUERY", "OUT_OF_SCOPE", "UNSUPPORTED_LANGUAGE", "INVALID_FIELD", "INVALID_VALUE"
]
Source = Literal["said", "assumed", "default", "kept", "fallback"]


class Span(NamedTuple):
    """Where words stand in the raw query: `[start, end)` in code points, and the words themselves."""

    start: int
    end: int
    text: str


class LeafOrigin(NamedTuple):
    """Where one leaf came from. `band` is the phrase of the catalog's band when one was used.

    `agent` is who found it, with the version of its prompt where it has one.
    """

    leaf: Leaf | Event | Segment | Top
    source: Source
    spans: tuple[Span, ...]
    confidence: float
    note: str = ""
    band: str = ""
    agent: str = "reader"
    prompt_version: str = ""


class DraftReading(NamedTuple):
    """Another way to read the whole query, with a label that a person can choose by."""

    label: str
    node: Node


class DraftQuestion(NamedTuple):
    """A question that quotes the phrase it is about; `readings` are indices into `Draft.readings`."""

    text: str
    span: Span | None
    readings: tuple[int, ...] = ()


class Draft(NamedTuple):
    """One query, read.

    `node` is the best reading, or None when nothing could be read. `origins` has one entry per leaf of
    `node`, in print order. `unexplained` lists every content word that no condition accounts for.
    `readings` are alternatives to `node`, never `node` itself. `confidence` is 0-1; below 0.5 the caller
    gets a question instead of an answer.
    """

    outcome: Outcome
    node: Node | None
    confidence: float
    origins: tuple[LeafOrigin, ...] = ()
    readings: tuple[DraftReading, ...] = ()
    questions: tuple[DraftQuestion, ...] = ()
    ambiguities: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unexplained: tuple[Span, ...] = ()
    suggestions: tuple[str, ...] = ()
    reason: Reason = ""
    message: str = ""

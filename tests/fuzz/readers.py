"""Every reader of texts from outside: what it may say about a text is an answer or one of our errors."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from segmentry.criteria import catalog_toml, parse
from segmentry.criteria.matchline import answer_text
from segmentry.errors import CriteriaTooComplex, InvalidCriteria, ParseError, SegmentryError, TooManyValues

from tests.conformance.cases import LATER
from tests.fuzz import mutated

# Of processor time. Reported, never asserted: a time says something about the machine too.
SLOW_S = 0.05


@dataclass
class Report:
    """Texts read and refused by reader, what went wrong, and the slowest text of each."""

    read: Counter[str] = field(default_factory=Counter[str])
    refused: Counter[str] = field(default_factory=Counter[str])
    wrong: list[str] = field(default_factory=list[str])
    slowest: dict[str, tuple[float, str]] = field(default_factory=dict[str, tuple[float, str]])


def _criteria(text: str) -> bool:
    try:
        parse.loads(text)
    except SegmentryError as error:
        return _told(error)
    return True


def _told(error: SegmentryError) -> bool:
    """False, when the error says what is wrong, and where as far as its kind can."""
    assert error.message
    if isinstance(error, ParseError):
        assert "line" in error.metadata or "path" in error.metadata, error.metadata
    elif isinstance(error, InvalidCriteria):
        assert error.diagnostics
        assert all(each.message for each in error.diagnostics)
    elif not isinstance(error, CriteriaTooComplex | TooManyValues):
        raise error
    return False


def _line(text: str) -> bool:
    found = answer_text(text, 1, LATER)
    assert '"ids"' in found or '"code"' in found, found
    assert '"INTERNAL"' not in found, found
    return '"error"' not in found


def _catalog(text: str) -> bool:
    try:
        catalog_toml.loads(text)
    except SegmentryError as error:
        return _named(error)
    return True


def _named(error: SegmentryError) -> bool:
    assert error.violations, error.message
    assert all(each.message for each in error.violations)
    return False


def _of(start: list[str]) -> Callable[[int], str]:
    chosen = tuple(start)
    return lambda seed: mutated.texts(seed, chosen)


# Whose texts, how they are drawn, who reads them.
READERS: Mapping[str, tuple[Callable[[int], str], Callable[[str], bool]]] = {
    "criteria": (_of(mutated.CRITERIA), _criteria),
    "criteria of JSON": (mutated.values, _criteria),
    "lines of match": (_of(mutated.LINES), _line),
    "catalogs": (_of(mutated.CATALOGS), _catalog),
}


def feed(name: str, seed: int, report: Report) -> None:
    """Give a reader the text of a seed."""
    draw, read = READERS[name]
    text = draw(seed)
    started = time.thread_time()
    try:
        kept = read(text)
    except Exception as error:  # noqa: BLE001 - whatever is not ours is what is looked for
        report.wrong.append(f"{name}, seed {seed}: {type(error).__name__}: {error}\n  {text!r}")
        return
    took = time.thread_time() - started
    (report.read if kept else report.refused)[name] += 1
    if took > report.slowest.get(name, (0.0, ""))[0]:
        report.slowest[name] = (took, text)

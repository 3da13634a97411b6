"""The ambiguity expert's answer, checked: the same options in the same order, in other words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from segmentry.agents.marks import one_line
from segmentry.agents.pieces import Fault, WordingAnswer

_LONGEST_QUESTION: Final = 160
_LONGEST_OPTION: Final = 80
_SIGNS: Final = frozenset(" '\"-\u2013%&(),.:;/?!+\u20ac$\u00a3\u00b0")
_ADDRESS: Final = re.compile(r"https?:|www\.|://|@", re.IGNORECASE)
_NUMBERED: Final = re.compile(r"^\s*\d+\s*[.):]\s")
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH: Final = re.compile(
    r"\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(?:uary|ruary|ch|il|e|y|ust|t?ember|ober)?\b",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W\d_]{4,}")
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def faults(
    answer: WordingAnswer, words: str, options: Sequence[str], values: Sequence[Sequence[str]]
) -> tuple[Fault, ...]:
    """What keeps a wording from being shown; empty where nothing does.

    `words` are quoted in the question as they were said, `options` are ours in our order, `values` the texts
    of each option that its line has to hold.
    """
    found = list(_question(answer.question, one_line(words, _LONGEST_QUESTION)))
    own = [_telling(each) for each in options]
    for at, line in enumerate(answer.options):
        others = {word for other, told in enumerate(own) if other != at for word in told}
        found += _option(at, line, options[at], values[at], own[at] - others, others - own[at])
    return tuple(found)


def _question(question: str, words: str) -> list[Fault]:
    if len(question) > _LONGEST_QUESTION or not question.endswith("?"):
        message = f"needs one sentence of at most {_LONGEST_QUESTION} characters that ends with ?"
        return [Fault("BAD_SHAPE", "question", message)]
    if f"'{words}'" not in question:
        return [
            Fault("EVIDENCE_NOT_FOUND", "question", "does not quote the doubtful words as they were said")
        ]
    if not _plain(question.replace(f"'{words}'", "")):
        return [Fault("BAD_SHAPE", "question", "has characters or an address that no question needs")]
    return []


def _option(  # noqa: PLR0917 - one line and what it is held to
    at: int, line: str, option: str, values: Sequence[str], own: set[str], others: set[str]
) -> list[Fault]:
    place = f"options[{at}]"
    if len(line) > _LONGEST_OPTION or _NUMBERED.match(line) or not _plain(line):
        message = f"needs at most {_LONGEST_OPTION} plain characters without a number in front"
        return [Fault("BAD_SHAPE", place, message)]
    if _numbers(line) != _numbers(option):
        return [Fault("BAD_NUMBER", place, "has not the numbers of its option")]
    said = _folded(line)
    if any(_folded(each) not in said for each in values):
        return [Fault("UNKNOWN_ENUM", place, "leaves out a value of its option")]
    telling = _telling(line)
    if telling & others and not telling & own:
        return [Fault("BAD_LOGIC", place, "says another option")]
    return []


def _plain(text: str) -> bool:
    return not _ADDRESS.search(text) and all(each.isalnum() or each in _SIGNS for each in text)


def _numbers(text: str) -> set[str]:
    """The numbers of a text, months among them, however they are written."""
    found = {each.replace(",", "").lstrip("0") or "0" for each in _NUMBER.findall(text)}
    return found | {str(_MONTHS.index(each.casefold()) + 1) for each in _MONTH.findall(text)}


def _folded(text: str) -> str:
    return " ".join(text.replace("_", " ").casefold().split())


def _telling(text: str) -> set[str]:
    """The words that set one option apart; the first letters of each, so that endings do not count."""
    return {each.casefold()[:5] for each in _WORD.findall(_HUMP.sub(" ", text))}

"""One query laid out for the patterns: tokens, numbers, dates and catalog phrases by position."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import And, Everyone, Leaf, Node, Operator, Scalar, Top
from segmentry.reader.dates.dates import DateReader
from segmentry.reader.dates.when import When
from segmentry.reader.draft import Source, Span
from segmentry.reader.language.tokens import Token
from segmentry.reader.lexicon.lexicon import Lexicon, Match
from segmentry.reader.lexicon.phrases import GENERAL, Entry
from segmentry.reader.positions import Comparisons, Matches, Whens, Words, numbers_of
from segmentry.reader.quantities.comparators import Comparison
from segmentry.reader.quantities.numbers import Quantity


class Option(NamedTuple):
    """One way to settle an open phrase: a label a person can choose by and what it would mean."""

    label: str
    node: Node


@dataclass(slots=True)
class Fragment:
    """One condition found in the words, with what it means when a negation stands before it.

    `start` and `end` are token positions. `node` is None when the words are understood to be a condition
    but not which one: then `question` and `options` say what to ask.
    """

    kind: str
    start: int
    end: int
    node: Node | None
    negative: Node | None = None
    field: str = ""
    source: Source = "said"
    band: str = ""
    note: str = ""
    factor: float = 1.0
    cap: float = 1.0
    options: tuple[Option, ...] = ()
    negative_options: tuple[Option, ...] = ()
    question: str = ""
    reason: str = ""
    negated: bool = False
    extra: tuple[int, ...] = ()
    rank: int = 0
    # tokens further on that belong to this fragment: "top 5 % of gold members *by spend*"
    later: tuple[int, int] | None = None
    suggestions: tuple[str, ...] = ()
    agent: str = "reader"
    prompt_version: str = ""

    @property
    def chosen(self) -> Node | None:
        """The condition with the negation before it applied."""
        return self.negative if self.negated else self.node

    @property
    def chosen_options(self) -> tuple[Option, ...]:
        return self.negative_options if self.negated else self.options


Pattern = Callable[["Scene", int], "Fragment | None"]


@dataclass(slots=True)
class Scene:
    """Everything that is known about the query before clauses are read."""

    query: str
    tokens: tuple[Token, ...]
    lexicon: Lexicon
    clock: Clock
    matches: Matches
    numbers: dict[int, Quantity]
    dates: DateReader
    # the word at a token, in lower case; empty outside the query
    word: Callable[[int], str]
    said: frozenset[str]
    # the phrases of the catalog that begin at a token, the longest first
    matches_at: Callable[[int], Sequence[Match]]
    # the date phrase, and the comparison with a number, that begin at a token
    when: Callable[[int], When | None]
    comparison: Callable[[int], Comparison | None]
    repaired: dict[int, str] = field(default_factory=dict[int, str])
    # those of the repaired tokens that may be meant as they were typed
    guessed: frozenset[int] = frozenset()
    previous: Fragment | None = None
    possible: int = -1  # rows of the table of constructions, once they are known
    begins: int = -1  # where the description begins, once it is known

    @property
    def catalog(self) -> Catalog:
        return self.lexicon.catalog

    def field(self, name: str) -> Field:
        return self.lexicon.catalog.by_name[name]

    def kinds_at(self, at: int) -> int:
        """What the phrases that begin at token `at` may be, as bits of `kinds`."""
        bits = 0
        for match in self.matches_at(at):
            bits |= match.senses.bits
        return bits

    def words(self, start: int, end: int) -> str:
        """The raw words of a range of tokens."""
        end = min(end, len(self.tokens))
        if start >= end:
            return ""
        return self.query[self.tokens[start].start : self.tokens[end - 1].end]

    def span(self, start: int, end: int) -> Span:
        end = min(end, len(self.tokens))
        first, last = self.tokens[start].start, self.tokens[end - 1].end
        return Span(first, last, self.query[first:last])

    def lists_value(self, at: int) -> bool:
        """True where a value begins that some column lists or samples."""
        return any(match.of("value") for match in self.matches_at(at))

    def skip(self, at: int, allowed: frozenset[str], most: int = 6) -> int:
        """The first position from `at` on whose word is not in `allowed`."""
        end = min(at + most, len(self.tokens))
        while at < end and self.tokens[at].norm in allowed:
            at += 1
        return at


def lay_out(query: str, tokens: tuple[Token, ...], lexicon: Lexicon, clock: Clock) -> Scene:
    """Find numbers and catalog phrases at every position."""
    norms = [token.norm for token in tokens]
    word = Words(norms).__getitem__
    numbers, undated, uncompared = numbers_of(tokens)
    dates = DateReader(tokens, word, numbers, clock, lexicon.catalog.locale)
    matches = Matches(lexicon.matches(tokens), len(tokens))
    return Scene(
        query,
        tokens,
        lexicon,
        clock,
        matches,
        numbers,
        dates,
        word,
        frozenset(norms),
        matches.__getitem__,
        Whens(dates, len(tokens), undated).__getitem__,
        Comparisons(tokens, numbers, uncompared).__getitem__,
    )


def best(entries: tuple[Entry, ...]) -> list[Entry]:
    """The entries that name their field most directly, one per field, in catalog order."""
    if not entries:
        return []
    strongest = max(entry.strength for entry in entries)
    seen: dict[str, Entry] = {}
    for entry in entries:
        if entry.strength == strongest:
            seen.setdefault(entry.field, entry)
    return list(seen.values())


def count_of(scene: Scene, at: int, end: int) -> str | None:
    """The one count of the noun said ("no claims" beside claims_count), which "no" asks for before a date."""
    counts = {
        entry.field
        for match in scene.matches_at(at)
        if match.end == end
        for entry in match.of("field")
        if scene.field(entry.field).type == "number"
        and entry.strength >= GENERAL
        and scene.lexicon.named[entry.field].window_days is None
        and scene.field(entry.field).integer
    }
    return counts.pop() if len(counts) == 1 else None


def between(name: str, bounds: tuple[tuple[Operator, Scalar], ...]) -> Node:
    """One leaf, or an And of two bounds on one field, which prints as one object."""
    leaves = tuple(Leaf(name, operator, value) for operator, value in bounds)
    return leaves[0] if len(leaves) == 1 else And(leaves)


def label(node: Node) -> str:
    """A short text for a reading, when the caller does not say it better."""
    if isinstance(node, Leaf):
        return f"{node.field} {_SIGNS.get(node.operator, '$' + node.operator.value)} {_text(node.value)}"
    if isinstance(node, And):
        return " and ".join(label(item) for item in node.items)
    if isinstance(node, Top):
        return f"the {node.order} {node.percent:g} % by {node.field}"
    if isinstance(node, Everyone):
        return "everyone"
    return type(node).__name__.lower()


def top(name: str, percent: int, order: str = "highest") -> Top:
    return Top(name, percent, "lowest" if order == "lowest" else "highest")


_SIGNS = {
    Operator.EQ: "is",
    Operator.NEQ: "is not",
    Operator.GT: ">",
    Operator.GTE: ">=",
    Operator.LT: "<",
    Operator.LTE: "<=",
}


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return str(value)

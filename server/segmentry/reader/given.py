"""A query read again with conditions that others found in its words: the reader joins, checks and judges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from segmentry.criteria.catalog import Catalog
from segmentry.criteria.dates import Clock
from segmentry.criteria.nodes import Node
from segmentry.reader import answer
from segmentry.reader.clauses import scan
from segmentry.reader.draft import Draft, Source, Span
from segmentry.reader.patterns.values import complement
from segmentry.reader.read import lay
from segmentry.reader.scene import Fragment, Option, Scene

# In a language that the reader does not know it cannot tell whether a condition was left out.
_FOREIGN_CAP = 0.85


@dataclass(frozen=True, slots=True)
class Given:
    """One condition that somebody else found in the words of `span`; a denial said there is in `node`.

    Without a `node` the words are an open `question` with `options`, each a label and what it would mean.
    """

    span: Span
    node: Node | None
    field: str
    source: Source
    cap: float
    agent: str
    prompt_version: str
    note: str = ""
    band: str = ""
    question: str = ""
    options: tuple[tuple[str, Node], ...] = ()


def read(
    query: str,
    catalog: Catalog,
    clock: Clock,
    given: Sequence[Given],
    *,
    lost: Sequence[Span] | None = None,
) -> Draft:
    """The draft of a query in which `given` conditions stand where their words do.

    Connectives, brackets, negation, the check and the confidence are the reader's own. Of two conditions on
    the same words the first stands. `lost` is for a language that the reader does not know: the words that
    nothing accounts for, as others say; such an answer is never sure enough to stand alone.
    """
    scene = lay(query, catalog, clock)
    fragments = fragments_of(scene, given)
    if lost is not None:
        for fragment in fragments.values():
            fragment.cap = min(fragment.cap, _FOREIGN_CAP)
    found = scan(scene, fragments)
    if lost is not None:
        found.items = [each for each in found.items if each.fragment is None or each.fragment.kind == "given"]
        found.unclaimed = [
            at
            for at, token in enumerate(scene.tokens)
            for span in lost
            if span.start <= token.start < span.end
        ]
    return answer.of(scene, found)


def fragments_of(scene: Scene, given: Sequence[Given]) -> dict[int, Fragment]:
    """The given conditions by the token where each begins; the first of those that share a word."""
    fragments: dict[int, Fragment] = {}
    taken: set[int] = set()
    for each in given:
        at = [
            place
            for place, token in enumerate(scene.tokens)
            if token.start < each.span.end and each.span.start < token.end
        ]
        if not at or taken & set(at):
            continue
        taken.update(at)
        fragments[at[0]] = Fragment(
            "given",
            at[0],
            at[-1] + 1,
            each.node,
            None if each.node is None else complement(each.node),
            field=each.field,
            source=each.source,
            band=each.band,
            note=each.note,
            cap=each.cap,
            question=each.question,
            options=tuple(Option(label, node) for label, node in each.options),
            agent=each.agent,
            prompt_version=each.prompt_version,
        )
    return fragments

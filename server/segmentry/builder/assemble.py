"""What experts found, put where its words stand, and read again as one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from segmentry.agents.judging import Found, Judged
from segmentry.agents.literals import Literal
from segmentry.agents.pieces import LogicAnswer
from segmentry.builder.grouping import groupings
from segmentry.builder.request import Place
from segmentry.builder.vouching import Vouched
from segmentry.criteria import witness
from segmentry.criteria.nodes import And, Leaf, Node, Or, Top
from segmentry.criteria.walk import leaves
from segmentry.errors import InvalidCriteria
from segmentry.reader import given
from segmentry.reader.draft import Draft, DraftQuestion, DraftReading, Span
from segmentry.reader.given import Given
from segmentry.reader.outline import Outline, Settled, outline
from segmentry.reader.scene import label

# Both sides say the same; one side alone; two sides that differ (understanding.md, part 3).
AGREED, ALONE, OPEN = 0.95, 0.7, 0.45


@dataclass(frozen=True, slots=True)
class Assembled:
    """The query with the experts' conditions in it, and the words of each of them."""

    draft: Draft
    vouched: tuple[Vouched, ...] = ()


def assemble(  # noqa: PLR0917 - everything that was said about one query
    query: str,
    place: Place,
    read: Draft,
    outlined: Outline,
    judged: Sequence[Judged],
    logic: LogicAnswer | None = None,
    *,
    foreign: bool = False,
) -> Assembled:
    """Join the reader's closed phrases and the experts' conditions by the words they are about.

    `read` is the reader's own draft and `outlined` its phrases; closed ones stand whatever an expert says.
    `foreign`: the reader does not know the language, so that only the experts' conditions count. Pure: the
    same answers give the same draft.
    """
    found = conditions_of(query, place, outlined, judged, foreign=foreign)
    if not found:
        return Assembled(read)
    conditions = [each for each, _ in found]
    lost = [span for each in judged for span in each.unhandled] if foreign else None
    draft = given.read(query, place.catalog, place.clock, conditions, lost=lost)
    if logic is not None and draft.node is not None:
        draft = _with_logic(query, place, draft, outlined, conditions, logic, foreign=foreign)
    return Assembled(draft, tuple(vouched for _, vouched in found))


def conditions_of(
    query: str, place: Place, outlined: Outline, judged: Sequence[Judged], *, foreign: bool = False
) -> tuple[tuple[Given, Vouched], ...]:
    """The experts' conditions at their words, beside what the reader has closed.

    One per run of words; words that several experts claim are settled or asked about.
    """
    found: list[tuple[Given, Vouched]] = []
    settled = [] if foreign else [each for phrase in outlined.phrases for each in phrase.conditions]
    closed = [] if foreign else [phrase.span for phrase in outlined.phrases if phrase.closed]
    for cluster in _clusters([one for each in judged for one in each.found]):
        span = _hull(cluster, query)
        if any(_overlap(span, each) for each in closed):
            continue
        theirs = [each for each in settled if _overlap(span, each.span)]
        found.append(_settle(place, cluster, span, theirs))
    return tuple(found)


def _settle(
    place: Place, cluster: Sequence[Found], span: Span, theirs: Sequence[Settled]
) -> tuple[Given, Vouched]:
    """What stands for one run of words, of all that the experts and the reader say about it."""
    first = cluster[0]
    distinct: list[Found] = []
    for found in cluster:
        if not any(same(found.literal.node, each.literal.node, place) for each in distinct):
            distinct.append(found)
    fields, agents = {each.literal.field for each in distinct}, {each.agent for each in distinct}
    if len(fields) > 1 and len(agents) > 1:
        named = [each for each in distinct if _names(span, each.literal.field, place)]
        if len({each.literal.field for each in named}) != 1:
            return _asked(first, span, [(label(each.literal.node), each.literal.node) for each in distinct])
        distinct, fields = named, {named[0].literal.field}
    nodes = tuple(each.literal.node for each in distinct)
    if len(fields) > 1 and "or" in span.text.casefold().split():
        # One expert said two things of the same words: how they hang together it cannot say.
        return _asked(first, span, [("either of the two", Or(nodes)), ("both", And(nodes))])
    first = distinct[0]
    node = nodes[0] if len(nodes) == 1 else And(nodes)
    own = _joined(theirs)
    if own is None:
        return _taken(distinct, span, node, ALONE)
    if same(node, own, place):
        return _taken(distinct, span, node, AGREED)
    reader_guessed = any(each.source == "assumed" or each.sure < OPEN for each in theirs)
    if first.literal.assumed and not reader_guessed:
        return _taken(distinct, span, own, ALONE)
    if reader_guessed and not first.literal.assumed:
        return _taken(distinct, span, node, ALONE)
    return _asked(first, span, [(label(own), own), (label(node), node)])


def _taken(found: Sequence[Found], span: Span, node: Node, cap: float) -> tuple[Given, Vouched]:
    first = found[0]
    literal: Literal = first.literal
    given = Given(
        span,
        node,
        literal.field,
        "assumed" if literal.assumed else "said",
        min(cap, literal.cap),
        first.agent,
        first.prompt_version,
        literal.note,
        literal.band,
    )
    repaired = any(each.repaired or each.literal.repaired for each in found)
    return given, Vouched(span, agreed=cap == AGREED, repaired=repaired)


def _asked(found: Found, span: Span, options: Sequence[tuple[str, Node]]) -> tuple[Given, Vouched]:
    given = Given(
        span,
        None,
        found.literal.field,
        "said",
        OPEN,
        found.agent,
        found.prompt_version,
        question=f"What does '{span.text}' mean?",
        options=tuple(options[:4]),
    )
    return given, Vouched(span)


def _clusters(found: Sequence[Found]) -> list[list[Found]]:
    """Conditions whose words overlap, in the order of the words."""
    clusters: list[list[Found]] = []
    for each in sorted(found, key=lambda one: (one.span.start, one.span.end)):
        if clusters and any(_overlap(each.span, other.span) for other in clusters[-1]):
            clusters[-1].append(each)
        else:
            clusters.append([each])
    return clusters


def _hull(cluster: Sequence[Found], query: str) -> Span:
    """The words from the first to the last of a cluster."""
    start = min(each.span.start for each in cluster)
    end = max(each.span.end for each in cluster)
    return Span(start, end, query[start:end])


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _joined(conditions: Sequence[Settled]) -> Node | None:
    if not conditions:
        return None
    return conditions[0].node if len(conditions) == 1 else And(tuple(each.node for each in conditions))


def _names(span: Span, field: str, place: Place) -> bool:
    """Whether the words hold a name or a synonym of the field."""
    known = place.catalog.get(field)
    names = (field,) if known is None else (known.name, *known.synonyms)
    return any(name.casefold() in span.text.casefold() for name in names)


def same(one: Node, other: Node, place: Place) -> bool:
    """Whether two trees select the same customers, as far as witness rows tell."""
    try:
        return witness.equal(one, other, place.catalog, place.clock)
    except InvalidCriteria:
        return False


def _with_logic(  # noqa: PLR0917 - what was shown, what was found there, and what was said of both
    query: str,
    place: Place,
    draft: Draft,
    shown: Outline,
    conditions: Sequence[Given],
    logic: LogicAnswer,
    *,
    foreign: bool,
) -> Draft:
    """The draft, or both ways to group its conditions where the logic expert groups them in another way.

    An expert that is not certain of the order lowers the confidence and offers its way; the reader's stands.
    """
    read = outline(query, place.catalog, place.clock, conditions)
    found = groupings(logic.expression, shown, read, conditions, foreign=foreign)
    known = [draft.node, *(each.node for each in draft.readings)]
    if any(each is not None and same(one, each, place) for one in found for each in known):
        return draft
    if not found or draft.node is None or _fields(found[0]) != _fields(draft.node):
        return draft  # conditions that are still asked about: a grouping may leave none of them out
    readings = (*draft.readings, DraftReading("as the sentence seems to be grouped", found[0]))
    asked = DraftQuestion("How do the conditions belong together?", None, (len(readings) - 1,))
    both = draft._replace(
        readings=readings,
        questions=(*draft.questions, asked),
        ambiguities=(*draft.ambiguities, asked.text),
    )
    if logic.order_uncertain:
        return both._replace(confidence=min(draft.confidence, ALONE))
    return both._replace(
        outcome="ambiguous",
        confidence=min(draft.confidence, OPEN),
        reason="AMBIGUOUS_QUERY",
        message="The query leaves open how its conditions belong together",
    )


def _fields(node: Node) -> set[str]:
    """The names of what the leaves of a tree are about."""
    return {each.field if isinstance(each, Leaf | Top) else each.name for each in leaves(node)}

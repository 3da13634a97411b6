"""From what was read to a reply: the check is the only gate, then everything is counted on the data."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

from segmentry.builder import beforehand, exact, preview, provenance, readings, subtask
from segmentry.builder.aside import aside
from segmentry.builder.consulted import Consulted
from segmentry.builder.events import Emit, Partial, Preview
from segmentry.builder.fallbacks import merged, nobody_to_ask
from segmentry.builder.naming import AGENT, Naming
from segmentry.builder.outcome import (
    SURE_ENOUGH,
    Bill,
    Clarification,
    ExpertUsage,
    Fallback,
    LeafProvenance,
    Notice,
    Outcome,
    Question,
    Reading,
    SegmentResult,
    Tier,
    unread,
)
from segmentry.builder.preview import Counts
from segmentry.builder.readings import Candidate
from segmentry.builder.request import Options, Place
from segmentry.builder.tidy import tidied
from segmentry.builder.vouching import Vouched
from segmentry.criteria import canonical, diff, render, walk
from segmentry.criteria.check import Checked
from segmentry.criteria.nodes import Everyone, Node
from segmentry.criteria.template_name import template_name
from segmentry.customers.store import CustomerStore
from segmentry.errors import Diagnostic, InvalidCriteria
from segmentry.llm.model import Usage
from segmentry.reader.draft import Draft

_log = logging.getLogger(__name__)

# How sure a reading is that the caller picked: the pick settles what it means, not what was never read.
_PICKED, _PICKED_WITH_GAPS = 0.95, 0.7
_AS_READ, _AS_IT_WAS = "the words as they were read", "the criteria as they are"


class Spent(TypedDict, total=False):
    """What a reply says of the model."""

    tier: Tier
    usage: Usage
    model: str
    experts: tuple[ExpertUsage, ...]
    latency_s: float | None
    variant: str


@dataclass(frozen=True, slots=True)
class Job:
    """One build or refinement: `current` are the checked criteria that a refinement starts from.

    `names`: the name expert is planned; `naming` asks it. `unnamed` says why it is not, where money lacks.
    """

    build_id: str
    place: Place
    options: Options
    store: CustomerStore
    emit: Emit
    current: Checked | None = None
    consulted: Consulted | None = None
    has_model: bool = False
    variant: str = ""
    planned: tuple[str, ...] = ()
    names: bool = False
    naming: Naming | None = None
    unnamed: tuple[Fallback, ...] = ()
    bill: Bill = unread

    @property
    def agents(self) -> tuple[str, ...]:
        """Who will work on it, in order."""
        counted = () if self.options.skip_preview else ("counter",)
        return ("reader", *self.planned, "checker", *counted, *((AGENT,) if self.names else ()))

    @property
    def vouched(self) -> tuple[Vouched, ...]:
        """The words in which experts found a condition."""
        return () if self.consulted is None else self.consulted.vouched

    @property
    def spent(self) -> Spent:
        """Who gave the criteria and what the model cost, as the reply says it."""
        told = self.consulted
        if told is None:
            return {"variant": self.variant}
        return {
            "tier": told.tier,
            "usage": told.usage,
            "model": told.model,
            "experts": told.experts,
            "latency_s": told.latency_s,
            "variant": self.variant,
        }


@dataclass(frozen=True, slots=True)
class _Review:
    """What the check let through: the draft's own tree, and one entry per other reading."""

    main: Candidate | None
    others: tuple[Candidate | None, ...]
    faults: tuple[Diagnostic, ...] = ()

    @property
    def offered(self) -> tuple[Candidate, ...]:
        """Every reading that may be shown, each canonical form once, the draft's own first."""
        found = {each.reading_id: each for each in (self.main, *self.others) if each is not None}
        return tuple(found.values())


async def finish(draft: Draft, job: Job) -> Outcome:
    """Check a draft, count it, and say what it comes to.

    Raises: InvalidParameters for answers that do not belong to these words; whatever the store raises.
    """
    trees = _trees(draft, job)
    node = await aside(lambda: _with_paths(draft), *trees)
    if node is not None and not exact.faults(node):
        origins = await aside(lambda: provenance.of_tree(node, draft, job.vouched), *trees)
        await job.emit(Partial(node, origins, provenance.coverage(draft), draft=True))
    review = await _review(node, draft, job)
    asked = readings.questions(draft, review.others)
    picked = readings.picked(job.options.answers, asked, review.offered, review.main, job.place)
    if picked is not None:
        return await _segment(picked, review, draft, job, picked=True)
    if review.main is not None and draft.outcome == "ok" and draft.confidence >= SURE_ENOUGH:
        return await _segment(review.main, review, draft, job, picked=False)
    return await _question(review, asked, draft, job)


def _trees(draft: Draft, job: Job) -> tuple[Node | None, ...]:
    """Every tree that this work is about: they decide whether it may hold up the event loop."""
    before = None if job.current is None else job.current.node
    return (draft.node, before, *(reading.node for reading in draft.readings))


def _with_paths(draft: Draft) -> Node | None:
    node = None if draft.node is None else tidied(draft.node)
    return None if node is None else render.with_paths(node)


async def _review(node: Node | None, draft: Draft, job: Job) -> _Review:
    trees = _trees(draft, job)
    others = await aside(lambda: readings.candidates(draft, job.place), *trees)

    def reviewed() -> _Review:
        if node is None:
            return _Review(None, others)
        checked = job.place.require(node)
        if faults := exact.faults(node):
            raise InvalidCriteria(faults)
        reading_id = readings.reading_id(node, job.place)
        unchanged = job.current is not None and reading_id == readings.reading_id(job.current.node, job.place)
        return _Review(Candidate(reading_id, _AS_IT_WAS if unchanged else _AS_READ, checked), others)

    async def work() -> _Review:
        return await aside(reviewed, *trees)

    def n_leaves(review: _Review) -> int:
        return sum(len(walk.leaves(each.checked.node)) for each in review.offered)

    try:
        return await subtask.run(
            "checker", "checking fields, operators and values", work, n_leaves, job.emit, degrades=True
        )
    except InvalidCriteria as error:
        # The reader is made from the same catalog: only a number or a date too far off is the caller's.
        _log.warning("the reader's criteria were refused: %s", error.code)
        return _Review(None, others, error.diagnostics)


async def _count(
    job: Job,
    shown: Sequence[Candidate],
    whole: Candidate | None = None,
) -> Counts:
    """Counts of `whole` with its leaves, of every reading shown, and of the criteria before."""
    if job.options.skip_preview:
        return Counts(None, (), (), None)
    leaves: tuple[Node, ...] = ()
    if whole is not None:
        node = whole.checked.node
        leaves = await aside(lambda: preview.bound_leaves(node, job.place), node)

    async def exactly() -> Counts:
        return await preview.count(
            job.place,
            job.store,
            whole=None if whole is None else whole.checked.bound,
            leaves=leaves,
            readings=[each.checked.bound for each in shown],
            previous=None if job.current is None else job.current.bound,
        )

    async def work() -> Counts:
        if whole is None:
            return await exactly()
        return await beforehand.estimated(exactly, whole.checked.bound, job.place, job.store, job.emit)

    def n_leaves(_: Counts) -> int:
        return len(leaves)

    detail = f"counting {_many(len(leaves), 'condition')} and {_many(len(shown), 'other reading')}"
    return await subtask.run("counter", detail, work, n_leaves, job.emit)


async def _segment(taken: Candidate, review: _Review, draft: Draft, job: Job, *, picked: bool) -> Outcome:
    place, node = job.place, taken.checked.node
    others = [each for each in review.offered if each.reading_id != taken.reading_id]
    chosen = f"chosen by the caller: {taken.label}"
    origins = await aside(
        lambda: provenance.of_tree(node, draft, job.vouched, chosen=chosen, answered=picked), node
    )
    await job.emit(Partial(node, origins, provenance.coverage(draft), draft=False))
    if job.naming is not None:
        job.naming.begin(node)
    counts = await _count(job, others, taken)
    for entry, leaf in zip(origins, counts.leaves, strict=bool(counts.leaves)):
        await job.emit(Preview(entry.leaf_id, leaf))
    if counts.whole is not None:
        await job.emit(Preview("", counts.whole))
    name = ""
    if job.naming is not None:
        name = await job.naming.name()
        job = replace(job, consulted=job.naming.consulted(draft, job.consulted))
    fallbacks = await _fallbacks(draft, job, open_words=bool(draft.unexplained))
    result = await aside(
        lambda: _result(taken, others, origins, counts, draft, job, picked), *_trees(draft, job)
    )
    changes = None
    if job.current is not None:
        before = job.current.node
        changes = await aside(lambda: diff.diff(before, node), before, node)
    if changes is not None and not changes:
        said = "the criteria already say this: nothing changed"
        result = replace(result, ambiguities=(*result.ambiguities, said))
    if job.options.suggest_name:
        template = await aside(lambda: template_name(place.named(node), place.catalog, place.clock), node)
        result = replace(result, name=name or template, name_from_model=bool(name))
    counted = () if counts.whole is None else preview.of_count(node, counts.whole)
    return Outcome(
        job.build_id,
        place.clock,
        result=result,
        preview=counts.whole,
        fallbacks=fallbacks,
        warnings=(
            *preview.notices(taken.checked.warnings),
            *counted,
            *counts.suppressed,
            *_notes(draft)[1],
        ),
        snapshot_id=counts.snapshot_id,
        changes=changes,
        previous=counts.previous,
        **job.spent,
    )


def _result(  # noqa: PLR0917 - the parts of one reply
    taken: Candidate,
    others: Sequence[Candidate],
    origins: tuple[LeafProvenance, ...],
    counts: Counts,
    draft: Draft,
    job: Job,
    picked: bool,
) -> SegmentResult:
    place, node = job.place, taken.checked.node
    alternatives = _shown(others, counts, place)
    explanation = place.english(node)
    if alternatives:
        whole = None if counts.whole is None else counts.whole.matched
        chosen = Reading(taken.reading_id, taken.label, node, explanation, whole, chosen=True)
        alternatives = (chosen, *alternatives)
    confidence = draft.confidence
    if picked:
        confidence = max(confidence, _PICKED_WITH_GAPS if draft.unexplained else _PICKED)
    return SegmentResult(
        node=node,
        resolved=taken.checked.bound,
        explanation=explanation,
        fields=walk.fields(node),
        confidence=confidence,
        ambiguities=_notes(draft)[0],
        provenance=provenance.with_counts(origins, counts.leaves),
        readings=alternatives,
        canonical_json=canonical.text(node, place.catalog),
        fingerprint=canonical.fingerprint(node, place.catalog),
        unexplained=draft.unexplained,
    )


async def _question(review: _Review, asked: tuple[Question, ...], draft: Draft, job: Job) -> Outcome:
    place, main = job.place, review.main
    understood = None if main is None or isinstance(main.checked.node, Everyone) else main.checked.node
    # What was understood so far is a reading too, unless the words ask for something else altogether.
    shown = [each for each in review.offered if each is not main or _may_offer(draft, understood)]
    counts = await _count(job, shown) if shown or job.current is not None else Counts(None, (), (), None)
    offered = await aside(lambda: _shown(shown, counts, place), *_trees(draft, job))
    reason, message, suggestions = _why(draft, review.faults)
    fallbacks = await _fallbacks(draft, job, open_words=reason == "AMBIGUOUS_QUERY")
    return Outcome(
        job.build_id,
        place.clock,
        clarification=Clarification(
            reason=reason,
            message=message,
            suggestions=suggestions,
            questions=asked,
            readings=offered,
            confidence=min(draft.confidence, 1.0),
            partial=understood,
        ),
        fallbacks=fallbacks,
        warnings=(*counts.suppressed, *_notes(draft)[1]),
        snapshot_id=counts.snapshot_id,
        previous=counts.previous,
        **job.spent,
    )


def _may_offer(draft: Draft, understood: Node | None) -> bool:
    return understood is not None and draft.outcome in {"ok", "ambiguous"}


def _why(draft: Draft, faults: tuple[Diagnostic, ...]) -> tuple[str, str, tuple[str, ...]]:
    if faults:
        first = faults[0]
        reason = "INVALID_FIELD" if first.code == "INVALID_FIELD" else "INVALID_VALUE"
        return reason, first.message, tuple(str(suggestion) for suggestion in first.suggestions)
    suggestions = draft.suggestions or tuple(question.text for question in draft.questions)
    message = draft.message or "Query is too ambiguous to build segment"
    return draft.reason or "AMBIGUOUS_QUERY", message, suggestions


def _shown(offered: Sequence[Candidate], counts: Counts, place: Place) -> tuple[Reading, ...]:
    found = counts.readings or (None,) * len(offered)
    return tuple(
        Reading(
            each.reading_id,
            each.label,
            each.checked.node,
            place.english(each.checked.node),
            None if count is None else count.matched,
        )
        for each, count in zip(offered, found, strict=True)
    )


def _notes(draft: Draft) -> tuple[tuple[str, ...], tuple[Notice, ...]]:
    """Open points in words, and the notes that have a reason in front (`FROZEN_DATE: ...`)."""
    known = {origin.note for origin in draft.origins}
    points, notices = list(draft.ambiguities), list[Notice]()
    for note in draft.notes:
        reason, colon, message = note.partition(": ")
        if colon and reason.isupper() and reason.replace("_", "").isalpha():
            notices.append(Notice(reason, message))
        elif note not in known and note not in points:
            points.append(note)
    return tuple(points), tuple(notices)


async def _fallbacks(draft: Draft, job: Job, *, open_words: bool) -> tuple[Fallback, ...]:
    """Which experts failed; without a model, what is left open that nobody could be asked about."""
    notices = merged(() if job.consulted is None else job.consulted.fallbacks) + job.unnamed
    if open_words and not job.has_model and not job.options.offline_only:
        notices = (*job.unnamed, nobody_to_ask(draft))
    for notice in notices:
        await job.emit(notice)
    return notices


def _many(amount: int, noun: str) -> str:
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"

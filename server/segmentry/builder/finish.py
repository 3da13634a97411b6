"""From what was read to a reply: the check is the only gate, then everything is counted on the data."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from segmentry.builder import beforehand, exact, preview, provenance, readings, subtask
from segmentry.builder.events import Emit, Partial, Preview
from segmentry.builder.outcome import (
    SURE_ENOUGH,
    Clarification,
    Fallback,
    Notice,
    Outcome,
    Question,
    Reading,
    SegmentResult,
)
from segmentry.builder.preview import Counts
from segmentry.builder.readings import Candidate
from segmentry.builder.request import Options, Place
from segmentry.builder.tidy import tidied
from segmentry.criteria import canonical, diff, render, walk
from segmentry.criteria.check import Checked
from segmentry.criteria.nodes import Everyone, Node
from segmentry.customers.store import CustomerStore
from segmentry.errors import Diagnostic, InvalidCriteria
from segmentry.reader.draft import Draft

_log = logging.getLogger(__name__)

# How sure a reading is that the caller picked: the pick settles what it means, not what was never read.
_PICKED, _PICKED_WITH_GAPS = 0.95, 0.7
_AS_READ, _AS_IT_WAS = "the words as they were read", "the criteria as they are"


@dataclass(frozen=True, slots=True)
class Job:
    """One build or refinement: `current` are the checked criteria that a refinement starts from."""

    build_id: str
    place: Place
    options: Options
    store: CustomerStore
    emit: Emit
    current: Checked | None = None

    @property
    def agents(self) -> tuple[str, ...]:
        """Who will work on it, in order."""
        return ("reader", "checker") if self.options.skip_preview else ("reader", "checker", "counter")


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
    node = None if draft.node is None else tidied(draft.node)
    if node is not None:
        node = render.with_paths(node)
    if node is not None and not exact.faults(node):
        origins = provenance.of_tree(node, draft)
        await job.emit(Partial(node, origins, provenance.coverage(draft), draft=True))
    review = await _review(node, draft, job)
    asked = readings.questions(draft, review.others)
    picked = readings.picked(job.options.answers, asked, review.offered)
    if picked is not None:
        return await _segment(picked, review, draft, job, picked=True)
    if review.main is not None and draft.outcome == "ok" and draft.confidence >= SURE_ENOUGH:
        return await _segment(review.main, review, draft, job, picked=False)
    return await _question(review, asked, draft, job)


async def _review(node: Node | None, draft: Draft, job: Job) -> _Review:
    others = readings.candidates(draft, job.place)

    async def work() -> _Review:
        if node is None:
            return _Review(None, others)
        checked = job.place.require(node)
        if faults := exact.faults(node):
            raise InvalidCriteria(faults)
        reading_id = readings.reading_id(node, job.place)
        unchanged = job.current is not None and reading_id == readings.reading_id(job.current.node, job.place)
        return _Review(Candidate(reading_id, _AS_IT_WAS if unchanged else _AS_READ, checked), others)

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
    leaves = () if whole is None else preview.bound_leaves(whole.checked.node, job.place)

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
    origins = provenance.of_tree(node, draft, chosen=f"chosen by the caller: {taken.label}")
    await job.emit(Partial(node, origins, provenance.coverage(draft), draft=False))
    counts = await _count(job, others, taken)
    for entry, leaf in zip(origins, counts.leaves, strict=bool(counts.leaves)):
        await job.emit(Preview(entry.leaf_id, leaf))
    if counts.whole is not None:
        await job.emit(Preview("", counts.whole))
    alternatives = _shown(others, counts, place)
    if alternatives:
        whole = None if counts.whole is None else counts.whole.matched
        explained = place.english(node)
        chosen = Reading(taken.reading_id, taken.label, node, explained, whole, chosen=True)
        alternatives = (chosen, *alternatives)
    confidence = draft.confidence
    if picked:
        confidence = max(confidence, _PICKED_WITH_GAPS if draft.unexplained else _PICKED)
    open_points, notes = _notes(draft)
    changes = None if job.current is None else diff.diff(job.current.node, node)
    if changes is not None and not changes:
        open_points = (*open_points, "the criteria already say this: nothing changed")
    counted = () if counts.whole is None else preview.of_count(node, counts.whole)
    fallbacks = await _fallbacks(draft, job) if draft.unexplained else ()
    return Outcome(
        job.build_id,
        place.clock,
        result=SegmentResult(
            node=node,
            resolved=taken.checked.bound,
            explanation=place.english(node),
            fields=walk.fields(node),
            confidence=confidence,
            ambiguities=open_points,
            provenance=provenance.with_counts(origins, counts.leaves),
            readings=alternatives,
            canonical_json=canonical.text(node, place.catalog),
            fingerprint=canonical.fingerprint(node, place.catalog),
            unexplained=draft.unexplained,
        ),
        preview=counts.whole,
        fallbacks=fallbacks,
        warnings=(*preview.notices(taken.checked.warnings), *counted, *counts.suppressed, *notes),
        snapshot_id=counts.snapshot_id,
        changes=changes,
        previous=counts.previous,
    )


async def _question(review: _Review, asked: tuple[Question, ...], draft: Draft, job: Job) -> Outcome:
    place, main = job.place, review.main
    understood = None if main is None or isinstance(main.checked.node, Everyone) else main.checked.node
    # What was understood so far is a reading too, unless the words ask for something else altogether.
    shown = [each for each in review.offered if each is not main or _may_offer(draft, understood)]
    counts = await _count(job, shown) if shown or job.current is not None else Counts(None, (), (), None)
    reason, message, suggestions = _why(draft, review.faults)
    fallbacks = await _fallbacks(draft, job) if reason == "AMBIGUOUS_QUERY" else ()
    return Outcome(
        job.build_id,
        place.clock,
        clarification=Clarification(
            reason=reason,
            message=message,
            suggestions=suggestions,
            questions=asked,
            readings=_shown(shown, counts, place),
            confidence=min(draft.confidence, 1.0),
            partial=understood,
        ),
        fallbacks=fallbacks,
        warnings=(*counts.suppressed, *_notes(draft)[1]),
        snapshot_id=counts.snapshot_id,
        previous=counts.previous,
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


async def _fallbacks(draft: Draft, job: Job) -> tuple[Fallback, ...]:
    """What is left open would go to a language model; this server has no such tier, and that is said."""
    if job.options.offline_only:
        return ()
    words = ", ".join(f"'{span.text}'" for span in draft.unexplained[:3]) or "the whole query"
    notice = Fallback(
        "LLM",
        "DETERMINISTIC",
        "LLM_NOT_CONFIGURED",
        f"this server has no language-model tier, so nobody was asked about {words}",
    )
    await job.emit(notice)
    return (notice,)


def _many(amount: int, noun: str) -> str:
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"

"""One analysis from rows to cards. Synchronous: it runs in a worker process and tells what it does."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Mapping
from datetime import datetime

from segmentry.analysis import cards, early, groups, heuristic, tiers, words
from segmentry.analysis.attempt import FIRST, Attempt
from segmentry.analysis.board import Emit
from segmentry.analysis.early import Early
from segmentry.analysis.estimate import field_notices
from segmentry.analysis.events import (
    AnalysisResult,
    Density,
    Fallback,
    FieldNote,
    Notice,
    Preparation,
    Progress,
    SegmentCard,
)
from segmentry.analysis.fields import Role
from segmentry.analysis.groups import Declined, Groups
from segmentry.analysis.identity import Past
from segmentry.analysis.lineage import Lineage, by_size
from segmentry.analysis.parameters import Parameters, Tier
from segmentry.analysis.plots import plots
from segmentry.analysis.prepare import Prepared, prepare
from segmentry.analysis.reading import as_read
from segmentry.analysis.statistics import profile
from segmentry.analysis.survey import Survey, survey
from segmentry.analysis.table import Column
from segmentry.analysis.terms import NO_MODEL, Terms
from segmentry.criteria.segments import Saved
from segmentry.customers.snapshot import Snapshot
from segmentry.errors import NoClusters, NoUsableFields, TierFailed


def discover(
    snapshot: Snapshot,
    parameters: Parameters,
    as_of: datetime,
    emit: Emit,
    *,
    terms: Terms = NO_MODEL,
    time_zone: str = "",
    saved: Saved | None = None,
    attempt: Attempt = FIRST,
    past: Past | None = None,
) -> AnalysisResult:
    """The segments that are in a table. Same table, parameters, `as_of` and threads: same result.

    Emits the plan, a profile per field, a score per k (provisional before final) and the cards, largest
    first; the result is returned, not emitted. A tier that cannot answer is replaced by the next one with
    a fallback event. `attempt` says what an earlier attempt at the same run left, `terms` what asking a
    model would cost; none is asked here. Segments keep the ids and names that they have in `past`, into which
    the run puts what later ones need.

    Raises: InvalidParameters; ParseError and InvalidCriteria for unsound `within`; EmptyDataset;
    NoUsableFields and NoClusters when the ML worker was asked for by name; TierFailed when it is required.
    """
    started = time.perf_counter()
    seen = survey(snapshot, parameters, as_of, terms=terms, time_zone=time_zone, saved=saved)
    return _Run(seen, emit, started, attempt, past=past or Past()).result()


UNCLEAR = (Notice("NO_CLEAR_SEGMENTS", "a slice of one group: no border parts it from the others"),)
NO_MODEL_SAID = "no language model can be asked: every row is clustered"


class _Run:
    """The state of one analysis while it goes on."""

    def __init__(self, seen: Survey, emit: Emit, started: float, attempt: Attempt, *, past: Past) -> None:
        parameters = seen.parameters
        self._scope = seen.scope
        self._attempt = attempt
        self._past = past
        self._emit = emit
        self._started = started
        self._pinned = tiers.pinned(parameters)
        self._required = parameters.require_tier
        self._fallbacks: list[Fallback] = []
        self._notices: list[Notice] = []
        self._preparation: Preparation | None = None
        self._density: Density | None = None
        self._advice = seen.advice
        self._read = as_read(seen.scope.table, seen.advice)
        self._plan = seen.plan
        self._effective = seen.effective
        self._features = seen.features
        self._seen_notices = seen.notices
        self._tier: Tier = "HEURISTIC" if parameters.preferred_tier == "HEURISTIC" else "ML_WORKER"
        self._profiled = seen.profiled
        emit(self._plan)
        if parameters.preferred_tier == "LLM":
            self._fall_back("LLM", "ML_WORKER", "LLM_NOT_CONFIGURED", NO_MODEL_SAID)

    def result(self) -> AnalysisResult:
        self._notice(field_notices(self._features, self._plan.suggested_features))
        self._notice(self._seen_notices)
        found: Groups | Declined | None = None
        prepared: Prepared | None = None
        if self._tier == "ML_WORKER":
            try:
                begun = self._early()
                self._emit(Progress("preparing fields", early.DONE if begun else 0.05))
                prepared = self._prepared()
                self._say_profiles(prepared)
                self._emit(prepared.told)
                found = self._groups(prepared, begun)
            except MemoryError:
                found = Declined("DATASET_TOO_LARGE", "clustering needs more memory than a worker may take")
        else:
            self._say_profiles(None)
        if found is not None and found.density is not None:
            self._density = found.density
            self._effective = dataclasses.replace(
                self._effective, eps=found.density.eps, min_samples=found.density.min_samples
            )
        if isinstance(found, Groups):
            assert prepared is not None
            return self._of_groups(found, prepared)
        if found is not None:
            self._notice(found.notices)
            if self._pinned and found.reason in ("NO_CLUSTERS", "ONE_BLOB"):
                raise NoClusters(
                    f"{found.message}; another eps, or the tier AUTO, gives segments",
                    schemaId=self._scope.snapshot.catalog.schema,
                )
            if self._required:
                raise TierFailed(found.message, tier="ML_WORKER", cause=found.reason)
            self._fall_back("ML_WORKER", "HEURISTIC", found.reason, found.message)
        return self._of_slices()

    @property
    def _roles(self) -> dict[str, Role]:
        return {name: self._advice[name].role for name in self._features}

    def _early(self) -> Early | None:
        as_of_s = self._scope.clock.as_of.timestamp()
        return early.early(
            self._read,
            self._features,
            self._roles,
            as_of_s,
            self._effective,
            self._emit,
            self._started,
            self._attempt,
        )

    def _prepared(self) -> Prepared:
        as_of_s = self._scope.clock.as_of.timestamp()
        prepared = prepare(self._read, self._features, self._roles, as_of_s)
        self._notice(prepared.notices)
        self._preparation = prepared.told
        return prepared

    def _groups(self, prepared: Prepared, begun: Early | None) -> Groups | Declined:
        if alike := self._alike():
            return Declined("NO_VARIATION", alike, (Notice("NO_VARIATION", alike),))
        if not prepared.fields:
            message = "no field can be clustered: add numeric attributes, or name the fields to use"
            if self._pinned:
                raise NoUsableFields(message, schemaId=self._scope.snapshot.catalog.schema)
            return Declined(
                "NO_USABLE_FIELDS", message, (Notice("NO_USABLE_FIELDS", message, "included_features"),)
            )
        if self._effective.algorithm == "dbscan":
            return groups.by_density(prepared, self._effective, self._emit, self._started)
        return groups.by_kmeans(prepared, self._effective, self._emit, self._started, self._attempt, begun)

    def _alike(self) -> str:
        """Why no two customers can be told apart by anything; empty where they can."""
        rows = self._scope.table.rows
        if rows == 1:
            return "there is one customer, and nobody to compare it with"
        if any(each.distinct > 1 for each in self._advice.values()):
            return ""
        if not any(each.distinct for each in self._advice.values()):
            return f"no field has a value for any of the {words.customers(rows)}"
        return f"all {words.customers(rows)} are alike in every field"

    def _of_groups(self, found: Groups, prepared: Prepared) -> AnalysisResult:
        self._notice(found.notices)
        self._emit(Progress("describing segments", 0.8))
        ruled = {name: self._read.columns[name] for name in self._features}
        profiled = {name: self._read.columns[name] for name in self._profiled}
        labels = by_size(found.labels)
        lineage = Lineage.of(self._past, self._scope, prepared, labels, self._effective)
        self._notice(self._past.notices)
        unclear = UNCLEAR if found.no_clear_segments else ()
        made = self._say_cards(
            lineage.continued(
                cards.of_clusters(self._scope, labels, ruled, profiled, self._effective.seed, notices=unclear)
            )
        )
        continuity = lineage.told(made)
        if continuity is not None:
            self._emit(continuity)
        drawn = plots(
            made,
            labels,
            prepared.X,
            profiled,
            as_of_s=self._scope.clock.as_of.timestamp(),
            seed=self._effective.seed,
        )
        unassigned = self._scope.table.rows - sum(card.size for card in made)
        text = f"{words.many(len(made), 'segment')} of {words.customers(self._scope.table.rows)}"
        if found.no_clear_segments:
            text += (
                ", but these are slices of one group: no grouping is clearer than in a table without groups"
            )
        return dataclasses.replace(
            self._end("ML_WORKER", made),
            unassigned=unassigned,
            chosen_k=found.chosen_k,
            chosen_by=found.chosen_by,
            alternative_k=found.alternative_k,
            scores=found.scores,
            no_clear_segments=found.no_clear_segments,
            selection=found.selection,
            message=text + ".",
            continuity=continuity,
            plots=drawn,
        )

    def _of_slices(self) -> AnalysisResult:
        column = heuristic.widest(self._scope.table, self._features)
        alike = self._alike()
        advice = "" if alike else "; add numeric attributes to the table to find groups in it"
        slices = heuristic.slices(column) if column else [heuristic.everyone(self._scope.table.rows, advice)]
        shown: Mapping[str, Column] = {column.field.name: column} if column else {}
        made = self._say_cards(cards.of_slices(self._scope, slices, shown))
        if column and len(made) > 1:
            text = f"{words.customers(self._scope.table.rows)} by thirds of {words.field_words(column.field)}"
        elif alike:
            text = f"One segment: {alike}"
            if not any(each.reason == "NO_VARIATION" for each in self._notices):
                self._notice([Notice("NO_VARIATION", alike)])
        else:
            text = "One segment of all customers; add numeric attributes to find groups"
        return dataclasses.replace(
            self._end("HEURISTIC", made),
            chosen_by="thirds of the widest field" if column else "",
            message=text + ".",
        )

    def _end(self, tier: Tier, made: tuple[SegmentCard, ...]) -> AnalysisResult:
        return AnalysisResult(
            tier=tier,
            segments=made,
            rows=self._scope.table.rows,
            unassigned=0,
            parameters=self._effective,
            fallbacks=tuple(self._fallbacks),
            fields=self._notes(),
            notices=tuple(self._notices),
            snapshot_id=self._scope.snapshot.snapshot_id,
            preparation=self._preparation,
            density=self._density,
        )

    def _notes(self) -> tuple[FieldNote, ...]:
        """The plan's notes, brought up to date with what preparation dropped."""
        dropped = {notice.path for notice in self._notices if notice.reason == "FIELD_DROPPED"}
        return tuple(
            dataclasses.replace(note, used=note.used and note.field not in dropped)
            for note in self._plan.fields
        )

    def _say_cards(self, made: Iterable[SegmentCard]) -> tuple[SegmentCard, ...]:
        said: list[SegmentCard] = []
        for card in made:
            self._emit(card)
            said.append(card)
        return tuple(said)

    def _say_profiles(self, prepared: Prepared | None) -> None:
        transforms = {each.field: each.transform for each in prepared.recipes} if prepared else {}
        for name, column in self._profiled.items():
            self._emit(profile(column, transforms.get(name, ""), self._advice[name].role))

    def _notice(self, notices: Iterable[Notice]) -> None:
        for notice in notices:
            self._notices.append(notice)
            self._emit(notice)

    def _fall_back(self, from_tier: Tier, to_tier: Tier, reason: str, message: str) -> None:
        self._fallbacks.append(Fallback(from_tier, to_tier, reason, message))
        self._emit(self._fallbacks[-1])

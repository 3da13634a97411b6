"""What a run knows of its table before it looks for segments: who is in it, its fields, and the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from segmentry.analysis import fields
from segmentry.analysis.estimate import described, planned
from segmentry.analysis.events import AnalysisEstimate, Notice
from segmentry.analysis.fields import Advice
from segmentry.analysis.parameters import Parameters, validate
from segmentry.analysis.reading import as_read
from segmentry.analysis.scope import Scope
from segmentry.analysis.table import Column
from segmentry.analysis.terms import NO_MODEL, Terms
from segmentry.criteria.segments import Saved
from segmentry.customers.snapshot import Snapshot
from segmentry.errors import EmptyDataset


@dataclass(frozen=True, eq=False)
class Survey:
    """`profiled` are the columns that are described: the features, and what else characterises members.
    `notices` say which fields the caller wants described that cannot be."""

    scope: Scope
    parameters: Parameters
    advice: Mapping[str, Advice]
    plan: AnalysisEstimate
    profiled: Mapping[str, Column]
    notices: tuple[Notice, ...] = ()

    @cached_property
    def read(self) -> Mapping[str, Column]:
        """The described columns as members are told apart by them: codes are levels, sentinels no value."""
        return as_read(replace(self.scope.table, columns=self.profiled), self.advice).columns

    @property
    def effective(self) -> Parameters:
        """The parameters with every default filled in."""
        return self.plan.effective_parameters

    @property
    def features(self) -> tuple[str, ...]:
        """The fields that customers are compared by."""
        return self.effective.included_features or ()


def survey(
    snapshot: Snapshot,
    parameters: Parameters,
    as_of: datetime,
    *,
    terms: Terms = NO_MODEL,
    time_zone: str = "",
    saved: Saved | None = None,
) -> Survey:
    """Look at a table. Cost: one pass over a sample of each field, and one over the rows for `within`.

    Raises: InvalidParameters; ParseError and InvalidCriteria for unsound `within`; EmptyDataset.
    """
    checked = validate(parameters, snapshot.catalog)
    scope = Scope.of(snapshot, checked.within, as_of, time_zone, saved)
    if scope.table.rows == 0:
        where = " inside `within`" if checked.within and snapshot.rows else ""
        raise EmptyDataset(f"the table has no rows{where}", schemaId=snapshot.catalog.schema)
    advice = fields.advise(scope.table, checked.roles)
    plan = planned(scope.table, checked, advice, terms=terms, catalog=snapshot.catalog)
    chosen = plan.effective_parameters.included_features or ()
    names = described(
        chosen, advice, explicit=checked.included_features is not None, named=checked.profile_fields
    )
    _, dropped = fields.describing(checked.profile_fields, advice)
    profiled = {name: scope.table.columns[name] for name in names}
    return Survey(scope, checked, advice, plan, profiled, tuple(dropped))

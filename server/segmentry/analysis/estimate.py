"""What an analysis would do, take and cost, before anything is started. Loads no clustering library."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime

from segmentry.analysis import fields, heuristic, pace, tiers, told, words
from segmentry.analysis.alike import Alikeness
from segmentry.analysis.events import AnalysisEstimate, FieldNote, Notice, TierEstimate
from segmentry.analysis.fields import Advice
from segmentry.analysis.pace import Span
from segmentry.analysis.parameters import Parameters, Tier, validate
from segmentry.analysis.reading import as_read
from segmentry.analysis.scope import Scope
from segmentry.analysis.statistics import kind_of
from segmentry.analysis.table import FeatureTable
from segmentry.analysis.terms import NO_MODEL, Terms
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.segments import Saved
from segmentry.customers.snapshot import Snapshot
from segmentry.llm.model import NO_USAGE, Usage

FEW_FIELDS, MANY_FIELDS = 3, 8
# Answers: a segment has a name, two sentences and up to four rules; a name has at most 60 characters.
SEGMENT_TOKENS, NAME_TOKENS = 110, 15


def estimate(
    snapshot: Snapshot,
    parameters: Parameters,
    as_of: datetime,
    *,
    terms: Terms = NO_MODEL,
    saved: Saved | None = None,
) -> AnalysisEstimate:
    """The plan for those parameters. Statistics come from at most 20,000 rows; no model is called.

    Raises: InvalidParameters; ParseError and InvalidCriteria for unsound `within`.
    """
    checked = validate(parameters, snapshot.catalog)
    scope = Scope.of(snapshot, checked.within, as_of, saved=saved)
    advice = fields.advise(scope.table, checked.roles)
    return planned(scope.table, checked, advice, terms=terms, catalog=snapshot.catalog)


def planned(
    table: FeatureTable,
    parameters: Parameters,
    advice: Mapping[str, Advice],
    *,
    terms: Terms,
    catalog: Catalog,
) -> AnalysisEstimate:
    """The plan for a table whose fields have been looked at."""
    sample = as_read(table.spread(fields.ADVICE_ROWS), advice)
    alike = Alikeness.of(sample)
    chosen, notes = fields.choose_features(advice, parameters.included_features, table.left_out, alike)
    suggested = fields.suggested_features(advice, alike)
    explicit = parameters.included_features is not None
    shown = described(chosen, advice, explicit=explicit, named=parameters.profile_fields)
    costs = _model_costs(sample, table.rows, parameters, shown, terms, catalog)
    best = tiers.recommended(parameters, table.rows, model=bool(terms.model) and costs[0] is not None)
    compared = _tiers(table, parameters, chosen, terms, costs)
    return AnalysisEstimate(
        rows=table.rows,
        requires_confirmation=table.rows >= parameters.confirm_rows,
        recommended_tier=best,
        tiers=tuple(sorted(compared, key=lambda each: each.tier != best)),
        warning=_warning(table.rows >= parameters.confirm_rows, table.rows, field_notices(chosen, suggested)),
        fields=(*notes, *absent_notes(parameters)),
        effective_parameters=dataclasses.replace(parameters, included_features=chosen),
        suggested_features=suggested,
    )


def field_notices(chosen: Sequence[str], suggested: Sequence[str]) -> tuple[Notice, ...]:
    """Whether the number of fields is within the 3 to 8 that give the best results."""
    if not chosen:
        return ()
    if len(chosen) < FEW_FIELDS:
        gives = "field gives" if len(chosen) == 1 else "fields give"
        text = f"{len(chosen)} {gives} simple segments; 3 to 8 work best"
        return (Notice("TOO_FEW_FIELDS", text, "included_features"),)
    if len(chosen) > MANY_FIELDS:
        better = ", ".join(suggested)
        text = f"{len(chosen)} fields dilute the signal; 3 to 8 work best, such as {better}"
        return (Notice("TOO_MANY_FIELDS", text, "included_features"),)
    return ()


def described(
    features: Sequence[str], advice: Mapping[str, Advice], *, explicit: bool, named: Sequence[str] = ()
) -> tuple[str, ...]:
    """The features, and those of the `named` fields that may describe members. Where the caller chose neither
    also what else characterises members without naming them."""
    if named:
        return tuple(dict.fromkeys((*features, *fields.describing(named, advice)[0])))
    others = () if explicit else tuple(
        name
        for name, each in advice.items()
        if not each.excluded and each.distinct > 1 and each.role in ("FLAG", "CATEGORY")
        and kind_of(each.field.type) == "categorical"
    )  # fmt: skip
    return tuple(dict.fromkeys((*features, *others)))


def absent_notes(parameters: Parameters) -> tuple[FieldNote, ...]:
    """What is said of saved features that this table does not have."""
    return tuple(
        FieldNote(
            name, "FIELD_DROPPED", f"the saved configuration names {name}, which is not here", used=False
        )
        for name in parameters.absent_features
    )


def _warning(is_large: bool, rows: int, notices: Sequence[Notice]) -> str:
    large = (
        f"{rows:,} customers: the ML worker looks at every row, a language model only at field statistics."
        if is_large
        else ""
    )
    return " ".join(part for part in (large, *(f"{each.message}." for each in notices)) if part)


def _model_costs(  # noqa: PLR0917 - a table, what is looked for, and whom to ask
    sample: FeatureTable,
    rows: int,
    parameters: Parameters,
    shown: Sequence[str],
    terms: Terms,
    catalog: Catalog,
) -> tuple[Usage | None, Usage]:
    """What proposals would use, None where nothing may be told, and what names of clusters would."""
    columns = {name: sample.columns[name] for name in shown}
    call = told.proposal_call(columns, rows, parameters, catalog, terms.max_tokens)
    proposals = None if call is None else terms.of([call], SEGMENT_TOKENS * parameters.max_clusters)
    named = told.naming_calls(columns, parameters, catalog, terms.max_tokens) if terms.model else []
    return proposals, terms.of(named, NAME_TOKENS * len(named))


def _tiers(
    table: FeatureTable,
    parameters: Parameters,
    chosen: Sequence[str],
    terms: Terms,
    costs: tuple[Usage | None, Usage],
) -> tuple[TierEstimate, ...]:
    rows, (proposals, named) = table.rows, costs
    if parameters.algorithm == "dbscan":
        accuracy = f"DBSCAN on {words.many(rows, 'row')}"
    else:
        accuracy = (
            f"K-Means on {'the one row' if rows == 1 else f'all {rows:,} rows'}, silhouette for k = "
            f"{parameters.min_clusters}..{parameters.max_clusters}"
        )
    column = heuristic.widest(table.spread(fields.ADVICE_ROWS), chosen)
    thirds = f"thirds of {column.field.name}" if column else "one segment of all customers"

    def span(tier: Tier) -> Span:
        cold = pace.cold_s(tier, parameters, rows, len(chosen))
        return pace.likely(cold, terms.paces_of(pace.way(tier, parameters)))

    unavailable = "" if terms.model else "LLM_NOT_CONFIGURED"
    if proposals is None:
        unavailable = unavailable or "NO_USABLE_FIELDS"
    return (
        _priced("ML_WORKER", accuracy, span("ML_WORKER"), terms, named),
        _priced(
            "LLM",
            f"proposed from statistics of {words.many(len(chosen), 'field')}; every rule counted afterwards",
            span("LLM"),
            terms,
            proposals,
            unavailable,
        ),
        _priced("HEURISTIC", thirds, span("HEURISTIC"), terms, NO_USAGE),
    )


def _priced(  # noqa: PLR0917 - the columns of one row
    tier: Tier,
    accuracy: str,
    span: Span,
    terms: Terms,
    usage: Usage | None,
    unavailable_reason: str = "",
) -> TierEstimate:
    asks = usage is not None and usage.calls > 0
    price = terms.price if asks else None
    return TierEstimate(
        tier,
        available=not unavailable_reason,
        accuracy=accuracy,
        expected_s=span.expected_s,
        low_s=span.low_s,
        high_s=span.high_s,
        measured_runs=span.n_runs,
        prompt_tokens=None if usage is None else usage.prompt_tokens,
        completion_tokens=None if usage is None else usage.completion_tokens,
        cost_usd=None if usage is None else usage.cost_usd,
        unavailable_reason=unavailable_reason,
        model=terms.model if asks else "",
        prices_as_of="" if price is None else price.as_of,
    )

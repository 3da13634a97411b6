"""What an analysis would do, take and cost, before anything is started. Loads no clustering library."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np

from segmentry.analysis import fields, heuristic, words
from segmentry.analysis.alike import Alikeness
from segmentry.analysis.events import AnalysisEstimate, Notice, TierEstimate
from segmentry.analysis.fields import Advice
from segmentry.analysis.parameters import Parameters, validate
from segmentry.analysis.reading import as_read
from segmentry.analysis.scope import Scope
from segmentry.analysis.statistics import profile
from segmentry.analysis.table import FeatureTable
from segmentry.criteria.segments import Saved
from segmentry.customers.snapshot import Snapshot

CONFIRM_ROWS = 5_000
FEW_FIELDS, MANY_FIELDS = 3, 8
# The instructions around the statistics, and the reply for one segment (name, text, rules).
PROMPT_FRAME_CHARACTERS = 2_400
REPLY_TOKENS_PER_SEGMENT = 150
CHARACTERS_PER_TOKEN = 4


def estimate(
    snapshot: Snapshot,
    parameters: Parameters,
    as_of: datetime,
    *,
    llm_configured: bool = False,
    saved: Saved | None = None,
) -> AnalysisEstimate:
    """The plan for those parameters. Statistics come from at most 20,000 rows.

    Raises: InvalidParameters; ParseError and InvalidCriteria for unsound `within`.
    """
    checked = validate(parameters, snapshot.catalog)
    scope = Scope.of(snapshot, checked.within, as_of, saved=saved)
    advice = fields.advise(scope.table, checked.roles)
    return planned(scope.table, checked, advice, llm_configured=llm_configured)


def planned(
    table: FeatureTable, parameters: Parameters, advice: Mapping[str, Advice], *, llm_configured: bool
) -> AnalysisEstimate:
    """The plan for a table whose fields have been looked at."""
    alike = Alikeness.of(as_read(table.spread(fields.ADVICE_ROWS), advice))
    chosen, notes = fields.choose_features(advice, parameters.included_features, table.left_out, alike)
    suggested = fields.suggested_features(advice, alike)
    return AnalysisEstimate(
        rows=table.rows,
        requires_confirmation=table.rows >= CONFIRM_ROWS,
        recommended_tier="ML_WORKER",
        tiers=_tiers(table, parameters, chosen, llm_configured=llm_configured),
        warning=_warning(table.rows, field_notices(chosen, suggested)),
        fields=notes,
        effective_parameters=dataclasses.replace(parameters, included_features=chosen),
        suggested_features=suggested,
    )


def field_notices(chosen: Sequence[str], suggested: Sequence[str]) -> tuple[Notice, ...]:
    """Whether the number of fields is within the 3 to 8 that give the best results."""
    if not chosen:
        return ()
    if len(chosen) < FEW_FIELDS:
        text = f"{len(chosen)} field{'s' if len(chosen) > 1 else ''} give simple segments; 3 to 8 work best"
        return (Notice("TOO_FEW_FIELDS", text, "included_features"),)
    if len(chosen) > MANY_FIELDS:
        better = ", ".join(suggested)
        text = f"{len(chosen)} fields dilute the signal; 3 to 8 work best, such as {better}"
        return (Notice("TOO_MANY_FIELDS", text, "included_features"),)
    return ()


def llm_unavailable(*, llm_configured: bool) -> str:
    """Why the model tier cannot be used on this server."""
    return "NOT_IMPLEMENTED" if llm_configured else "LLM_NOT_CONFIGURED"


def _warning(rows: int, notices: Sequence[Notice]) -> str:
    large = (
        f"{rows:,} customers: the ML worker looks at every row, a language model only at field statistics."
        if rows >= CONFIRM_ROWS
        else ""
    )
    return " ".join(part for part in (large, *(f"{each.message}." for each in notices)) if part)


def _tiers(
    table: FeatureTable, parameters: Parameters, chosen: Sequence[str], *, llm_configured: bool
) -> tuple[TierEstimate, ...]:
    rows = table.rows
    if parameters.algorithm == "dbscan":
        accuracy = f"DBSCAN on {rows:,} rows"
    else:
        accuracy = (
            f"K-Means on all {rows:,} rows, silhouette for k = "
            f"{parameters.min_clusters}..{parameters.max_clusters}"
        )
    column = heuristic.widest(table.spread(fields.ADVICE_ROWS), chosen)
    thirds = f"thirds of {column.field.name}" if column else "one segment of all customers"
    return (
        TierEstimate(
            "ML_WORKER", available=True, accuracy=accuracy, expected_s=_seconds(parameters, rows, chosen)
        ),
        TierEstimate(
            "LLM",
            available=False,
            accuracy=f"proposed from statistics of {len(chosen)} fields; every rule counted afterwards",
            expected_s=8.0,
            prompt_tokens=_prompt_tokens(table, chosen),
            completion_tokens=REPLY_TOKENS_PER_SEGMENT * parameters.max_clusters,
            unavailable_reason=llm_unavailable(llm_configured=llm_configured),
        ),
        TierEstimate("HEURISTIC", available=True, accuracy=thirds, expected_s=0.5),
    )


def _seconds(parameters: Parameters, rows: int, chosen: Sequence[str]) -> float:
    """A guess from runs on two cores: a start, fits that grow with rows, clusters and columns, scores."""
    cells = min(rows, 100_000) * (len(chosen) + 1) * sum(
        range(parameters.min_clusters, parameters.max_clusters + 1)
    ) + 20 * rows * (len(chosen) + 1)
    return round(1.5 + cells / 1.5e7, 1)


def _prompt_tokens(table: FeatureTable, chosen: Sequence[str]) -> int:
    """The size of the field statistics that a prompt would hold, at four characters a token."""
    sample = table.spread(fields.ADVICE_ROWS)
    size = PROMPT_FRAME_CHARACTERS
    for name in chosen:
        said = profile(sample.columns[name])
        numbers = [each for each in (said.minimum, said.maximum, said.mean) if each is not None]
        size += len(name) + 60 + sum(len(words.number(each)) for each in numbers)
        size += sum(len(each.value) + 12 for each in said.top_values)
    return int(np.ceil(size / CHARACTERS_PER_TOKEN))

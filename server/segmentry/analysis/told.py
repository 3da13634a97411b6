"""What a model is told of a table, and the calls that tell it: statistics of fields, no row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from segmentry.agents import prompt
from segmentry.agents.field_statistics import FieldStatistics, told_fields
from segmentry.agents.proposing import prompt_call
from segmentry.agents.registry import expert
from segmentry.analysis import words
from segmentry.analysis.parameters import Parameters
from segmentry.analysis.statistics import profile
from segmentry.analysis.table import Column, Levels
from segmentry.criteria.catalog import Catalog
from segmentry.llm.model import ModelCall

# Fewest segments that are worth the name; a model is asked for no less.
FEWEST: Final = 2
# As many as a card shows.
_TRAITS: Final = 5


def statistics(columns: Mapping[str, Column]) -> list[FieldStatistics]:
    """Statistics of the columns as the expert gets them; what of it may be told is `agents`' business.

    `columns` are those of `reading.as_read`, where codes in numbers are levels.
    """
    found: list[FieldStatistics] = []
    for name, column in columns.items():
        said = profile(column)
        found.append(
            FieldStatistics(
                name,
                said.missing,
                said.distinct or 0,
                said.minimum,
                said.maximum,
                said.mean,
                tuple((each.value, each.count) for each in said.top_values),
                isinstance(column, Levels) and column.field.stored.type == "number",
            )
        )
    return found


__all__ = ("naming_calls", "prompt_call", "proposal_call", "statistics", "tellable", "wanted")


def wanted(parameters: Parameters) -> tuple[int, int]:
    """The least and the most segments that a model is asked for."""
    return max(FEWEST, parameters.min_clusters), parameters.max_clusters


def tellable(catalog: Catalog, names: Sequence[str] | None) -> bool:
    """Whether any of the named fields, all of them for None, may be told to a model."""
    asked = [field.name for field in catalog.visible] if names is None else list(names)
    return bool(told_fields(catalog, asked).fields)


def proposal_call(
    columns: Mapping[str, Column], rows: int, parameters: Parameters, catalog: Catalog, max_tokens: int
) -> ModelCall | None:
    """The question that would be asked about these columns; None where nothing of them may be told."""
    return prompt_call(statistics(columns), rows, wanted(parameters), catalog, max_tokens)


def naming_calls(
    columns: Mapping[str, Column], parameters: Parameters, catalog: Catalog, max_tokens: int
) -> list[ModelCall]:
    """Questions as long as those that name clusters: one for each cluster that there may be."""
    kept = told_fields(catalog, list(columns)).fields[:_TRAITS]
    if not kept or not parameters.model_names:
        return []
    traits = [f"{words.label(field)} 1,250 vs 2,480" for field in kept]
    call = expert("name").call(prompt.name_message("traits", traits, ()), max_tokens)
    return [call] * parameters.max_clusters

"""What the analysis tells a model: statistics of fields that may be told, no row and no rare value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from segmentry.agents.cards import disclosed
from segmentry.agents.groups import Group
from segmentry.agents.marks import one_line
from segmentry.criteria.catalog import Catalog, Field
from segmentry.criteria.nodes import Scalar

# A value that fewer customers hold could point at one of them.
FEWEST_HOLDERS: Final = 5
_MOST_VALUES: Final = 10
_LONGEST_VALUE: Final = 40
# Numbers with more different values than this are no list of kinds: none of them is told.
_MOST_CODES: Final = 12


@dataclass(frozen=True, slots=True)
class FieldStatistics:
    """Statistics of one field; `missing` counts customers, numbers are None where they are not defined.

    `is_code`: the numbers name kinds, so that no size or average means anything; `top_values` are some.
    """

    field: str
    missing: int
    distinct: int
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    top_values: tuple[tuple[str, int], ...] = ()
    is_code: bool = False


def told_fields(catalog: Catalog, names: Sequence[str]) -> Group:
    """Those of the named fields whose values may leave, as one group; personal and hidden ones never may."""
    found = (field for name in names if (field := catalog.get(name)) is not None)
    kept = tuple(field for field in found if field.llm == "values" and not field.pii and field.role != "id")
    return Group("statistics", one_line(catalog.display_name or catalog.schema, 60), kept)


def statistics_message(
    group: Group, statistics: Sequence[FieldStatistics], n_customers: int, wanted: tuple[int, int]
) -> str:
    """What the statistics expert is asked: the size of the table, how many segments, one line per field.

    Statistics of fields outside the group are left out.
    """
    by_name = {field.name: field for field in group.fields}
    lines = [
        f"Customers: {n_customers}",
        f"Segments wanted: {wanted[0]} to {wanted[1]}",
        "Fields:",
    ]
    for each in statistics:
        field = by_name.get(each.field)
        if field is not None:
            parts = "; ".join(_told(field, each, n_customers))
            lines.append(f"- {group.keys[field.name]}: {parts}")
    return "\n".join(lines)


def told_values(field: Field, each: FieldStatistics | None) -> tuple[Scalar, ...]:
    """The frequent values that may be told, with at least five holders: those that a person listed in the
    catalog, and the numbers of a code of few kinds."""
    if each is None or field.pii or field.llm != "values":
        return ()
    frequent = [text for text, holders in each.top_values if holders >= FEWEST_HOLDERS]
    if each.is_code:
        few = each.distinct <= _MOST_CODES
        return tuple(_number(text) for text in frequent)[:_MOST_VALUES] if few else ()
    by_text = {str(value.value).casefold(): value.value for value in disclosed(field)}
    return tuple(by_text[text.casefold()] for text in frequent if text.casefold() in by_text)[:_MOST_VALUES]


def listed_values(field: Field) -> frozenset[str]:
    """The values of a field that may be told, folded."""
    return frozenset(str(each.value).casefold() for each in disclosed(field))


def _number(text: str) -> float:
    number = float(text)
    return int(number) if number.is_integer() else number


def _rounded(number: float) -> str:
    """Two significant digits: the smallest and the largest number are those of one customer each."""
    return f"{float(f'{number:.2g}'):.12g}"


def _told(field: Field, each: FieldStatistics, n_customers: int) -> Iterator[str]:
    stored = field.stored
    unit = f" in {one_line(field.unit, 24)}" if field.unit else ""
    kinds = {"number": f"number{unit}", "boolean": "yes or no", "datetime": "date", "array": "list"}
    yield "code in numbers, takes eq or in alone" if each.is_code else kinds.get(stored.type, "text")
    if field.description:
        yield one_line(field.description)
    if each.minimum is not None and each.maximum is not None:
        mean = "" if each.mean is None else f", average {_rounded(each.mean)}"
        yield f"{_rounded(each.minimum)} to {_rounded(each.maximum)}{mean}"
    else:
        yield f"{each.distinct} different values"
    frequent = [f'"{one_line(str(value), _LONGEST_VALUE)}"' for value in told_values(field, each)]
    if frequent and stored.type != "boolean":
        yield f"most frequent {', '.join(frequent)}"
    if each.missing and n_customers:
        yield f"{100 * each.missing / n_customers:.0f} % have no value"

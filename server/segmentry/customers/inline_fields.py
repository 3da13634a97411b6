"""One column of an inline schema as a field: what it is declared as, corrected by what its values are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from segmentry.criteria import catalog_toml
from segmentry.criteria.bind import as_number
from segmentry.criteria.catalog import Field, FieldType, FieldValue
from segmentry.customers import naming
from segmentry.customers.inline_cells import Cells
from segmentry.customers.inline_items import Faults, Item, Value
from segmentry.customers.naming import Reading
from segmentry.customers.sampling import LONGEST_SAMPLE, SAMPLED_VALUES
from segmentry.errors import InvalidParameters, JsonValue

# Fewer whole numbers than this may be prices that happen to have no cents.
FEWEST_WHOLE = 3
# Fewer rows than this show no list of codes: 1, 2, 1 may be children.
FEWEST_CODED, MOST_CODES = 20, 12
_YES_NO = (("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"), ("1", "0"))
_COUNTED = frozenset(
    {
        "count", "counts", "cnt", "num", "number", "n", "nr", "no", "total", "sum", "qty", "quantity",
        "times", "children", "people", "visits", "size", "amount",
    }
)  # fmt: skip
_FLAGGED = frozenset(
    {
        "is", "has", "have", "had", "was", "can", "does", "did", "flag", "flags", "ind", "indicator",
        "active", "enabled", "opted", "optin", "subscribed", "consent", "verified", "approved", "blocked",
        "deleted", "churned", "accepts", "accepted", "allowed", "allows",
    }
)  # fmt: skip
_COUNTRY = frozenset({"country", "nationality", "nation"})
_SHARES = frozenset(
    {
        "rate", "ratio", "share", "pct", "percent", "percentage", "fraction", "probability", "prob",
        "proportion", "discount", "margin",
    }
)  # fmt: skip
_ALPHA2 = re.compile(r"[A-Z]{2}")
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_DIGIT = re.compile(r".*\d.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Column:
    """A declared column with its cells and its name read."""

    item: Item
    cells: Cells
    reading: Reading


def field(item: Item, cells: Cells, faults: Faults) -> Field:
    """The field of one column; `cells` may be empty. What is wrong with its keys goes to the faults."""
    column = Column(item, cells, naming.read(item.name))
    for value in item.values:
        cells.add(value.value)
    for sample in item.samples:
        cells.add(sample)
    kind = _kind(column)
    if kind != item.declared.type and cells.n_set:
        faults.notes.append(f"{item.path} is declared {item.declared.type}, its values are of type {kind}")
    found = replace(
        _declared(column, kind, faults),
        name=item.name,
        type=kind,
        description=item.description,
        synonyms=item.synonyms,
        unit=item.unit or (column.reading.unit if kind == "number" else ""),
    )
    match kind:
        case "number":
            return _number(column, found)
        case "boolean":
            return _boolean(column, found)
        case "array":
            elements = cells.elements if cells.n_lists else cells.listed_texts()
            return _listed(column, found, elements)
        case "string" | "enum":
            return _text(column, found)
        case "datetime":
            return found


def _kind(column: Column) -> FieldType:
    """The type that the values have where they leave no doubt, else the declared one."""
    cells, declared = column.cells, column.item.declared
    if not cells.n_set or cells.n_objects * 2 > cells.n_set:
        return declared.type
    if cells.n_lists * 2 > cells.n_set:
        return "array"
    texts, numbers, flags = cells.n_texts, cells.n_numbers, cells.n_booleans
    match declared.type:
        case "boolean":
            if flags:
                return "boolean"
            return "string" if texts else "number"
        case "number":
            if numbers:
                return "number"
            if flags:
                return "boolean"
            return "number" if cells.numeric_texts else "datetime" if cells.dates else "string"
        case "datetime":
            if not texts and cells.whole_numbers and all(1900 <= each <= 2100 for each in cells.numbers):
                return "number"
            return (
                "string" if texts and not any(_DIGIT.fullmatch(text) for text in cells.texts) else "datetime"
            )
        case "string" | "enum":
            if texts:
                return (
                    "datetime" if declared.type == "string" and not numbers and cells.dates else declared.type
                )
            if flags:
                worded = any(value.synonyms for value in column.item.values)
                return "enum" if worded else "boolean"
            return (
                "number"
                if declared.loose or (declared.type == "enum" and not column.item.values)
                else declared.type
            )
        case "array":
            return "array"


def _declared(column: Column, kind: FieldType, faults: Faults) -> Field:
    """What the keys of a catalog file say, checked as in such a file."""
    item = column.item
    keys: dict[str, JsonValue] = {"name": "column", "type": kind, **item.keys}
    if keys.get("role") not in (None, "", "id"):
        faults.notes.append(f"{item.path}.role is no role that is read: only id is")
        keys.pop("role")
    if kind != "number":
        keys.pop("integer", None)
    if len(keys) == 2:
        return Field("column", kind)
    try:
        return catalog_toml.from_mapping({"field": [keys]}).fields[0]
    except InvalidParameters as error:
        for each in error.violations:
            place = each.field.removeprefix("field[0]")
            faults.add(item.path + place, each.message.removeprefix(f"{each.field}: "), each.reason)
        return Field("column", kind)


def _sampled(values: Counter[str], listed: Iterable[str | int | float | bool] = ()) -> tuple[str, ...]:
    """The most frequent texts, of equals the first seen, without those that are listed anyway."""
    known = set(listed)
    fitting = (text for text, _ in values.most_common() if len(text) <= LONGEST_SAMPLE and text not in known)
    return tuple(text for text, _ in zip(fitting, range(SAMPLED_VALUES), strict=False))


# --- numbers and truth values


def _number(column: Column, found: Field) -> Field:
    item, cells = column.item, column.cells
    integer = _integer(column, found)
    values = tuple(
        FieldValue(number, value.synonyms)
        for value in item.values
        if (number := _as_number(value.value)) is not None
    )
    low, high = item.range or (None, None)
    if item.range is None and _fraction(column):
        low, high = 0.0, 1.0
    found = replace(
        found,
        integer=integer,
        minimum=low,
        maximum=high,
        values=values,
        role=found.role or ("id" if _identifies(column) else ""),
        boolean_like=found.boolean_like or _is_flag(column),
    )
    distinct = sorted(cells.numbers)
    coded = cells.n_numbers >= FEWEST_CODED and distinct == list(range(1, len(distinct) + 1))
    if item.declared.type == "enum" or (integer and coded and 2 <= len(distinct) <= MOST_CODES):
        note = (
            f"may be a code: whole numbers from {distinct[0]} to {distinct[-1]}"
            if distinct
            else "may be a code"
        )
        found = replace(found, notes=(*found.notes, note))
    return found


def _integer(column: Column, found: Field) -> bool:
    cells, declared = column.cells, column.item.declared
    if not cells.numbers:
        return found.integer or declared.integer
    if not cells.whole_numbers:
        return False
    said = found.integer or declared.integer or declared.type != "number"
    return said or (cells.n_numbers >= FEWEST_WHOLE and not column.reading.unit)


def _as_number(value: str | float | bool) -> int | float | None:
    if isinstance(value, bool):
        return int(value)
    return as_number(value) if isinstance(value, str) else value


def _fraction(column: Column) -> bool:
    numbers = column.cells.numbers
    if not numbers or not all(0 <= each <= 1 for each in numbers):
        return False
    if all(isinstance(each, int) or each.is_integer() for each in numbers):
        return False
    return len(numbers) > 1 or bool(_SHARES & set(column.reading.words))


def _identifies(column: Column) -> bool:
    item, cells = column.item, column.cells
    if item.declared.identifier:
        return True
    if cells.n_set < 2:
        return column.reading.words[-1:] in (("id",), ("uuid",), ("guid",))
    distinct = len(cells.texts) + len(cells.numbers)
    return column.reading.identifier and distinct == cells.n_set - len(item.values)


_CHANNELS = frozenset(["sms", "email", "mail", "push", "post", "phone", "whatsapp", "text", "app"])
# what somebody wants or not, though its noun is a plural: `sms_alerts`
_SENT = frozenset(
    ["alerts", "reminders", "updates", "offers", "news", "notifications", "messages", "promos", "promotions"]
)


def _is_flag(column: Column) -> bool:
    """Whether whole numbers say yes and no: 1 and 0 alone, and the name counts nothing."""
    cells, declared = column.cells, column.item.declared
    if not set(cells.numbers) <= {0, 1} or cells.n_texts:
        return False
    if declared.flag or declared.type == "boolean" or {each.value for each in column.item.values} == {0, 1}:
        return True
    words = column.reading.words
    if not words or not (declared.integer or cells.numbers):
        return False
    if words[0] in _FLAGGED or words[-1] in _FLAGGED:
        return True
    sent = bool(_CHANNELS & set(words)) and words[-1] in _SENT
    counts = bool(_COUNTED & set(words)) or (
        not sent and words[-1].endswith("s") and not words[-1].endswith(("ss", "us", "is"))
    )
    return set(cells.numbers) == {0, 1} and not counts


def _boolean(column: Column, found: Field) -> Field:
    values = column.item.values
    if not any(value.synonyms for value in values):
        return found
    known = tuple(
        FieldValue(value.value, value.synonyms) for value in values if isinstance(value.value, bool)
    )
    return replace(found, type="enum", values=known) if known else found


# --- text


def _text(column: Column, found: Field) -> Field:
    item, cells = column.item, column.cells
    flags = _yes_no(column)
    if flags:
        return replace(found, values=flags, boolean_like=True)
    numbers = all(isinstance(each.value, int | float) for each in item.values) and not cells.texts
    values = tuple(_worded(value, as_text=found.type == "string" or not numbers) for value in item.values)
    texts = cells.texts or Counter({str(each): n for each, n in cells.numbers.items()})
    samples = _sampled(texts, (each.value for each in values))
    found = replace(found, format=_format(column, found), case_insensitive=_folded(column, found))
    if _identifies(column):
        found = replace(found, role="id")
    if found.type == "enum" and values:
        # A row is proof of a value that the list has not.
        seen = (FieldValue(each, sampled=True) for each in samples if not numbers)
        return replace(found, values=(*values, *seen))
    return replace(found, values=values, samples=samples)


def _worded(value: Value, *, as_text: bool) -> FieldValue:
    plain = value.value
    if as_text and not isinstance(plain, str):
        plain = str(plain).lower() if isinstance(plain, bool) else str(plain)
    return FieldValue(plain, value.synonyms)


def _yes_no(column: Column) -> tuple[FieldValue, ...]:
    """Both truth values in the column's own spelling, or nothing when it holds something else."""
    if column.cells.numbers:
        return ()
    spelled = {text.casefold(): text for text in reversed(column.cells.texts)}
    words = {str(value.value): value.synonyms for value in column.item.values}
    for yes, no in _YES_NO:
        if not spelled or not set(spelled) <= {yes, no}:
            continue
        sure = len(spelled) == 2 or yes == "yes" or column.item.declared.type == "boolean"
        if not sure and not {*column.reading.words[:1], *column.reading.words[-1:]} & _FLAGGED:
            continue
        like = next(iter(spelled.values()))
        both = (spelled.get(yes) or _cased(yes, like), spelled.get(no) or _cased(no, like))
        return tuple(FieldValue(each, words.get(each, ())) for each in both)
    return ()


def _cased(word: str, like: str) -> str:
    if like.isupper():
        return word.upper()
    return word.title() if like[:1].isupper() else word


def _format(column: Column, found: Field) -> str:
    texts = column.cells
    if found.format:
        return found.format
    if texts.texts_are(_ALPHA2) and _COUNTRY & set(column.reading.words):
        return "iso3166-alpha2"
    declared = column.item.declared.format
    if declared == "e164":
        return "e164" if texts.texts_are(_E164) else ""
    return declared


def _folded(column: Column, found: Field) -> bool:
    return found.case_insensitive or column.item.declared.case_insensitive


def _listed(column: Column, found: Field, elements: Counter[str]) -> Field:
    values = tuple(_worded(value, as_text=True) for value in column.item.values)
    return replace(found, values=values, samples=_sampled(elements, (each.value for each in values)))

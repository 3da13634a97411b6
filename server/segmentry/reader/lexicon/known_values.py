"""What is known about the values of one field, looked up once per catalog and not once per query."""

from __future__ import annotations

from dataclasses import dataclass

from segmentry.criteria.catalog import Field
from segmentry.reader.lexicon.names import denies_consent, truth_values, values_of

Stored = str | int | float | bool


@dataclass(frozen=True, slots=True)
class KnownValues:
    """`truth` are the stored yes and no of a flag, None for all other fields; `denies` says that its yes is a
    refusal. `exact` finds a value by its text, `folded` by its text in lower case.
    """

    truth: tuple[Stored, Stored] | None
    denies: bool
    exact: dict[str, Stored]
    folded: dict[str, Stored]

    @property
    def is_flag(self) -> bool:
        return self.truth is not None

    def spelled(self, text: str) -> Stored | None:
        """The value that is written like a text, signs and all: ">50K" is not "<=50K"."""
        return self.exact.get(text, self.folded.get(text.casefold()))


def known_values(field: Field) -> KnownValues:
    """The values that the catalog lists or samples for a field; of two that are written alike `exact` has
    the first and `folded` the last. `folded` passes over blanks around a value, and finds it with spaces for
    its hyphens too.
    """
    exact: dict[str, Stored] = {}
    folded: dict[str, Stored] = {}
    for value in values_of(field):
        text = str(value)
        exact.setdefault(text, value)
        folded[text.strip().casefold()] = value
    for key, value in list(folded.items()):
        folded.setdefault(key.replace("-", " ").replace("_", " "), value)
    return KnownValues(truth_values(field), denies_consent(field), exact, folded)

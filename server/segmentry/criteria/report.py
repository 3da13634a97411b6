"""What one check has found so far, and how much more is worth finding."""

from __future__ import annotations

from collections.abc import Callable

from segmentry.criteria import paths
from segmentry.errors import Diagnostic, JsonValue

MOST_DIAGNOSTICS = 100
# A suggestion compares a word with every known one: up to 0.4 ms for a country.
MOST_SUGGESTED = 20

Suggest = Callable[[], tuple[JsonValue, ...]]


class Report:
    """The findings of one check. What cannot be shown any more is not looked for: criteria of 64 KiB can hold
    ten thousand faults, and each costs a message and a search for what was meant.

    >>> report = Report()
    >>> report.add(Diagnostic("INVALID_FIELD", "$and[10].a", "Unknown field: a"))
    >>> report.add(Diagnostic("INVALID_FIELD", "$and[2].a", "Unknown field: a"))
    >>> [each.path for each in report.shown()], report.full
    (['$and[2].a', '$and[10].a'], False)
    """

    def __init__(self, *, errors_only: bool = False) -> None:
        self.errors = 0
        self._errors_only = errors_only
        self._items: list[Diagnostic] = []
        self._suggested = 0

    def add(self, diagnostic: Diagnostic) -> None:
        """Note one finding."""
        self.errors += diagnostic.severity == "error"
        self._items.append(diagnostic)

    @property
    def full(self) -> bool:
        """Whether there are as many errors as are shown: then nothing else is worth finding."""
        return self.errors >= MOST_DIAGNOSTICS

    @property
    def full_of_warnings(self) -> bool:
        """Whether there are as many findings as are shown: then only errors are worth finding."""
        return self._errors_only or len(self._items) >= MOST_DIAGNOSTICS

    def suggest(self, search: Suggest) -> tuple[JsonValue, ...]:
        """The suggestions of one finding; none after the first `MOST_SUGGESTED` findings that asked."""
        self._suggested += 1
        return search() if self._suggested <= MOST_SUGGESTED else ()

    def shown(self) -> tuple[Diagnostic, ...]:
        """The findings to show, sorted by path, then check; errors have precedence over warnings."""
        ordered = sorted(
            self._items, key=lambda each: (each.severity != "error", paths.order(each.path), each.check)
        )
        kept = sorted(ordered[:MOST_DIAGNOSTICS], key=lambda each: (paths.order(each.path), each.check))
        return tuple(kept)

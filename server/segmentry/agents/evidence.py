"""Where in the request an expert's evidence stands: words that are not there prove nothing."""

from __future__ import annotations

from collections.abc import Iterable

from segmentry.reader.draft import Span

_EDGES = " \t\n.,;:!?\"'"


def locate(evidence: str, query: str, taken: Iterable[Span] = ()) -> Span | None:
    """Where `evidence` stands in `query`: as it is, else with case and blanks folded; None where it does not.

    Of several places the first that overlaps none of `taken`, else the first. Offsets are code points.

    >>> locate("Cape  town", "gold members in Cape Town")
    Span(start=16, end=25, text='Cape Town')
    """
    wanted = evidence.strip(_EDGES)
    if not wanted:
        return None
    found = _places(wanted, query) or _folded(wanted, query)
    used = list(taken)
    free = [each for each in found if not any(each.start < one.end and one.start < each.end for one in used)]
    return next(iter(free or found), None)


def _places(wanted: str, query: str) -> list[Span]:
    found: list[Span] = []
    at = query.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        if _is_edge(query, at) and _is_edge(query, end):
            found.append(Span(at, end, wanted))
        at = query.find(wanted, at + 1)
    return found


def _folded(wanted: str, query: str) -> list[Span]:
    """As `_places`, with runs of blanks as one and letters in one case; offsets lead back to the query."""
    letters: list[str] = []
    origin: list[int] = []
    for at, letter in enumerate(query):
        if letter.isspace():
            if letters and letters[-1] != " ":
                letters.append(" ")
                origin.append(at)
            continue
        for folded in letter.casefold():
            letters.append(folded)
            origin.append(at)
    origin.append(len(query))
    folded_query = "".join(letters)
    pattern = " ".join(wanted.split()).casefold()
    if not pattern:
        return []
    found: list[Span] = []
    at = folded_query.find(pattern)
    while at >= 0:
        start, end = origin[at], origin[at + len(pattern) - 1] + 1
        if _is_edge(query, start) and _is_edge(query, end):
            found.append(Span(start, end, query[start:end]))
        at = folded_query.find(pattern, at + 1)
    return found


def _is_edge(query: str, at: int) -> bool:
    """Whether a word begins or ends there: "man" is no evidence in "woman"; other scripts have no edges."""
    if at in (0, len(query)):
        return True
    before, after = query[at - 1], query[at]
    return not (before.isalnum() and after.isalnum() and before.isascii() and after.isascii())

"""The choice of k said in words: what each rule picks, and by which figures."""

from __future__ import annotations

from collections.abc import Sequence

from segmentry.analysis.choose import Candidate, Choice
from segmentry.analysis.events import Selection, SelectionRule
from segmentry.analysis.parameters import Parameters, k_rule_of

_IN_WORDS: dict[SelectionRule, str] = {
    "silhouette": "highest silhouette",
    "excess": "greatest excess over a table without groups",
    "smallest_share": "largest smallest segment",
}


def in_words(rule: SelectionRule) -> str:
    """The rule as `chosen_by` of a result has it."""
    return _IN_WORDS[rule]


def selection(
    candidates: Sequence[Candidate], choice: Choice, parameters: Parameters, *, no_clear_segments: bool
) -> Selection:
    """What both rules say of the candidates."""
    by_k = {each.k: each for each in candidates}
    rule: SelectionRule = k_rule_of(parameters)
    if choice.slivers:
        rule = "smallest_share"
    elif choice.excess_k is None:
        rule = "silhouette"
    least = parameters.min_segment_share
    return Selection(
        chosen_k=choice.chosen_k,
        picked_k=choice.picked_k,
        rule=rule,
        picked_reason=(
            _least_bad(by_k[choice.picked_k], least)
            if choice.slivers
            else _picked(by_k[choice.picked_k], candidates, least)
        ),
        excess_k=choice.excess_k,
        excess_reason="" if choice.excess_k is None else _excess(by_k[choice.excess_k], candidates, least),
        no_clear_segments=no_clear_segments,
    )


def _least_bad(picked: Candidate, least: float) -> str:
    return (
        f"every number of segments leaves one below {100 * least:g} %; "
        f"with {picked.k} the smallest holds {100 * picked.smallest_share:.2g} %, which is the most"
    )


def _picked(picked: Candidate, candidates: Sequence[Candidate], least: float) -> str:
    eligible = [each for each in candidates if each.is_eligible(least)]
    best = max(eligible, key=lambda each: (each.silhouette.value or 0.0, -each.k))
    if picked.k == best.k:
        text = f"{picked.k} segments have the highest silhouette ({_value(picked)})"
    else:
        text = (
            f"the silhouettes of {picked.k} and {best.k} segments ({_value(picked)} and {_value(best)}) "
            "cannot be told apart, so the smaller number stands"
        )
    left_out = [str(each.k) for each in candidates if each not in eligible]
    if left_out:
        text += f"; {', '.join(left_out)} would leave a segment below {100 * least:g} %"
    return text


def _excess(found: Candidate, candidates: Sequence[Candidate], least: float) -> str:
    known = [each for each in candidates if each.excess is not None and each.is_eligible(least)] or [found]
    peak = max(known, key=lambda each: each.excess.value if each.excess else 0.0)
    text = f"{found.k} segments exceed tables without groups by {_margin(found)}"
    if peak.k == found.k:
        return f"{text}, which is the most"
    return f"{text}, within a standard error of the most, which is {_margin(peak)} with {peak.k}"


def _value(candidate: Candidate) -> str:
    return f"{candidate.silhouette.value or 0.0:.3f}"


def _margin(candidate: Candidate) -> str:
    excess = candidate.excess
    assert excess is not None
    return f"{excess.value:.3f} ± {excess.error:.3f}"

"""What speaks against an answer that explains every word: each doubt keeps it from answering alone.

Words that nobody understood lower the confidence by themselves (`confidence`). Here are the answers that look
complete and are wrong on tables that no rule has seen: known words in an unknown construction. Each kind of
doubt stands in `CAPS` with its reason; `python -m evals.calibration` shows what it catches and what it costs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from segmentry.criteria.nodes import Node
from segmentry.reader.clauses import Clauses
from segmentry.reader.outcomes import impossible, passed_over, rivals, support
from segmentry.reader.outcomes.doubt import Doubt, Kind
from segmentry.reader.scene import Scene

# An answer below this is shown with what is doubtful; from it upwards nobody looks twice.
ALONE: Final = 0.9
_FLAGGED: Final = 0.85
_ASKED: Final = 0.45

CAPS: Final[dict[Kind, float]] = {
    # Nobody can meet the criteria, and nobody asks for nobody.
    "impossible": _ASKED,
    # A second lower bound on a column that has one belongs to another column.
    "bounded twice": _FLAGGED,
    # "More" and "under" always compare something; outside every condition their number was lost.
    "comparator": _FLAGGED,
    # "or" that is no part of "or more" leaves a choice in the criteria.
    "choice": _FLAGGED,
    # "Either" ends its choice somewhere; with three conditions or more the words do not show where.
    "either": _FLAGGED,
    # A word that is a value of the table, taken for grammar or for a noun for people.
    "value passed over": _FLAGGED,
    # A word that means something ("live", "students") where the table has another noun for its people.
    "word passed over": _FLAGGED,
    # The negation stands before something else than the condition it was given to.
    "far negation": _FLAGGED,
    # The column's values are known and this is none of them: another column is as likely.
    "unseen value": _FLAGGED,
    # A country in a column of cities, or of anything that is no country.
    "country elsewhere": _FLAGGED,
    # "No mortgage" on a column of texts that are not known: set does not mean yes.
    "presence": _FLAGGED,
    # "No fines" on a number: unset is not zero.
    "unset number": _FLAGGED,
    # One word of a name of several ("seats" for seat_utilization) names a part of it.
    "part of a name": _FLAGGED,
    # "Predicted", "previous", "minimum": what the name adds and nobody said.
    "unsaid qualifier": _FLAGGED,
    # A count over 90 days, where no period was said or all time was.
    "unsaid period": _FLAGGED,
    # "For 2 people" beside a price: the number counts what stands behind it.
    "number of people": _FLAGGED,
    # A length of time as a bound on a count.
    "period as number": _FLAGGED,
    # The same words of time made two conditions.
    "one period twice": _FLAGGED,
    # "Yearly premium": the value says which column is meant, and is no condition of its own.
    "value before a name": _FLAGGED,
    # The reader chose the column: "over 50" is an age, "a total of 3k" is money.
    "assumed column": _FLAGGED,
    # "Was gold", "ever married": the table holds what is so now.
    "past state": _FLAGGED,
    # One word is a value or a noun of two columns, and nothing says which.
    "several columns": _FLAGGED,
    # "Seats per employee" divides one column by another.
    "a rate": _FLAGGED,
    # "Rank higher than 10" may be a better rank or a larger number.
    "direction": _FLAGGED,
}  # fmt: skip


def doubts(scene: Scene, found: Clauses, node: Node) -> list[Doubt]:
    """What speaks against an answer, in the order of the checks; nothing for most."""
    return [
        *impossible.doubts(scene, node),
        *passed_over.doubts(scene, found, node),
        *support.doubts(scene, found),
        *rivals.doubts(scene, found),
    ]


def cap(found: list[Doubt], caps: Mapping[Kind, float] = CAPS) -> float:
    """The highest confidence that an answer with these doubts may have, 1 without any."""
    return min((caps[each.kind] for each in found), default=1.0)

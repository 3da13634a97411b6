"""What a caller asks of the analyses, and the question that may come back first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from segmentry.analysis.events import AnalysisEstimate
from segmentry.analysis.parameters import Parameters
from segmentry.criteria.segments import Saved
from segmentry.errors import ConfirmationRequired


class NeedsConfirmation(ConfirmationRequired):
    """The model tier on a large table was not confirmed; `estimate` is what the dialog shows."""

    def __init__(self, estimate: AnalysisEstimate) -> None:
        super().__init__(
            f"the model tier on {estimate.rows} rows needs confirmed = true; "
            "AUTO and ML_WORKER cluster every row without it",
            rows=estimate.rows,
        )
        self.estimate = estimate
        # The estimate as a message, which only `rpc` can make; `rpc/status.py` sends it along.
        self.wire_detail: object | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What a caller asks to be analysed: whose table, how, and the clock of the request.

    `saved` holds the saved segments that `parameters.within` leads to.
    """

    tenant: str
    schema_id: str
    parameters: Parameters
    as_of: datetime
    time_zone: str = ""
    saved: Saved = field(default_factory=Saved)

"""A recommendation as callers see it: a card of an analysis that somebody applied."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from segmentry.errors import InvalidState, NotFound, VersionMismatch

State = Literal["OPEN", "ACCEPTED", "DISMISSED"]
STATES: tuple[State, ...] = get_args(State)
# What the store gives out; any other id is nowhere to be found, whatever it holds.
RECOMMENDATION_ID = re.compile(r"rec_[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class AppliedCard:
    """What is applied: a card, its definition, and how it looks to whoever wrote it.

    `card` and `filter_rules` are JSON texts that are kept and given back as they are; `filter_rules` is an
    empty list where a list cannot say the criteria.
    """

    run_id: str
    card_id: str
    schema_id: str
    name: str
    card: str
    criteria: str
    filter_rules: str = "[]"


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One recommendation. `rule_size`: customers that met the criteria when it was applied, None unknown."""

    recommendation_id: str
    applied: AppliedCard
    state: State
    etag: str
    rule_size: int | None
    rule_id: str
    comment: str
    create_time: datetime
    update_time: datetime

    def refuse_etag(self, etag: str) -> None:
        """Raises: VersionMismatch for another etag than the present one."""
        if etag != self.etag:
            raise VersionMismatch(
                f"recommendation {self.recommendation_id} has changed since it was read and is {self.state} "
                "now; read it again, then repeat it",
                resource=self.recommendation_id,
                currentEtag=self.etag,
            )

    def refuse_other_rules(self, card: AppliedCard) -> None:
        """Raises: InvalidState where it was accepted with other rules than the card is applied with now."""
        if card.criteria != self.applied.criteria:
            raise InvalidState(
                f"recommendation {self.recommendation_id} was accepted with other rules, as {self.rule_id}; "
                "archive that rule and apply a card of another run",
                state=self.state,
            )

    def refuse_state(self, verb: str) -> None:
        """Raises: InvalidState unless it is open."""
        if self.state != "OPEN":
            raise InvalidState(
                f"recommendation {self.recommendation_id} is {self.state}; only an open one can be {verb}",
                state=self.state,
                wanted="OPEN",
            )


def state_of(text: str) -> State:
    """A state as it is stored."""
    for state in STATES:
        if state == text:
            return state
    raise ValueError(f"not a state: {text!r}")


def no_such_recommendation(recommendation_id: str) -> NotFound:
    """The error for a recommendation that the tenant does not have."""
    shown = recommendation_id[:80]
    return NotFound(
        f"there is no recommendation {shown!r}; ListRecommendations shows those of this tenant",
        resourceType="recommendation",
        resourceId=shown,
    )

"""A qualification rule as callers see it: criteria that another system's decisions may ask about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from segmentry.criteria import walk
from segmentry.criteria.catalog import Catalog
from segmentry.criteria.nodes import Event, Leaf, Node, Segment, Top
from segmentry.errors import InvalidState, NotFound, VersionMismatch

State = Literal["DRAFT", "ACTIVE", "ARCHIVED"]
STATES: tuple[State, ...] = get_args(State)
# May this customer get it at all; is this the right group; in which order.
Stage = Literal["eligibility", "fit", "match"]
STAGES: tuple[Stage, ...] = get_args(Stage)
Kind = Literal["segment_required", "recency_check", "metric_condition", "attribute_condition"]
# What the store gives out; any other id is nowhere to be found, whatever it holds.
RULE_ID = re.compile(r"rule_[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class QualificationRule:
    """One rule. `criteria` is the symbolic definition as JSON text: its dates move with the clock.

    `matched_count`: customers at the last count, None when that is not known or not shown.
    """

    rule_id: str
    schema_id: str
    state: State
    stage: Stage
    type: str
    name: str
    criteria: str
    filter_rules: str
    recommendation_id: str
    version: int
    etag: str
    matched_count: int | None
    create_time: datetime
    activate_time: datetime | None

    def refuse_etag(self, etag: str) -> None:
        """Raises: VersionMismatch for another etag than the present one."""
        if etag != self.etag:
            raise VersionMismatch(
                f"rule {self.rule_id} has changed since it was read and is {self.state} now; read it again, "
                "then repeat it",
                resource=self.rule_id,
                currentEtag=self.etag,
            )

    def refuse_state(self, wanted: State, verb: str) -> None:
        """Raises: InvalidState unless it is in the state that is wanted."""
        if self.state != wanted:
            raise InvalidState(
                f"rule {self.rule_id} is {self.state}; only one that is {wanted} can be {verb}",
                state=self.state,
                wanted=wanted,
            )


def kind_of(node: Node, catalog: Catalog) -> Kind:
    """What a rule is about, by the leaves that it holds: the strongest of them names it.

    >>> from segmentry.criteria.catalog import Field
    >>> from segmentry.criteria.nodes import Operator
    >>> club = Catalog("club", (Field("tier", "string"), Field("visits", "number")))
    >>> kind_of(Leaf("tier", Operator.EQ, "GOLD"), club), kind_of(Leaf("visits", Operator.GT, 3), club)
    ('attribute_condition', 'metric_condition')
    """
    leaves = list(walk.nodes(node))
    if any(isinstance(each, Segment) for each in leaves):
        return "segment_required"
    types = {
        catalog.by_name[each.field].type
        for each in leaves
        if isinstance(each, Leaf | Top) and each.field in catalog.by_name
    }
    if "datetime" in types:
        return "recency_check"
    if "number" in types or any(isinstance(each, Event | Top) for each in leaves):
        return "metric_condition"
    return "attribute_condition"


def state_of(text: str) -> State:
    """A state as it is stored."""
    for state in STATES:
        if state == text:
            return state
    raise ValueError(f"not a state: {text!r}")


def stage_of(text: str) -> Stage:
    """A stage as it is stored."""
    for stage in STAGES:
        if stage == text:
            return stage
    raise ValueError(f"not a stage: {text!r}")


def no_such_rule(rule_id: str) -> NotFound:
    """The error for a rule that the tenant does not have."""
    shown = rule_id[:80]
    return NotFound(
        f"there is no rule {shown!r}; ListQualificationRules shows those of this tenant",
        resourceType="rule",
        resourceId=shown,
    )

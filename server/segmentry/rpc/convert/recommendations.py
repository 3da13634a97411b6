"""Recommendations and qualification rules: messages of the contract to and from what is kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar, cast

from google.protobuf import json_format

from segmentry.errors import InvalidParameters, MissingField
from segmentry.insights import recommendation as recommendations
from segmentry.insights import rule as rules
from segmentry.insights.counting import node_of
from segmentry.insights.recommendation import AppliedCard, Recommendation
from segmentry.insights.rule import QualificationRule
from segmentry.insights.verdicts import Judged, Verdict
from segmentry.rpc.convert import criteria
from segmentry.rpc.convert.times import timestamp
from segmentry.v1 import events_pb2, segment_analysis_pb2
from segmentry.v1 import segment_insights_pb2 as pb

MAX_COMMENT = 2_000
# Keys are names and numbers; nothing longer is looked for.
MAX_ID = 1024

_S = TypeVar("_S", recommendations.State, rules.State)

_STATES: dict[recommendations.State, pb.RecommendationState.ValueType] = {
    "OPEN": pb.RECOMMENDATION_STATE_OPEN,
    "ACCEPTED": pb.RECOMMENDATION_STATE_ACCEPTED,
    "DISMISSED": pb.RECOMMENDATION_STATE_DISMISSED,
}
_RULE_STATES: dict[rules.State, pb.QualificationRuleState.ValueType] = {
    "DRAFT": pb.QUALIFICATION_RULE_STATE_DRAFT,
    "ACTIVE": pb.QUALIFICATION_RULE_STATE_ACTIVE,
    "ARCHIVED": pb.QUALIFICATION_RULE_STATE_ARCHIVED,
}


def applied(
    card: segment_analysis_pb2.SegmentCard, run_id: str, schema_id: str, definition: str, *, as_rules: bool
) -> AppliedCard:
    """A card as it is kept. `definition` is its criteria as text; `as_rules` keeps the filter rules too."""
    listed = [json_format.MessageToDict(each) for each in card.filter_rules] if as_rules else []
    return AppliedCard(
        run_id=run_id,
        card_id=card.card_id,
        schema_id=schema_id,
        name=card.name,
        card=json_format.MessageToJson(card, indent=None, ensure_ascii=False),
        criteria=definition,
        filter_rules=json.dumps(listed, ensure_ascii=False, separators=(",", ":")),
    )


def recommendation(found: Recommendation) -> pb.Recommendation:
    """A recommendation with the card as it was applied."""
    # A card that an older version kept may hold what is named otherwise by now.
    card = json_format.Parse(
        found.applied.card, segment_analysis_pb2.SegmentCard(), ignore_unknown_fields=True
    )
    return pb.Recommendation(
        recommendation_id=found.recommendation_id,
        state=_STATES[found.state],
        run_id=found.applied.run_id,
        card=card,
        create_time=timestamp(found.create_time),
        etag=found.etag,
        rule_id=found.rule_id,
        dismiss_comment=found.comment,
        schema_id=found.applied.schema_id,
    )


def rule(found: QualificationRule) -> pb.QualificationRule:
    """A rule, its criteria in both forms."""
    node = node_of(found.criteria)
    listed = cast("list[dict[str, object]]", json.loads(found.filter_rules))
    return pb.QualificationRule(
        rule_id=found.rule_id,
        state=_RULE_STATES[found.state],
        name=found.name,
        criteria=criteria.to_struct(node),
        expression=criteria.to_expression(node),
        filter_rules=[
            json_format.ParseDict(each, segment_analysis_pb2.FilterRule(), ignore_unknown_fields=True)
            for each in listed
        ],
        recommendation_id=found.recommendation_id,
        version=found.version,
        etag=found.etag,
        matched_count=found.matched_count,
        create_time=timestamp(found.create_time),
        activate_time=None if found.activate_time is None else timestamp(found.activate_time),
        stage=found.stage,
        type=found.type,
        schema_id=found.schema_id,
    )


def drift(said: str) -> list[events_pb2.Warning]:
    """The warning of a count that has moved; none for an empty text."""
    return [events_pb2.Warning(reason="DRIFTED", message=said)] if said else []


def check_response(
    customer_ids: Sequence[str], judged: Judged, as_of: datetime
) -> pb.CheckQualificationResponse:
    """The verdicts on several customers. Of those who fare alike one message is made and copied."""
    response = pb.CheckQualificationResponse(as_of=timestamp(as_of))
    ways = [pb.CustomerVerdicts(verdicts=verdicts(each)) for each in judged.ways]
    add = response.customers.add
    for customer_id, way in zip(customer_ids, judged.of, strict=True):
        customer = add()
        customer.CopyFrom(ways[way])
        customer.customer_id = customer_id
    return response


def verdicts(found: Sequence[Verdict]) -> list[pb.RuleVerdict]:
    """The verdicts on one customer."""
    return [_verdict(each) for each in found]


def _verdict(verdict: Verdict) -> pb.RuleVerdict:
    return pb.RuleVerdict(
        rule_id=verdict.rule_id,
        version=verdict.version,
        qualifies=verdict.qualifies,
        message=verdict.message,
    )


def state_from(number: int) -> recommendations.State | None:
    """The state; None where none was given. Raises: InvalidParameters for a number that is none."""
    return _state(number, {int(value): state for state, value in _STATES.items()}, tuple(_STATES))


def rule_state_from(number: int) -> rules.State | None:
    """The state; None where none was given. Raises: InvalidParameters for a number that is none."""
    return _state(number, {int(value): state for state, value in _RULE_STATES.items()}, tuple(_RULE_STATES))


def _state(number: int, known: dict[int, _S], names: Sequence[str]) -> _S | None:
    if number == 0:
        return None
    if number not in known:
        raise InvalidParameters(f"state: {number} is none of {', '.join(names)}", field="state")
    return known[number]


def stage_from(text: str) -> rules.Stage:
    """The stage; `fit` where none was given. Raises: InvalidParameters for another text."""
    for stage in rules.STAGES:
        if text == stage or (not text and stage == "fit"):
            return stage
    raise InvalidParameters(f"stage is {text[:40]!r}; use one of {', '.join(rules.STAGES)}", field="stage")


def comment_from(text: str) -> str:
    """Why something was put aside. Raises: InvalidParameters for a text that cannot be kept."""
    if len(text) > MAX_COMMENT or "\0" in text:
        raise InvalidParameters(f"comment is at most {MAX_COMMENT:,} characters without NUL", field="comment")
    return text.strip()


def customer_ids(request: pb.CheckQualificationRequest) -> list[str]:
    """Who is asked about.

    Raises: MissingField for nobody; InvalidParameters for both ways at once, an empty id or one with NUL.
    """
    if request.customer_id and request.customer_ids:
        raise InvalidParameters(
            "customer_id and customer_ids exclude each other; use the list", field="customer_id"
        )
    asked = [request.customer_id] if request.customer_id else list(request.customer_ids)
    if not asked:
        raise MissingField(
            "customer_ids is needed: values of the table's key column, or numbers of rows from 1 where it "
            "has none",
            field="customer_ids",
        )
    # All at once, since it is nearly always well.
    if all(asked) and "\0" not in "".join(asked) and max(map(len, asked)) <= MAX_ID:
        return asked
    for at, each in enumerate(asked):
        if not each or "\0" in each or len(each) > MAX_ID:
            raise InvalidParameters(
                f"customer_ids[{at}] is no id: use 1 to {MAX_ID:,} characters without NUL",
                field=f"customer_ids[{at}]",
            )
    return asked

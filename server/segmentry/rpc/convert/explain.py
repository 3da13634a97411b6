"""Counts and verdicts taken apart, as messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from google.protobuf.struct_pb2 import Struct, Value

from segmentry.builder.outcome import Notice
from segmentry.builder.request import Place
from segmentry.criteria import dates
from segmentry.criteria.match import Cell
from segmentry.customers.store import Count
from segmentry.errors import JsonValue
from segmentry.explain.compare import Comparison, Witness
from segmentry.explain.count import ClauseCount, ExplainedCount, LeafCount
from segmentry.explain.member import ExplainedMember
from segmentry.explain.relaxations import Relaxation
from segmentry.explain.verdicts import Verdict
from segmentry.rpc.convert import struct
from segmentry.rpc.convert.builder import diff, warning
from segmentry.rpc.convert.criteria import to_expression, to_struct
from segmentry.rpc.convert.times import timestamp
from segmentry.v1 import segment_builder_pb2 as pb


def count_response(found: ExplainedCount, notices: Sequence[Notice], place: Place) -> pb.ExplainCountResponse:
    """The reply of ExplainCount."""
    return pb.ExplainCountResponse(
        count=found.count.matched,
        universe=found.count.universe,
        leaves=[_leaf(each) for each in found.leaves],
        relaxations=[_relaxation(each, place) for each in found.relaxations],
        as_of=timestamp(place.clock.as_of),
        time_zone=place.clock.zone.key,
        snapshot_id=found.count.snapshot_id,
        strongest_leaf_id=found.strongest_leaf_id,
        clauses=[_clause(each, place) for each in found.clauses],
        suppressed=found.count.suppressed,
        warnings=[warning(each) for each in notices],
    )


def member_response(
    found: ExplainedMember, notices: Sequence[Notice], place: Place
) -> pb.ExplainMemberResponse:
    """The reply of ExplainMember."""
    return pb.ExplainMemberResponse(
        member=found.member,
        leaves=[_verdict(each) for each in found.leaves],
        flips=[pb.Flip(leaf_ids=each.leaf_ids, message=each.message) for each in found.flips],
        as_of=timestamp(place.clock.as_of),
        time_zone=place.clock.zone.key,
        customer_id=found.key,
        warnings=[warning(each) for each in notices],
    )


def comparison(found: Comparison, notices: Sequence[Notice], place: Place) -> pb.CompareCriteriaResponse:
    """The reply of CompareCriteria."""
    return pb.CompareCriteriaResponse(
        diff=diff(found.changes),
        same_canonical=found.same_canonical,
        same_members=found.same_members,
        left_count=found.left_count.matched,
        right_count=found.right_count.matched,
        both_count=found.both.matched,
        only_left=found.only_left.matched,
        only_right=found.only_right.matched,
        jaccard=found.jaccard,
        universe=found.both.universe,
        witness=None if found.witness is None else _witness(found.witness),
        witness_side="" if found.witness is None else found.witness.side,
        left_explanation=place.english(found.left.node),
        right_explanation=place.english(found.right.node),
        as_of=timestamp(place.clock.as_of),
        time_zone=place.clock.zone.key,
        snapshot_id=found.both.snapshot_id,
        suppressed=any(each.suppressed for each in found.counts),
        warnings=[warning(each) for each in notices],
    )


def _leaf(leaf: LeafCount) -> pb.LeafCount:
    return pb.LeafCount(
        leaf_id=leaf.leaf_id,
        path=leaf.leaf.path,
        leaf=to_struct(leaf.leaf),
        alone=leaf.alone.matched,
        running=_matched(leaf.running),
        without=leaf.without.matched,
        missing_value=_matched(leaf.missing_value),
        explanation=leaf.explanation,
    )


def _matched(count: Count | None) -> int | None:
    return None if count is None else count.matched


def _clause(clause: ClauseCount, place: Place) -> pb.ClauseCount:
    return pb.ClauseCount(
        path=clause.node.path,
        clause=to_struct(clause.node),
        leaf_ids=clause.leaf_ids,
        running=clause.running.matched,
        without=clause.without.matched,
        explanation=place.english(clause.node),
    )


def _relaxation(relaxation: Relaxation, place: Place) -> pb.Relaxation:
    return pb.Relaxation(
        path=relaxation.path,
        criteria=to_struct(relaxation.node),
        count=relaxation.count.matched,
        label=relaxation.label,
        expression=to_expression(relaxation.node, place.clock),
    )


def _verdict(verdict: Verdict) -> pb.LeafVerdict:
    return pb.LeafVerdict(
        leaf_id=verdict.leaf_id,
        path=verdict.leaf.path,
        holds=verdict.holds,
        missing_value=verdict.missing_value,
        message=verdict.message,
        actual=None if verdict.actual is None else _value(verdict.actual),
        leaf=to_struct(verdict.leaf),
    )


def _witness(witness: Witness) -> Struct:
    return struct.from_json({name: _json(value) for name, value in witness.values.items()})


def _value(cell: Cell) -> Value:
    return struct.value_from_json(_json(cell))


def _json(cell: Cell) -> JsonValue:
    """A customer's value as JSON: datetimes as ISO text, arrays as lists without empty places."""
    match cell:
        case datetime():
            return dates.iso(cell)
        case str() | int() | float() | None:
            return cell
        case _:
            return [_json(each) for each in cell if each is not None]

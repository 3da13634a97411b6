"""Builds as they are kept, and what became of them as messages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import cast

from google.protobuf.struct_pb2 import Struct

from segmentry.builder.outcome import LeafProvenance, Outcome, Tier
from segmentry.builder.request import Place
from segmentry.criteria import walk
from segmentry.criteria.nodes import Leaf, Node
from segmentry.errors import InvalidParameters, MissingField
from segmentry.insights import phrases
from segmentry.insights.builds import KeptBuild, KeptLeaf, node_of, text_of
from segmentry.insights.edits import Change
from segmentry.insights.outcome_figures import CALLER
from segmentry.insights.outcome_store import Outcome as Said
from segmentry.insights.outcome_store import Recorded
from segmentry.insights.outcomes import Classed
from segmentry.llm.model import UNSAID
from segmentry.rpc.convert.builder import TIERS, diff
from segmentry.rpc.convert.criteria import to_struct
from segmentry.rpc.convert.times import timestamp
from segmentry.v1 import segment_builder_pb2 as pb
from segmentry.v1 import segment_insights_pb2

MOST_COMMENT = 2_000

_OUTCOMES: dict[int, Said] = {
    pb.BUILD_OUTCOME_ACCEPTED: "ACCEPTED",
    pb.BUILD_OUTCOME_EDITED: "EDITED",
    pb.BUILD_OUTCOME_REJECTED: "REJECTED",
    pb.BUILD_OUTCOME_BUILT_BY_HAND: "BUILT_BY_HAND",
}


def kept(outcome: Outcome, words: str, current: Node | None, place: Place, now: datetime) -> KeptBuild:
    """An answer as it is kept."""
    result, asked = outcome.result, outcome.clarification
    readings = () if asked is None else asked.readings
    trees = [
        *(() if result is None else (result.node,)),
        *(() if current is None else (current,)),
        *(each.node for each in readings),
    ]
    personal = any(_is_personal(name, place) for tree in trees for name in walk.fields(tree))
    versions = [each.version for each in outcome.experts if each.version != UNSAID]
    version = versions[-1] if versions else UNSAID
    return KeptBuild(
        tenant=place.tenant,
        build_id=outcome.build_id,
        schema_id=place.schema_id,
        query="" if personal else words.replace("\0", " "),
        current=None if current is None else text_of(current),
        proposed=None if result is None else text_of(result.node),
        readings=tuple(text_of(each.node) for each in readings),
        as_of=place.clock.as_of,
        time_zone=place.clock.zone.key,
        tier=outcome.tier,
        model=outcome.model,
        reported_model=version.name,
        fingerprint=version.fingerprint,
        personal=personal,
        leaves=tuple(_leaves(outcome, words, place)),
        created_at=now,
    )


def said_of(value: int) -> Said:
    """What a report says was done. Raises: MissingField; InvalidParameters for a value that is none."""
    if value == pb.BUILD_OUTCOME_UNSPECIFIED:
        raise MissingField("outcome is needed: ACCEPTED, EDITED, REJECTED or BUILT_BY_HAND", field="outcome")
    found = _OUTCOMES.get(value)
    if found is None:
        raise InvalidParameters(
            f"outcome {value} is none; use ACCEPTED, EDITED, REJECTED or BUILT_BY_HAND", field="outcome"
        )
    return found


def change_of(value: int) -> Change | None:
    """The class that a list is bounded to; None for all. Raises: InvalidParameters for one that is none."""
    if value == pb.OUTCOME_CHANGE_UNSPECIFIED:
        return None
    if value not in pb.OutcomeChange.values():
        raise InvalidParameters(f"change {value} is none; leave it out for all", field="change")
    name = pb.OutcomeChange.Name(pb.OutcomeChange.ValueType(value))
    return cast("Change", name.removeprefix("OUTCOME_CHANGE_"))  # the enum has the names of the literal


def recorded(found: Classed, build_id: str) -> pb.RecordOutcomeResponse:
    """The reply to a report."""
    return pb.RecordOutcomeResponse(
        diff=diff(found.edit.changes) if found.compared else None,
        change=_change(found.edit.change),
        edited_agents=[each for each in found.edited if each != CALLER],
        build_id=build_id,
    )


def outcome(found: Recorded) -> segment_insights_pb2.RecordedOutcome:
    """One report of a list."""
    build = found.build
    agents = (
        f"{each.agent} {each.prompt_version}".strip()
        for each in build.leaves
        if each.agent not in {"", CALLER}
    )
    return segment_insights_pb2.RecordedOutcome(
        build_id=build.build_id,
        outcome=pb.BuildOutcome.Value(f"BUILD_OUTCOME_{found.outcome}"),
        change=_change(found.change),
        report_time=timestamp(found.reported_at),
        schema_id=build.schema_id,
        query=build.query,
        current=_struct(build.current),
        proposed=_struct(build.proposed),
        final=_struct(found.final),
        as_of=timestamp(build.as_of),
        time_zone=build.time_zone,
        tier=TIERS[cast("Tier", build.tier)],  # as `kept` wrote it
        model=build.model,
        reported_model=build.reported_model,
        fingerprint=build.fingerprint,
        agents=list(dict.fromkeys(agents)),
        personal=build.personal,
    )


def _struct(text: str | None) -> Struct | None:
    return None if text is None else to_struct(node_of(text))


def _change(change: Change) -> pb.OutcomeChange.ValueType:
    return pb.OutcomeChange.Value(f"OUTCOME_CHANGE_{change}")


def _leaves(outcome: Outcome, words: str, place: Place) -> Iterator[KeptLeaf]:
    known = phrases.vocabulary(place.catalog)
    if outcome.result is not None:
        for entry, leaf in zip(outcome.result.provenance, walk.leaves(outcome.result.node), strict=True):
            if entry.source == "kept":
                yield KeptLeaf(CALLER, "", "")
                continue
            hidden = isinstance(leaf, Leaf) and _is_personal(leaf.field, place)
            said = leaf.field if isinstance(leaf, Leaf) and hidden else _text(entry)
            yield KeptLeaf(entry.agent, entry.prompt_version, phrases.phrase(said, known))
        for span in outcome.result.unexplained:
            yield KeptLeaf("", "", phrases.phrase(span.text, known))
    elif outcome.clarification is not None:
        asked = [each.span.text for each in outcome.clarification.questions if each.span is not None]
        for text in asked or [words]:
            yield KeptLeaf("", "", phrases.phrase(text, known))


def _text(entry: LeafProvenance) -> str:
    return " ".join(span.text for span in entry.spans)


def _is_personal(name: str, place: Place) -> bool:
    field = place.catalog.get(name)
    return field is not None and (field.pii or field.role == "id")

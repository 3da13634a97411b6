"""What became of earlier segments, as messages of the contract."""

from __future__ import annotations

from collections.abc import Sequence

from segmentry.analysis.continuity import Continuity, Migration, MigrationCount
from segmentry.v1 import segment_analysis_pb2 as pb


def continuity(value: Continuity) -> pb.Continuity:
    return pb.Continuity(
        previous_run_id=value.previous_run_id,
        matches=[
            pb.SegmentMatch(
                card_id=each.card_id, overlap=each.overlap, previous_size=each.previous_size, size=each.size
            )
            for each in value.matches
        ],
        retired=[
            pb.RetiredSegment(card_id=each.card_id, name=each.name, size=each.size) for each in value.retired
        ],
        migration=None if value.migration is None else _migration(value.migration),
    )


def _migration(value: Migration) -> pb.Migration:
    return pb.Migration(
        flows=[
            pb.MigrationFlow(
                from_card_id=each.from_card_id, to_card_id=each.to_card_id, customers=each.customers
            )
            for each in value.flows
        ],
        joined=_counts(value.joined),
        left=_counts(value.left),
        compared=value.compared,
        moved=value.moved,
        moved_percentage=100 * value.moved / value.compared if value.compared else None,
        sample=value.is_sample,
    )


def _counts(values: Sequence[MigrationCount]) -> list[pb.MigrationCount]:
    return [pb.MigrationCount(card_id=each.card_id, customers=each.customers) for each in values]

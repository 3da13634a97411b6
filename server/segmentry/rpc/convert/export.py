"""An export as ExportCriteria answers it."""

from __future__ import annotations

from google.protobuf.struct_pb2 import ListValue

from segmentry.criteria.export.exported import Exported, Verified
from segmentry.rpc.convert import struct
from segmentry.v1 import segment_builder_pb2 as pb

_VERIFIED: dict[Verified, pb.ExportVerification.ValueType] = {
    "run": pb.EXPORT_VERIFICATION_RUN,
    "shape": pb.EXPORT_VERIFICATION_SHAPE,
    "none": pb.EXPORT_VERIFICATION_NONE,
}


# A Struct inside a reply; every protobuf runtime reads this many levels, and some read no more.
_MOST_LEVELS = 99


def export_response(exported: Exported) -> pb.ExportCriteriaResponse:
    """The reply of ExportCriteria. A Struct holds doubles, so `text` is the one with all digits.

    JSON that nests too deep for a message is in `text` alone, and a note says so.
    """
    json, notes = exported.json, exported.notes
    if json is not None and struct.levels(json) > _MOST_LEVELS:
        json = None
        notes = (*notes, "this nests too deep for the field json: read text, which is the whole of it")
    return pb.ExportCriteriaResponse(
        text=exported.text,
        parameters=ListValue(values=[struct.value_from_json(each) for each in exported.parameters]),
        json=None if json is None else struct.from_json(json),
        exact=exported.exact,
        verified=_VERIFIED[exported.verified],
        notes=notes,
        statement=exported.statement,
    )

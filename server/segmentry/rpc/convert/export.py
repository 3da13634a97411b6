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


def export_response(exported: Exported) -> pb.ExportCriteriaResponse:
    """The reply of ExportCriteria. A Struct holds doubles, so `text` is the one with all digits."""
    return pb.ExportCriteriaResponse(
        text=exported.text,
        parameters=ListValue(values=[struct.value_from_json(each) for each in exported.parameters]),
        json=None if exported.json is None else struct.from_json(exported.json),
        exact=exported.exact,
        verified=_VERIFIED[exported.verified],
        notes=exported.notes,
    )

"""What tools learn about the contract."""

from __future__ import annotations

from google.protobuf import descriptor_pb2
from segmentry.rpc.reflection import with_json_names
from segmentry.v1 import criteria_pb2, segment_analysis_pb2, segment_builder_pb2


def test_reflected_fields_say_the_json_names_of_proto_json() -> None:
    for module in (criteria_pb2, segment_builder_pb2, segment_analysis_pb2):
        file = descriptor_pb2.FileDescriptorProto.FromString(with_json_names(module.DESCRIPTOR.serialized_pb))
        for message in file.message_type:
            known = module.DESCRIPTOR.message_types_by_name[message.name]
            told = {field.name: field.json_name for field in message.field}
            assert told == {field.name: field.json_name for field in known.fields}
    builds = {field.name: field for field in segment_builder_pb2.BuildResponse.DESCRIPTOR.fields}
    assert builds["preview_count"].json_name == "previewCount"

"""The JSON bodies of the source documents are read and printed as they stand there."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from google.api import annotations_pb2, http_pb2
from google.protobuf import descriptor_pb2, json_format
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.message import Message
from segmentry.v1 import segment_analysis_pb2 as analysis
from segmentry.v1 import segment_builder_pb2 as builder
from segmentry.v1 import segment_insights_pb2 as insights

TIERS = {"membershipTier": {"$in": ["PLATINUM", "DIAMOND"]}}
REQUESTS: list[tuple[type[Message], dict[str, Any]]] = [
    (
        builder.BuildRequest,
        {"query": "Find platinum and diamond members who are active", "tenantId": "tenant_123"},
    ),
    (
        builder.RefineRequest,
        {"instruction": "Also require email opt-in", "currentCriteria": TIERS, "tenantId": "tenant_123"},
    ),
    (
        builder.PreviewCountRequest,
        {"criteria": {"engagementScore": {"$gte": 70}}, "tenantId": "tenant_123"},
    ),
    (analysis.StartAnalysisRequest, {"schemaId": "customers"}),
]
REPLIES: list[tuple[type[Message], dict[str, Any]]] = [
    (
        builder.BuildResponse,
        {
            "success": True,
            "result": {
                "criteria": {"$and": [TIERS, {"status": "ACTIVE"}]},
                "explanation": "Platinum and diamond tier members with active status",
                "fieldsMapped": ["membershipTier", "status"],
                "confidence": 0.95,
            },
            "previewCount": 342,
            "usage": {"promptTokens": 1240, "completionTokens": 89},
        },
    ),
    (
        builder.RefineResponse,
        {
            "success": True,
            "result": {
                "criteria": {"$and": [TIERS, {"emailOptIn": True}]},
                "explanation": "Platinum and diamond members who opted in to email",
                "fieldsMapped": ["membershipTier", "emailOptIn"],
                "confidence": 0.92,
            },
            "previewCount": 298,
        },
    ),
    (builder.PreviewCountResponse, {"count": 456}),
    (builder.PreviewCountResponse, {"count": 0}),
    (
        builder.ListFieldsResponse,
        {
            "fields": [
                {
                    "name": "engagementScore",
                    "type": "number",
                    "operators": ["eq", "neq", "lt", "lte", "gt", "gte"],
                    "description": "Engagement score (0-100)",
                },
                {
                    "name": "membershipTier",
                    "type": "string",
                    "operators": ["eq", "neq", "in", "nin"],
                    "description": "Membership tier (e.g., PLATINUM, GOLD, SILVER)",
                },
            ]
        },
    ),
    (
        builder.BuildResponse,
        {
            "success": False,
            "clarification": {
                "reason": "AMBIGUOUS_QUERY",
                "message": "Query is too ambiguous to build segment",
                "suggestions": [
                    "What defines 'high engagement'? Specify a score threshold.",
                    "Do you want email opt-in customers only?",
                ],
            },
        },
    ),
    (
        analysis.SegmentCard,
        {
            "name": "High-Value Loyalists",
            "description": "Customers who spend much and stay.",
            "size": 2340,
            "percentage": 18.0,
            "filterRules": [
                {"field": "spend", "operator": "gte", "value": 1000.0},
                {"field": "channel", "operator": "in", "value": ["Email"]},
            ],
            "characteristics": [{"feature": "spend", "value": "1,250 (average 480)", "importance": 0.0}],
            "suggestedUse": "Premium offers, loyalty rewards, lower contact frequency",
        },
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "body"), REQUESTS + REPLIES, ids=lambda value: getattr(value, "__name__", "")
)
def test_source_body_is_read_and_printed_key_by_key(message: type[Message], body: dict[str, Any]) -> None:
    read = json_format.Parse(json.dumps(body), message())
    again = cast(
        "dict[str, Any]", json.loads(json_format.MessageToJson(message.FromString(read.SerializeToString())))
    )
    assert again == body


def test_empty_list_of_the_source_is_printed_where_the_printer_is_told_to() -> None:
    body: dict[str, Any] = {
        "criteria": {},
        "explanation": "",
        "fieldsMapped": [],
        "confidence": 0.5,
        "ambiguities": [],
    }
    read = json_format.ParseDict(body, builder.SegmentResult())
    printed = json_format.MessageToDict(read, always_print_fields_with_no_presence=True)
    assert {key: printed[key] for key in body} == body


PATHS = {
    "SegmentBuilder.Build": "post /v1/ai/segments/build",
    "SegmentBuilder.StreamBuild": "post /v1/ai/segments/build:stream",
    "SegmentBuilder.Refine": "post /v1/ai/segments/refine",
    "SegmentBuilder.PreviewCount": "post /v1/ai/segments/preview",
    "SegmentBuilder.ListFields": "get /v1/ai/segments/fields",
    "SegmentBuilder.ListSchemas": "get /v1/ai/schemas",
    "SegmentBuilder.UpdateSegment": "patch /v1/segments/{segment.segment_id}",
    "SegmentAnalysis.StartAnalysis": "post /api/v1/ai/analyze/segments",
    "SegmentAnalysis.WatchAnalysis": "get /api/v1/ai/analyses/{run_id}:watch",
    "SegmentInsights.GetReadiness": "get /v1/ai/segments/readiness",
}


def http_rules() -> dict[str, str]:
    found: dict[str, str] = {}
    files: list[FileDescriptor] = [builder.DESCRIPTOR, analysis.DESCRIPTOR, insights.DESCRIPTOR]
    for file in files:
        proto = descriptor_pb2.FileDescriptorProto()
        file.CopyToProto(proto)
        for service in proto.service:
            for method in service.method:
                extensions: Any = method.options.Extensions  # types-protobuf knows no plain descriptor here
                rule = cast("http_pb2.HttpRule", extensions[annotations_pb2.http])
                verb = rule.WhichOneof("pattern") or ""
                found[f"{service.name}.{method.name}"] = f"{verb} {getattr(rule, verb, '')}"
    return found


def test_every_rpc_has_one_rest_path_and_the_source_paths_are_exact() -> None:
    rules = http_rules()
    assert len(rules) == 19 + 8 + 19
    assert len(set(rules.values())) == len(rules)
    assert {name: rules[name] for name in PATHS} == PATHS

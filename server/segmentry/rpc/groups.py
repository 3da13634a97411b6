"""Which group every RPC belongs to: its deadline, its place in the queue, whether it is exempt.

A new RPC needs a line here; `tests/rpc/test_groups.py` compares the table with the contract.
"""

from __future__ import annotations

from typing import Literal

Group = Literal["read", "build", "write", "stream", "exempt"]

_BUILDER: dict[str, Group] = {
    "Build": "build",
    "StreamBuild": "build",
    "Refine": "build",
    "StreamRefine": "build",
    "PreviewCount": "read",
    "ListFields": "read",
    "ListSchemas": "read",
    "ExplainCount": "read",
    "ExplainMember": "read",
    "CompareCriteria": "read",
    "ExportCriteria": "read",
    "RecordOutcome": "write",
    "CreateSegment": "write",
    "ListSegments": "read",
    "GetSegment": "read",
    "UpdateSegment": "write",
    "DeleteSegment": "write",
    "LintSegment": "read",
    "TestSegment": "read",
}

_ANALYSIS: dict[str, Group] = {
    "StartAnalysis": "write",
    "EstimateAnalysis": "write",
    "Discover": "stream",
    "ListAnalyses": "read",
    "GetAnalysis": "read",
    "WatchAnalysis": "stream",
    "CancelAnalysis": "write",
    "ApplySegment": "write",
}

_INSIGHTS: dict[str, Group] = {
    "ListRecommendations": "read",
    "GetRecommendation": "read",
    "AcceptRecommendation": "write",
    "DismissRecommendation": "write",
    "ListQualificationRules": "read",
    "GetQualificationRule": "read",
    "ActivateQualificationRule": "write",
    "ArchiveQualificationRule": "write",
    "CheckQualification": "read",
    "GetReadiness": "read",
    "WatchReadiness": "stream",
    "GetAnalysisConfig": "read",
    "UpdateAnalysisConfig": "write",
    "GetAgentHealth": "read",
    "ListOutcomes": "read",
    "RunCanaries": "write",
    "GetCanaries": "read",
    "AcceptCanaries": "write",
    "CancelCanaries": "write",
}

GROUPS: dict[str, Group] = {
    f"/segmentry.v1.{service}/{method}": group
    for service, methods in (
        ("SegmentBuilder", _BUILDER),
        ("SegmentAnalysis", _ANALYSIS),
        ("SegmentInsights", _INSIGHTS),
    )
    for method, group in methods.items()
}

# A probe must be answered when the server is full, and a person looking at the contract costs nothing.
_EXEMPT = ("/grpc.health.", "/grpc.reflection.")


def group_of(method: str) -> Group:
    """The group of `/package.Service/Method`; an RPC that is not listed counts as a write."""
    return "exempt" if method.startswith(_EXEMPT) else GROUPS.get(method, "write")

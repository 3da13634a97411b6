"""Which role every RPC needs.

A new RPC needs a line here; `tests/rpc/test_access.py` compares the table with the contract.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from segmentry.errors import PermissionDenied

Role = Literal["viewer", "editor", "admin"]
# Each may do what those before it may.
ROLES: tuple[Role, ...] = get_args(Role)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls, and what the caller may do."""

    name: str
    role: Role


# Without authentication a caller has reached a loopback address or this user's socket: nothing is kept back.
ANYONE: Final = Principal("anonymous", "admin")

_BUILDER: dict[str, Role] = {
    "Build": "viewer",
    "StreamBuild": "viewer",
    "Refine": "viewer",
    "StreamRefine": "viewer",
    "PreviewCount": "viewer",
    "ListFields": "viewer",
    "ListSchemas": "viewer",
    "ExplainCount": "viewer",
    "ExplainMember": "viewer",
    "CompareCriteria": "viewer",
    "ExportCriteria": "viewer",
    "RecordOutcome": "viewer",
    "CreateSegment": "editor",
    "ListSegments": "viewer",
    "GetSegment": "viewer",
    "UpdateSegment": "editor",
    "DeleteSegment": "editor",
    "LintSegment": "viewer",
    "TestSegment": "viewer",
}

_ANALYSIS: dict[str, Role] = {
    "StartAnalysis": "editor",
    "EstimateAnalysis": "viewer",
    "Discover": "editor",
    "ListAnalyses": "viewer",
    "GetAnalysis": "viewer",
    "WatchAnalysis": "viewer",
    "CancelAnalysis": "editor",
    "ApplySegment": "editor",
}

_INSIGHTS: dict[str, Role] = {
    "ListRecommendations": "viewer",
    "GetRecommendation": "viewer",
    "AcceptRecommendation": "editor",
    "DismissRecommendation": "editor",
    "ListQualificationRules": "viewer",
    "GetQualificationRule": "viewer",
    "ActivateQualificationRule": "editor",
    "ArchiveQualificationRule": "editor",
    "CheckQualification": "viewer",
    "GetReadiness": "viewer",
    "WatchReadiness": "viewer",
    "GetAnalysisConfig": "viewer",
    "UpdateAnalysisConfig": "admin",
    "GetAgentHealth": "viewer",
    "ListOutcomes": "viewer",
    "GetCanaries": "viewer",
    "RunCanaries": "editor",
    "AcceptCanaries": "editor",
    "CancelCanaries": "editor",
}

NEEDS: dict[str, Role] = {
    f"/segmentry.v1.{service}/{method}": role
    for service, methods in (
        ("SegmentBuilder", _BUILDER),
        ("SegmentAnalysis", _ANALYSIS),
        ("SegmentInsights", _INSIGHTS),
    )
    for method, role in methods.items()
}

# Whoever reaches the server may ask whether it lives, and where it tells its contract, for that.
_PUBLIC = ("/grpc.health.", "/grpc.reflection.")


def require(method: str, principal: Principal) -> None:
    """Let the caller of `/package.Service/Method` in; an RPC that is not listed is for admins.

    Raises: PermissionDenied, naming the role that is needed.
    """
    if method.startswith(_PUBLIC):
        return
    needed = NEEDS.get(method, "admin")
    if ROLES.index(principal.role) < ROLES.index(needed):
        raise PermissionDenied(
            f"{method.rpartition('/')[2]} needs the role {needed}, and this credential has {principal.role}; "
            f"ask an admin to do it, or for the role",
            role=principal.role,
            needed=needed,
        )

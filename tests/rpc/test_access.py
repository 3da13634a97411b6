"""Who may do what: every RPC of the contract needs a role, and is refused below it."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import descriptor_pool
from segmentry.errors import PermissionDenied
from segmentry.rpc import access
from segmentry.rpc.access import ANYONE, NEEDS, ROLES, Principal, Role
from segmentry.rpc.groups import GROUPS
from segmentry.v1 import segment_analysis_pb2, segment_builder_pb2, segment_insights_pb2

FILES = (segment_builder_pb2, segment_analysis_pb2, segment_insights_pb2)


def rpcs() -> set[str]:
    pool: Any = descriptor_pool.Default()
    return {
        f"/{service.full_name}/{method.name}"
        for file in FILES
        for service in pool.FindFileByName(file.DESCRIPTOR.name).services_by_name.values()
        for method in service.methods
    }


def test_every_rpc_of_the_contract_needs_a_role() -> None:
    assert set(NEEDS) == rpcs() == set(GROUPS)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("method", sorted(NEEDS))
def test_a_role_may_do_what_needs_it_or_less(method: str, role: Role) -> None:
    allowed = ROLES.index(role) >= ROLES.index(NEEDS[method])
    if allowed:
        access.require(method, Principal("someone", role))
        return
    with pytest.raises(PermissionDenied, match=method.rpartition("/")[2]) as caught:
        access.require(method, Principal("someone", role))
    assert caught.value.metadata == {"role": role, "needed": NEEDS[method]}


def test_what_changes_something_is_not_for_viewers() -> None:
    reading = {
        method
        for method, group in GROUPS.items()
        if group in ("read", "build") or method.rpartition("/")[2].startswith(("Watch", "Estimate", "Record"))
    }
    assert {method for method, role in NEEDS.items() if role == "viewer"} == reading
    assert NEEDS["/segmentry.v1.SegmentInsights/UpdateAnalysisConfig"] == "admin"


def test_an_rpc_that_is_not_listed_is_for_admins_and_a_probe_for_everybody() -> None:
    with pytest.raises(PermissionDenied):
        access.require("/segmentry.v1.SegmentInsights/New", Principal("someone", "editor"))
    access.require("/segmentry.v1.SegmentInsights/New", ANYONE)
    access.require("/grpc.health.v1.Health/Check", Principal("someone", "viewer"))

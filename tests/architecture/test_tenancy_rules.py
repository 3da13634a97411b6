"""Every RPC has a rule by which its tenancy is tested, and every field of a request a meaning.

When this fails after a change of the contract: write a rule in `tests/tenancy/rules.py`, say in
`tests/tenancy/carriers.py` what a new field carries, then run `pytest tests/tenancy`.
"""

from __future__ import annotations

import re

import pytest

from tests.architecture.checkout import TOP
from tests.tenancy.carriers import Rpc, rpcs, unclassified
from tests.tenancy.rules import RULES, NotBuilt

PROTOS = TOP / "protos" / "segmentry" / "v1"


def test_every_rpc_has_a_tenancy_rule() -> None:
    assert set(RULES) == {rpc.key for rpc in rpcs()}, "tests/tenancy/rules.py has one rule per RPC"


@pytest.mark.parametrize("rpc", rpcs(), ids=lambda rpc: rpc.key)
def test_every_field_of_a_request_is_said_to_carry_something_or_nothing(rpc: Rpc) -> None:
    assert not unclassified(rpc), "say in tests/tenancy/carriers.py what these fields can name"


def test_rpcs_that_are_built_have_a_rule_that_attacks_them() -> None:
    said = {
        f"{service}/{name}"
        for service in ("SegmentBuilder", "SegmentAnalysis", "SegmentInsights")
        for name in re.findall(
            r"  // Not built in this version[^\n]*\n  rpc (\w+)",
            (PROTOS / re.sub(r"(?<!^)([A-Z])", r"_\1", service).lower()).with_suffix(".proto").read_text(),
        )
    }
    assert {key for key, rule in RULES.items() if isinstance(rule, NotBuilt)} == said

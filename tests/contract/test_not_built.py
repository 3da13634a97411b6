"""What is in the contract and not built is said where a caller reads of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from segmentry.rpc.insights import SegmentInsights

TOP = Path(__file__).resolve().parents[2]
NOTE = "// Not built in this version: answers UNIMPLEMENTED."


@pytest.mark.parametrize("service", ["builder", "analysis", "insights"])
def test_an_rpc_that_is_refused_as_not_built_says_so_in_its_comment(service: str) -> None:
    proto = (TOP / "protos" / "segmentry" / "v1" / f"segment_{service}.proto").read_text()
    served = (TOP / "server" / "segmentry" / "rpc" / f"{service}.py").read_text()
    refused = set(re.findall(r'_not_built\("(\w+)"\)|"(\w+) is part of the contract and not built', served))
    names = {name for pair in refused for name in pair if name}
    if service == "insights":
        listed = re.findall(r"^  rpc (\w+)", proto, re.MULTILINE)
        assert listed
        names = {name for name in listed if not hasattr(SegmentInsights, name)}
    said = set(re.findall(rf"  {re.escape(NOTE)}\n  rpc (\w+)", proto))
    assert said == names

"""The cases of this folder, as they are written: YAML in, mappings out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import yaml

HERE = Path(__file__).parent
AS_OF = "2025-12-16T10:00:00Z"
LATER = datetime(2100, 1, 1, tzinfo=UTC)
# YAML decodes to Any; the cases are our own files.
Case = dict[str, Any]


def _load(name: str) -> Any:
    return yaml.safe_load((HERE / name).read_text())


TABLES = cast("dict[str, Case]", _load("tables.yaml"))
CASES = [
    cast("Case", case)
    for path in sorted(HERE.glob("*.yaml"))
    if path.stem not in ("tables", "instants")
    for case in cast("list[object]", _load(path.name))
]
INSTANTS = cast("list[Case]", _load("instants.yaml"))


def line(case: Case, criteria: str) -> str:
    """A case as a line of `segmentry match`."""
    saved: Case = {"segments": case["segments"]} if "segments" in case else {}
    return json.dumps(
        {
            "id": case["id"],
            "now": case.get("as_of", AS_OF),
            "tz": case.get("zone", "UTC"),
            "criteria": criteria,
            **TABLES[case["rows"]],
            **saved,
        }
    )

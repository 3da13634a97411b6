"""Whatever a table holds, an analysis ends with cards that add up, or with an error that says why."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from segmentry.analysis import codec
from segmentry.analysis.discover import discover
from segmentry.analysis.events import AnalysisResult
from segmentry.analysis.parameters import Parameters
from segmentry.criteria import check, parse
from segmentry.criteria.catalog import Field, FieldType
from segmentry.criteria.dates import Clock
from segmentry.customers.snapshot import Snapshot

from tests.analysis.tables import AS_OF, Column, snapshot_of

NUMBERS = st.one_of(
    st.none(),
    st.integers(-5, 5).map(float),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.0, 1.0, 1e308, -1e308, 1e-300, 0.1]),
)
TEXTS = st.one_of(
    st.none(), st.sampled_from(["a", "b", "{{NOW}}", "", " ", "é", "\x00"]), st.text(max_size=6)
)
INSTANTS = st.one_of(st.none(), st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)))  # noqa: DTZ001


@st.composite
def tables(draw: st.DrawFn) -> Snapshot:
    rows = draw(st.integers(1, 40))
    kinds = draw(
        st.lists(st.sampled_from(["number", "string", "boolean", "datetime", "enum"]), min_size=1, max_size=4)
    )
    fields: list[Field] = []
    columns: dict[str, Column] = {}
    for index, kind in enumerate(kinds):
        fields.append(Field(f"field{index}", _declared(kind)))
        cells = {
            "number": NUMBERS,
            "boolean": st.none() | st.booleans(),
            "datetime": INSTANTS.map(lambda at: at and at.replace(tzinfo=UTC)),
        }.get(kind, TEXTS)
        columns[f"field{index}"] = draw(st.lists(cells, min_size=rows, max_size=rows))
    return snapshot_of(fields, columns)


def _declared(kind: str) -> FieldType:
    match kind:
        case "number" | "boolean" | "datetime" | "enum":
            return kind
        case _:
            return "string"


def holds(snapshot: Snapshot, result: AnalysisResult) -> None:
    assert sum(card.size for card in result.segments) + result.unassigned == result.rows == snapshot.rows
    shares = sum(card.percentage for card in result.segments)
    assert math.isclose(shares + 100 * result.unassigned / result.rows, 100, abs_tol=0.1)
    assert len({card.name for card in result.segments}) == len(result.segments)
    clock = Clock.at(AS_OF, snapshot.catalog.time_zone)
    for card in result.segments:
        bound = check.require(parse.loads(card.criteria), snapshot.catalog, clock).bound
        assert snapshot.count(bound, AS_OF) == card.fidelity.matched_count
        assert len(card.filter_rules) <= 6
        assert 0 < len(card.name) <= 60


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(tables(), st.booleans(), st.sampled_from(["kmeans", "dbscan"]), st.sampled_from(["AUTO", "HEURISTIC"]))
def test_any_table_gives_cards_that_add_up(
    snapshot: Snapshot, explicit: bool, algorithm: str, tier: str
) -> None:
    names = tuple(field.name for field in snapshot.catalog.fields)
    parameters = Parameters(
        algorithm=algorithm,
        included_features=names if explicit else None,
        preferred_tier="HEURISTIC" if tier == "HEURISTIC" else "AUTO",
        max_clusters=4,
    )
    said: list[str] = []
    with np.errstate(all="raise", under="ignore"):
        result = discover(
            snapshot,
            parameters,
            AS_OF,
            lambda event: said.append(json.dumps(codec.encode(event), allow_nan=False)),
        )
    assert said
    json.dumps(codec.encode(result), allow_nan=False)
    holds(snapshot, result)

"""What each field is taken for, which ones are used, and what is said of their values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import pytest
from segmentry.analysis import fields
from segmentry.analysis.alike import Alikeness
from segmentry.analysis.estimate import estimate
from segmentry.analysis.events import AnalysisEstimate, FieldPreparation, FieldProfile, Preparation
from segmentry.analysis.features import feature_table
from segmentry.analysis.parameters import FieldRole, Parameters, Role
from segmentry.analysis.statistics import distinct_of, histogram_of, profile
from segmentry.analysis.table import Numbers
from segmentry.criteria.catalog import Field
from segmentry.customers.snapshot import Snapshot
from segmentry.errors import InvalidParameters

from tests.analysis.discovering import run
from tests.analysis.tables import AS_OF, numbers, snapshot_of

RNG = np.random.default_rng(0)
ROWS = 400


def drawn(seed: int) -> list[float]:
    return np.random.default_rng(seed).normal(100, 9, ROWS).tolist()


def planned(snapshot: Snapshot, **chosen: object) -> AnalysisEstimate:
    return estimate(snapshot, Parameters(**chosen), AS_OF)  # pyright: ignore[reportArgumentType]  (names are checked by the call)


def advised(values: Sequence[object], kind: str = "number", name: str = "x") -> list[str]:
    snapshot = snapshot_of([Field(name, kind)], {name: values})  # pyright: ignore[reportArgumentType]  (a literal in each case)
    return [reason for reason, _ in fields.advise(feature_table(snapshot))[name].notes]


@pytest.mark.parametrize(
    ("name", "kind", "values", "reasons"),
    [
        ("rank", "number", [float(each) for each in range(ROWS)], ["IDENTIFIER"]),
        ("card_no", "number", [7.0 * each for each in range(ROWS)], ["IDENTIFIER"]),
        ("code", "string", [f"c{each}" for each in range(ROWS)], ["IDENTIFIER"]),
        ("mail", "string", [f"m{each % 15}@example.org" for each in range(ROWS)], ["PERSONAL_DATA"]),
        ("phone", "string", [f"+44 20 7946 {each % 15:04}" for each in range(ROWS)], ["PERSONAL_DATA"]),
        ("town", "string", [f"town {each % 90}" for each in range(ROWS)], ["HIGH_CARDINALITY"]),
        ("town", "string", [f"town {each % 30}" for each in range(ROWS)], ["HIGH_CARDINALITY"]),
        ("town", "string", [f"town {each % 20}" for each in range(ROWS)], []),
        ("level", "number", [2.0] * ROWS, ["CONSTANT"]),
        ("level", "number", [None] * ROWS, ["ALL_NULL"]),
        ("level", "number", [2.5] * (ROWS - 2) + [3.5, 4.5], ["NEAR_CONSTANT"]),
        ("kind", "number", [float(each % 4) for each in range(ROWS)], ["CODE_LIKE"]),
        ("visits", "number", [float(each % 4) for each in range(ROWS)], []),
        ("gap", "number", [-1.0] * 40 + drawn(1)[40:], ["SENTINEL"]),
        ("gap", "number", [-1.0] * 4 + drawn(1)[4:], ["GOOD_QUANTITY"]),
        ("converted", "number", drawn(1), ["LEAKAGE"]),
        ("y", "number", drawn(1), ["GOOD_QUANTITY"]),
        ("y", "string", [("yes", "no")[each % 2] for each in range(ROWS)], ["LEAKAGE"]),
        ("spend", "number", [None] * 200 + drawn(1)[200:], ["MOSTLY_NULL"]),
        ("hour", "number", [float(each % 24) for each in range(ROWS)], ["CALENDAR_PART"]),
        ("month", "string", [("jan", "feb", "may")[each % 3] for each in range(ROWS)], ["CALENDAR_PART"]),
        ("spend", "number", drawn(1), ["BEHAVIOURAL"]),
        ("height", "number", drawn(1), ["GOOD_QUANTITY"]),
    ],
)
def test_each_rule_of_the_advice(name: str, kind: str, values: Sequence[object], reasons: list[str]) -> None:
    assert advised(values, kind, name) == reasons


def test_a_column_of_text_that_was_read_as_numbers_says_so() -> None:
    field = Field("spend", "number", notes=("read as number; 3 values that are none are unset, such as 'x'",))
    found = planned(snapshot_of([field], {"spend": drawn(1)}))
    said = {note.reason: note.message for note in found.fields}
    assert "3 values that are none" in said["TEXT_READ_AS_NUMBER"]


def test_a_twin_is_noted_by_the_one_with_more_gaps() -> None:
    spend = drawn(1)
    cents: list[float | None] = [round(100 * each) / 1 for each in spend]
    cents[:9] = [None] * 9
    found = planned(numbers(cents=cents, spend=spend, height=drawn(2)))
    twins = [note for note in found.fields if note.reason == "LEAKAGE"]
    assert [(note.field, note.used) for note in twins] == [("cents", True)]
    assert "spend" in twins[0].message


def test_suggestions_are_quantities_first_and_unlike_each_other() -> None:
    spend = drawn(1)
    snapshot = snapshot_of(
        [
            Field("club", "string"),
            Field("member", "boolean"),
            Field("few", "number", unit="pieces"),
            Field("spend", "number"),
            Field("twice", "number"),
            Field("height", "number"),
        ],
        {
            "club": [("red", "blue", "green")[each % 3] for each in range(ROWS)],
            "member": [each % 2 == 0 for each in range(ROWS)],
            "few": [float(each % 7) for each in range(ROWS)],
            "spend": spend,
            "twice": [2 * each for each in spend],
            "height": drawn(2),
        },
    )
    assert planned(snapshot).suggested_features == ("spend", "height", "few", "member", "club")


def test_at_most_eight_fields_are_suggested() -> None:
    found = planned(numbers(**{f"q{each}": drawn(each) for each in range(12)}))
    assert len(found.suggested_features) == 8
    assert "3 to 8 work best" in found.warning


@pytest.mark.parametrize(
    ("n_fields", "reason"),
    [(2, "TOO_FEW_FIELDS"), (3, ""), (8, ""), (9, "TOO_MANY_FIELDS"), (10, "TOO_MANY_FIELDS")],
)
def test_three_to_eight_fields_are_advice(n_fields: int, reason: str) -> None:
    result, _ = run(
        numbers(**{f"q{each}": drawn(each)[:60] for each in range(n_fields)}), Parameters(max_clusters=2)
    )
    said = [notice.reason for notice in result.notices if notice.reason.startswith("TOO_")]
    assert said == ([reason] if reason else [])


def test_without_a_list_every_fit_numeric_field_is_used_and_a_list_is_obeyed() -> None:
    rank = [float(each) for each in range(ROWS)]
    snapshot = snapshot_of(
        [Field("rank", "number"), Field("spend", "number"), Field("club", "string")],
        {"rank": rank, "spend": drawn(1), "club": ["red", "blue"] * (ROWS // 2)},
    )
    assert planned(snapshot).effective_parameters.included_features == ("spend",)
    named = planned(snapshot, included_features=("rank", "club"))
    assert named.effective_parameters.included_features == ("rank", "club")
    assert [(n.field, n.reason) for n in named.fields if n.used and n.reason] == [("rank", "IDENTIFIER")]


# --- roles ----------------------------------------------------------------------------------------


def test_every_field_is_told_with_its_role() -> None:
    snapshot = snapshot_of(
        [
            Field("since", "datetime"),
            Field("member", "boolean"),
            Field("kind", "number"),
            Field("spend", "number"),
        ],
        {
            "since": [AS_OF] * ROWS,
            "member": [each % 2 == 0 for each in range(ROWS)],
            "kind": [float(each % 3) for each in range(ROWS)],
            "spend": drawn(1),
        },
    )
    roles = {note.field: note.role for note in planned(snapshot).fields}
    assert roles == {"since": "DATE", "member": "FLAG", "kind": "CODE", "spend": "QUANTITY"}


def two_fields() -> Snapshot:
    return snapshot_of(
        [Field("kind", "number"), Field("spend", "number"), Field("day", "number")],
        {
            "kind": [float(each % 3) for each in range(ROWS)],
            "spend": drawn(1),
            "day": [float(1 + each % 28) for each in range(ROWS)],
        },
    )


@pytest.mark.parametrize(
    ("field", "role", "transform"),
    [
        ("kind", None, "0/1 for 3 values"),
        ("kind", "QUANTITY", "scaled"),
        ("kind", "FLAG", "0/1 (not zero)"),
        ("kind", "IDENTIFIER", None),
        ("day", None, None),
        ("day", "QUANTITY", "scaled"),
        ("day", "CODE", "0/1 for 8 values, rest together"),
    ],
)
def test_a_role_that_the_caller_gives_decides_the_preparation(
    field: str, role: Role | None, transform: str | None
) -> None:
    given = (FieldRole(field, role),) if role else ()
    result, _ = run(two_fields(), Parameters(max_clusters=3, field_roles=given))
    assert result.preparation is not None
    found = {each.field: each.transform for each in result.preparation.fields}
    assert found.get(field) == transform
    assert "spend" in found


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (FieldRole("kind", "DATE"), r"parameters\.field_roles\[kind\] must be one of QUANTITY"),
        (FieldRole("nosuch", "FLAG"), r"parameters\.field_roles\[nosuch\] is of an unknown field"),
    ],
)
def test_a_role_that_suits_no_such_field_is_refused(given: FieldRole, path: str) -> None:
    with pytest.raises(InvalidParameters, match=path):
        planned(two_fields(), field_roles=(given,))


# --- statistics and preparation -------------------------------------------------------------------


def test_the_statistics_are_those_of_numpy() -> None:
    values = np.array([0.0, 0.0, -3.0, *np.random.default_rng(5).exponential(9, 500)])
    found = profile(Numbers(Field("x", "number"), np.append(values, np.nan)))
    assert found.missing == 1
    points = [found.p01, found.p25, found.p50, found.p75, found.p99]
    assert points == pytest.approx(np.percentile(values, [1, 25, 50, 75, 99]).tolist())
    assert found.deviation == pytest.approx(values.std())
    assert found.skew == pytest.approx(float(((values - values.mean()) ** 3).mean() / values.std() ** 3))
    assert found.zero_percentage == pytest.approx(100 * 2 / 504)
    assert found.negative_percentage == pytest.approx(100 / 504)
    assert found.histogram is not None
    assert (found.histogram.low, found.histogram.high) == (values.min(), values.max())
    assert found.histogram.counts == tuple(np.histogram(values, bins=20)[0].tolist())


@pytest.mark.parametrize(("values", "bins"), [([], None), ([5.0] * 9, (9,)), ([1e15, 1e15 + 0.125], (2,))])
def test_a_histogram_of_little(values: list[float], bins: tuple[int, ...] | None) -> None:
    found = histogram_of(np.array(values))
    assert (found.counts if found else None) == bins


def test_distinct_values_of_many_rows_are_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segmentry.analysis.statistics.EXACT_DISTINCT", 2_000)
    few = RNG.integers(0, 50, 20_000).astype(np.float64)
    assert distinct_of(few) == 50
    assert 2_000 < distinct_of(RNG.normal(0, 1, 20_000)) <= 20_000
    assert profile(Numbers(Field("x", "number"), few)).distinct_estimated


def test_preparation_is_told_per_field_after_the_profiles() -> None:
    rng = np.random.default_rng(8)
    spend: list[float | None] = [*rng.lognormal(3, 1, 390).tolist(), *[None] * 10]
    result, said = run(
        numbers(
            spend=spend,
            height=drawn(2),
            gain=[*(-1.0 - each for each in range(10)), *rng.lognormal(1, 2, 390).tolist()],
        )
    )
    kinds = [type(each) for each in said]
    assert kinds.index(Preparation) > max(at for at, kind in enumerate(kinds) if kind is FieldProfile)
    (told,) = [each for each in said if isinstance(each, Preparation)]
    assert told == result.preparation
    by_field: dict[str, FieldPreparation] = {each.field: each for each in told.fields}
    found = by_field["spend"]
    assert (found.role, found.transform, found.filled) == ("QUANTITY", "log1p, scaled", 10)
    held = np.array([each for each in spend if each is not None])
    assert found.low == pytest.approx(np.percentile(held, 0.5))
    assert found.fill == pytest.approx(np.median(held))
    assert found.clipped_high == np.count_nonzero(held > np.percentile(held, 99.5)) > 0
    assert [notice.reason for notice in by_field["gain"].notices] == ["SKEWED"]
    assert told.columns == sum(each.columns for each in told.fields) == 3


def test_the_shared_tables_have_the_known_advice_and_good_suggestions(
    shared_table: Callable[[str], Snapshot],
) -> None:
    found = estimate(shared_table("telco_churn"), Parameters(), AS_OF)
    assert set(found.suggested_features[:3]) == {"tenure", "MonthlyCharges", "TotalCharges"}
    assert not {"customerID", "Churn"} & set(found.suggested_features)


def test_rank_correlation_is_that_of_scipy() -> None:
    from scipy import stats  # noqa: PLC0415 - a reference for this test alone

    one, other = RNG.integers(0, 9, 300).astype(float), RNG.normal(0, 1, 300)
    other += one
    expected = abs(float(cast("Any", stats).spearmanr(one, other).statistic))
    assert Alikeness({"a": one, "b": other}).rho("a", "b") == pytest.approx(expected)

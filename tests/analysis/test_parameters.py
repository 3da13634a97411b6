from __future__ import annotations

import dataclasses

import pytest
from segmentry.analysis.parameters import Parameters, validate
from segmentry.criteria import suggest
from segmentry.criteria.catalog import Catalog, Field
from segmentry.errors import InvalidParameters

CATALOG = Catalog(
    "shop",
    (
        Field("spend", "number"),
        Field("visits", "number", integer=True),
        Field("secret", "string", hidden=True),
    ),
)


def test_the_defaults_are_those_of_the_source() -> None:
    assert validate(Parameters(), CATALOG) == Parameters(
        min_clusters=2, max_clusters=8, algorithm="kmeans", included_features=None
    )


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"min_clusters": 1}, "parameters.min_clusters"),
        ({"min_clusters": 21, "max_clusters": 30}, "parameters.min_clusters"),
        ({"max_clusters": 51}, "parameters.max_clusters"),
        ({"max_clusters": 0}, "parameters.max_clusters"),
        ({"min_clusters": 9, "max_clusters": 8}, "parameters.min_clusters"),
        ({"algorithm": "k-means"}, "parameters.algorithm"),
        ({"seed": -1}, "parameters.seed"),
        ({"seed": 2**32}, "parameters.seed"),
        ({"eps": 0.0}, "parameters.eps"),
        ({"eps": float("nan")}, "parameters.eps"),
        ({"eps": float("inf")}, "parameters.eps"),
        ({"min_samples": 0}, "parameters.min_samples"),
        ({"min_segment_share": 0.3}, "parameters.min_segment_share"),
        ({"included_features": ()}, "parameters.included_features"),
        ({"included_features": ("secret",)}, "parameters.included_features[0]"),
    ],
)
def test_a_value_outside_its_bounds_is_refused_with_its_path(change: dict[str, object], path: str) -> None:
    wrong = dataclasses.replace(Parameters(), **change)
    with pytest.raises(InvalidParameters) as caught:
        validate(wrong, CATALOG)
    assert caught.value.violations[0].field == path
    assert caught.value.metadata["field"] == path
    assert path in caught.value.message


@pytest.mark.parametrize("k", [2, 20])
def test_bounds_themselves_are_allowed(k: int) -> None:
    assert validate(Parameters(min_clusters=k, max_clusters=k), CATALOG).max_clusters == k


def test_an_unknown_field_suggests_the_nearest_name() -> None:
    with pytest.raises(InvalidParameters) as caught:
        validate(Parameters(included_features=("visits", "Spnd")), CATALOG)
    (fault,) = caught.value.diagnostics
    assert (fault.code, fault.path) == ("INVALID_FIELD", "parameters.included_features[1]")
    assert fault.suggestions == ("spend",)
    assert "did you mean 'spend'?" in fault.message


def test_a_field_to_describe_by_has_to_be_there_too() -> None:
    with pytest.raises(InvalidParameters) as caught:
        validate(Parameters(profile_fields=("visits", "Spnd")), CATALOG)
    (fault,) = caught.value.diagnostics
    assert (fault.code, fault.path) == ("INVALID_FIELD", "parameters.profile_fields[1]")
    assert fault.suggestions == ("spend",)
    with pytest.raises(InvalidParameters, match="at most 64"):
        validate(Parameters(profile_fields=("visits",) * 65), CATALOG)
    assert validate(Parameters(profile_fields=("visits", "visits")), CATALOG).profile_fields == ("visits",)


def test_a_hidden_field_is_neither_accepted_nor_suggested() -> None:
    with pytest.raises(InvalidParameters) as caught:
        validate(Parameters(included_features=("secre",)), CATALOG)
    assert "secret" not in caught.value.diagnostics[0].suggestions


@pytest.mark.parametrize("name", ["qqqqqq", "emial", "custmerId"])
def test_only_names_that_look_alike_and_can_be_compared_are_suggested(name: str) -> None:
    catalog = Catalog(
        "shop",
        (
            Field("email", "string", pii=True),
            Field("customerId", "string", role="id"),
            Field("spend", "number"),
        ),
    )
    with pytest.raises(InvalidParameters) as caught:
        validate(Parameters(included_features=(name,)), catalog)
    assert caught.value.diagnostics[0].suggestions == ()
    assert "did you mean" not in caught.value.message


def test_all_faults_are_reported_together() -> None:
    with pytest.raises(InvalidParameters) as caught:
        validate(Parameters(min_clusters=1, max_clusters=99, algorithm="x"), CATALOG)
    assert [each.path for each in caught.value.diagnostics] == [
        "parameters.min_clusters",
        "parameters.max_clusters",
        "parameters.algorithm",
    ]


def test_a_feature_named_twice_counts_once() -> None:
    named_twice = Parameters(included_features=("spend", "visits", "spend"))
    assert validate(named_twice, CATALOG).included_features == ("spend", "visits")


class Asked:
    """What the check asks of the suggestions."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: list[str] = []
        fields = suggest.fields

        def counted(name: str, catalog: Catalog) -> list[str]:
            self.names.append(name)
            return fields(name, catalog)

        monkeypatch.setattr(suggest, "fields", counted)


def test_too_many_features_are_refused_before_any_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(monkeypatch)
    with pytest.raises(InvalidParameters) as caught:
        validate(Parameters(included_features=tuple(f"f{i}" for i in range(250_000))), CATALOG)
    (fault,) = caught.value.diagnostics
    assert (fault.code, fault.path) == ("INVALID_VALUE", "parameters.included_features")
    assert "at most 64" in fault.message
    assert asked.names == []


def test_every_unknown_feature_is_a_fault_and_the_first_ones_get_suggestions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = Asked(monkeypatch)
    names = tuple(f"spend{i}" * 100 for i in range(64))
    with pytest.raises(InvalidParameters) as caught:
        validate(Parameters(included_features=names), CATALOG)
    assert len(caught.value.diagnostics) == 64
    assert len(asked.names) == 20
    assert max(map(len, asked.names)) <= 80


def test_a_very_wide_catalog_costs_no_comparison_of_all_its_names(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(monkeypatch)
    wide = Catalog("wide", tuple(Field(f"column{i}", "number") for i in range(5_000)))
    with pytest.raises(InvalidParameters) as caught:
        validate(Parameters(included_features=("colum7",)), wide)
    assert caught.value.diagnostics[0].suggestions == ()
    assert asked.names == []


def test_a_long_algorithm_is_not_repeated_in_full() -> None:
    with pytest.raises(InvalidParameters) as caught:
        validate(Parameters(algorithm="x" * 1_000_000), CATALOG)
    assert len(caught.value.message) < 300

"""`discover` and `catalog infer` on a file, from a folder that has nothing to do with it."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Value
from segmentry.cli.terminal import Terminal
from segmentry.cli.views import discovering
from segmentry.errors import JsonValue
from segmentry.v1 import segment_analysis_pb2

from tests.cli.conftest import Run

# A discovery starts PostgreSQL and a worker process; on a busy machine that takes a while.
pytestmark = pytest.mark.timeout(180)


def _result(line: dict[str, JsonValue]) -> dict[str, JsonValue]:
    event = line["event"]
    assert isinstance(event, dict)
    result = event["result"]
    assert isinstance(result, dict)
    return result


def test_a_discovery_is_one_event_per_line_and_ends_with_counted_cards(run: Run, shop: Path) -> None:
    fields = "visits90Days,averageBasket"
    done = run("discover", str(shop), "--embedded", "--json", "--fields", fields, "--seed", "7")
    assert done.code == 0, done.err + done.out
    # A heartbeat of a busy machine repeats a number and is no part of the run.
    lines = [line for line in done.lines if '"notice"' not in json.dumps(line)]
    assert [line["sequence"] for line in lines] == list(range(1, len(lines) + 1))
    result = _result(lines[-1])
    assert result["rows"] == 300
    cards = result["segments"]
    assert isinstance(cards, list)
    sizes = [card["size"] for card in cards if isinstance(card, dict) and isinstance(card["size"], int)]
    shares = [
        card["percentage"]
        for card in cards
        if isinstance(card, dict) and isinstance(card["percentage"], int | float)
    ]
    assert len(sizes) == len(cards) > 1
    assert sum(sizes) == 300
    assert sum(shares) == pytest.approx(100, abs=0.1)
    run_of = result["run"]
    assert isinstance(run_of, dict)
    parameters = run_of["parameters"]
    assert isinstance(parameters, dict)
    assert parameters["includedFeatures"] == fields.split(",")


def test_density_is_told_with_where_it_comes_from_and_its_curve() -> None:
    found = segment_analysis_pb2.Density(
        eps=0.25,
        eps_found=True,
        min_samples=5,
        curve=[0.1, 0.4, 0.8],
        noise_percentage=2.5,
        fitted_customers=300,
    )
    assert discovering.density(found) == [
        "dense: 5 neighbours (given) within eps 0.25 (found); 2.5 % in no dense group",
        "distance to neighbour 5: ▁▄█  0.1 to 0.8",
    ]


def _show(card: segment_analysis_pb2.SegmentCard) -> None:
    found = segment_analysis_pb2.AnalysisResult(rows=1500, segments=[card])
    discovering.result(found, Terminal(json=False, no_color=True))


def test_a_rule_about_cents_says_so_beside_averages_in_money(
    capsys: pytest.CaptureFixture[str],
) -> None:
    worth = segment_analysis_pb2.Characteristic(
        feature="worth", value="average 424.14 (vs 12.00 in all)", unit="cents"
    )
    rules = [
        segment_analysis_pb2.FilterRule(field=field, operator="gt", value=Value(number_value=20790))
        for field in ("worth", "steps")
    ]
    card = segment_analysis_pb2.SegmentCard(size=90, characteristics=[worth], filter_rules=rules)
    _show(card)
    assert "worth > 20,790 cents (207.90) and steps > 20,790\n" in capsys.readouterr().out


def test_a_rule_that_misses_somebody_is_not_said_to_find_all(capsys: pytest.CaptureFixture[str]) -> None:
    fidelity = segment_analysis_pb2.RuleFidelity(precision=1.0, recall=1421 / 1423, matched_count=1421)
    _show(segment_analysis_pb2.SegmentCard(size=1423, fidelity=fidelity))
    shown = capsys.readouterr().out
    assert "1,421 customers, 100% of them in this segment, over 99% of the segment" in shown


def test_a_discovery_by_density_shows_the_settings_that_it_found(run: Run, shop: Path) -> None:
    fields = "visits90Days,averageBasket"
    done = run("discover", str(shop), "--embedded", "--fields", fields, "--algorithm", "dbscan")
    assert done.code == 0, done.err + done.out
    (line,) = [line for line in done.out.splitlines() if "dense:" in line]
    assert line.count("(found)") == 2


def test_fewer_segments_than_the_minimum_are_refused_with_a_reason(run: Run, shop: Path) -> None:
    done = run("discover", str(shop), "--json", "--min-clusters", "6", "--max-clusters", "3")
    error = done.json["error"]
    assert isinstance(error, dict)
    assert (done.code, error["reason"]) == (3, "INVALID_PARAMETERS")


def test_a_field_that_is_not_there_is_named_with_the_nearest_one(run: Run, shop: Path) -> None:
    done = run("discover", str(shop), "--json", "--fields", "visits90Dais,averageBasket")
    error = done.json["error"]
    assert isinstance(error, dict)
    assert done.code == 3
    message = error["message"]
    assert isinstance(message, str)
    assert "did you mean 'visits90Days'?" in message
    spoken = run("discover", str(shop), "--fields", "visits90Dais,averageBasket")
    assert spoken.err.count("included_features[0]") == 1
    assert "criteria.parameters" not in done.out + spoken.err


def test_a_catalog_that_was_inferred_can_be_given_back(run: Run, shop: Path, tmp_path: Path) -> None:
    written = tmp_path / "shop.toml"
    inferred = run("catalog", "infer", str(shop), "--output", str(written))
    assert (inferred.code, inferred.out) == (0, "")
    printed = run("catalog", "infer", str(shop))
    assert printed.out == written.read_text()
    done = run("fields", "--data", str(shop), "--catalog", str(written))
    assert done.code == 0
    assert "averageBasket" in done.out


def test_the_default_table_of_a_server_is_meant_where_none_is_named(run: Run) -> None:
    done = run("discover", "--embedded", "--json", "--fields", "lifetimeValue", "--max-clusters", "3")
    assert done.code == 0, done.err + done.out
    result = _result(done.lines[-1])
    run_of = result["run"]
    assert isinstance(run_of, dict)
    assert (run_of["schemaId"], result["rows"]) == ("customers", 2000)


def test_the_rules_that_are_shown_find_whom_they_are_said_to_find(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "prices.csv"
    near = [1 + each / 100_000 for each in range(600)]
    rows = [f"{index},{value if value < 1.003 else value + 5}" for index, value in enumerate(near)]
    table.write_text("id,priceIndex\n" + "\n".join(rows) + "\n")
    found: Any = run("discover", str(table), "--json").lines[-1]
    shown = run("discover", str(table)).out
    for card in found["event"]["result"]["segments"]:
        for rule in card["filterRules"]:
            signs = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">=", "eq": "="}
            assert f"{rule['field']} {signs[rule['operator']]} {rule['value']:,.15g}" in shown


def test_slices_of_one_group_are_called_that(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "round.csv"
    rng = random.Random(4)
    rows = [f"{index},{rng.gauss(50, 9)},{rng.gauss(20, 4)}" for index in range(900)]
    table.write_text("id,spend,visits\n" + "\n".join(rows) + "\n")
    shown = run("discover", str(table))
    assert "slices of one group" in shown.out
    assert "left out: " in shown.err

"""The plots of a discovery in a terminal: what they show, and that they fit into 80 columns."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len
from segmentry.cli.terminal import Terminal
from segmentry.cli.views import plots
from segmentry.v1 import segment_analysis_pb2 as pb

from tests.cli.conftest import Run

PLAIN = Terminal(no_color=True)


def score(
    k: int, value: float, *, excess: float | None = None, eligible: bool | None = True, around: float = 0.0
) -> pb.ClusterScore:
    return pb.ClusterScore(
        k=k,
        value=value,
        low=value - around if around else None,
        high=value + around if around else None,
        excess_over_null=excess,
        eligible=eligible,
        provisional=eligible is None,
    )


def made(segments: int = 3, fields: int = 2) -> pb.AnalysisResult:
    """A result of that many segments; the first is far below in the first field, the last far above."""
    cards = [pb.SegmentCard(card_id=f"seg_{at}", name=f"Segment {at}") for at in range(segments)]
    rows = [
        pb.HeatmapRow(
            card_id=each.card_id,
            cells=[pb.HeatmapCell(mean=1234.5 * at, z_score=4 * at / (segments - 1) - 2)] * fields,
        )
        for at, each in enumerate(cards)
    ]
    series = [
        pb.ScatterSeries(card_id=each.card_id, x=[float(at)] * 3, y=[float(at)] * 3)
        for at, each in enumerate(cards)
    ]
    return pb.AnalysisResult(
        segments=cards,
        chosen_k=3,
        scores=[
            score(2, 0.3, excess=0.1),
            score(3, 0.5, excess=0.2, around=0.1),
            score(4, 0.6, eligible=False),
        ],
        selection=pb.Selection(picked_k=3, excess_k=2),
        plots=pb.Plots(
            heatmap=pb.Heatmap(fields=[f"field{at}" for at in range(fields)], rows=rows),
            scatter=pb.Scatter(
                series=[*series, pb.ScatterSeries(x=[-1.0], y=[-1.0])],
                x_explained=0.7,
                y_explained=0.2,
                rows=5_000,
            ),
        ),
    )


def test_averages_of_dates_say_what_they_are_in() -> None:
    found = made(2, 2)
    found.plots.heatmap.units[:] = ["days ago", "cents"]
    _, first, second, _ = plots.heatmap(found, PLAIN)
    assert first.startswith("  field0, days ago")
    assert second.startswith("  field1  ")
    found.plots.heatmap.fields[0] = "lastPurchaseAtTheShop"
    assert plots.field_names(found.plots.heatmap)[0] == "lastPurchase…, days ago"


def test_silhouettes_show_interval_picks_null_and_what_is_not_eligible() -> None:
    two, three, four, axis, _ = plots.silhouettes(made(), PLAIN)
    assert two.endswith("0.300  ◀ excess")
    assert three.endswith("0.500  ◀ silhouette*")
    assert "─●─" in three
    assert "─" not in two
    assert two.index("┊") < two.index("●") < three.index("●") < four.index("◌")
    assert "┊" not in four
    assert "●" not in four
    assert axis.split() == ["0.00", "0.60", "*", "shown", "here"]


def test_a_score_that_may_change_is_hollow_and_one_below_zero_is_on_the_axis() -> None:
    found = pb.AnalysisResult(scores=[score(2, -0.2, eligible=None), score(3, 0.4)])
    two, three, axis, _ = plots.silhouettes(found, PLAIN)
    assert "○" in two
    assert "●" in three
    assert axis.split()[0] == "-0.20"


def test_a_cell_has_the_mean_and_a_sign_and_shade_for_its_distance() -> None:
    header, first, *_ = plots.heatmap(made(), PLAIN)
    assert header.split() == ["1", "2", "3"]
    assert first.split() == ["field0", "-█", "0", "1.23k", "+█", "2.47k"]


@pytest.mark.parametrize(
    ("mean", "text"),
    [
        (0.0, "0"), (0.01234, "0.012"), (-45.67, "-45.7"), (999.9, "1000"), (-1234.0, "-1.23k"),
        (4e-7, "4e-07"), (9.87e14, "987T"), (1e300, "1e+300"), (None, "-"),
    ],
)  # fmt: skip
def test_a_mean_takes_at_most_six_characters(mean: float | None, text: str) -> None:
    found = made(2, 1)
    found.plots.heatmap.rows[0].cells[0].CopyFrom(pb.HeatmapCell(mean=mean))
    _, line, _ = plots.heatmap(found, PLAIN)
    assert len(text) <= 6
    assert line.split()[1] == text


def test_points_are_the_numbers_of_their_segments_from_bottom_left_to_top_right() -> None:
    lines = plots.scatter(made())
    told = [line.strip(" │") for line in lines[1:-2]]
    assert [line for line in told if line] == ["3", "2", "1", "·"]
    assert lines[1].index("3") > lines[-3].index("·")
    assert lines[-1] == "  across 70%, up 20% of the variance; 10 of 5,000 customers"


@pytest.mark.parametrize("segments", [2, 6, 7, 50])
def test_plots_fit_into_80_columns(segments: int, capsys: pytest.CaptureFixture[str]) -> None:
    found = made(segments, 12)
    found.plots.heatmap.fields[0] = "asiakkaan_keskiostos_euroina_vuodessa"
    found.plots.heatmap.fields[1] = "顧客の年間平均購入金額と来店回数と会員期間"
    found.plots.heatmap.fields[2] = "\x1b[31mred"
    found.selection.picked_k = found.selection.excess_k = 3
    found.scores.append(score(100, 0.55, excess=0.3, around=0.2))
    plots.draw(found, PLAIN)
    out = capsys.readouterr().out
    assert max(cell_len(line) for line in out.splitlines()) <= 80
    assert "\x1b" not in out
    assert out.count("field11") == -(-segments // 6)


def test_a_result_without_clustering_says_that_there_is_nothing_to_draw(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plots.draw(pb.AnalysisResult(segments=[pb.SegmentCard(card_id="a")]), PLAIN)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "nothing to draw" in printed.err


@pytest.mark.timeout(180)
def test_a_discovery_draws_its_plots_when_asked(run: Run, shop: Path) -> None:
    fields = "visits90Days,averageBasket"
    done = run("discover", str(shop), "--embedded", "--fields", fields, "--max-clusters", "3", "--plots")
    assert done.code == 0, done.err + done.out
    drawn = done.out[done.out.index("Silhouette for each") :].splitlines()
    assert max(cell_len(line) for line in drawn) <= 80
    assert [line[:6] for line in drawn[1:3]] == ["  k=2 ", "  k=3 "]
    assert any(line.startswith("  averageBasket") for line in drawn)
    assert drawn[-1].endswith("300 of 300 customers")

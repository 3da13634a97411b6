"""`discover --plot FILE.png`: a real picture, or a reason before the run."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest
from segmentry.cli import pictures
from segmentry.cli.problems import CommandError
from segmentry.v1 import segment_analysis_pb2 as pb

from tests.cli.conftest import Run
from tests.cli.test_plots import made


def size_of(file: Path) -> tuple[int, int]:
    """Width and height of a PNG in pixels; fails when it is none."""
    held = file.read_bytes()
    assert held.startswith(b"\x89PNG\r\n\x1a\n")
    assert held.endswith(b"IEND\xaeB`\x82")
    return struct.unpack(">II", held[16:24])


@pytest.mark.timeout(180)
def test_a_discovery_leaves_a_picture_beside_its_result(run: Run, shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "shop.png"
    asked = ["--fields", "visits90Days,averageBasket", "--max-clusters", "3", "--plot", str(file)]
    done = run("discover", str(shop), "--embedded", "--json", *asked)
    assert done.code == 0, done.err + done.out
    width, height = size_of(file)
    assert min(width, height) > 500
    assert "plots" in done.out.splitlines()[-1]
    assert f"drew {file}" in done.err


def test_every_kind_of_mark_has_its_line_in_the_legend(tmp_path: Path) -> None:
    found = made()
    found.scores.append(pb.ClusterScore(k=5, value=0.2, provisional=True))
    figure = pictures.figure_of(found)
    legend = [each.get_text() for each in figure.axes[0].get_legend().get_texts()]
    assert {"score", "95 % interval", "too small a segment", "first look"} < set(legend)
    assert len(legend) == len(set(legend))


def test_averages_are_written_as_in_the_terminal(tmp_path: Path) -> None:
    figure = pictures.figure_of(made())
    shown = {each.get_text() for each in figure.axes[1].texts}
    assert {"0", "1.23k", "2.47k"} <= shown
    assert not any("e+" in each for each in shown)


def test_names_and_fields_are_no_formulas(tmp_path: Path) -> None:
    found = made(7, 12)
    found.segments[0].name = r"$\frac{spend"
    found.plots.heatmap.fields[0] = "price_$_per_$x^"
    pictures.write(found, tmp_path / "a.png")
    size_of(tmp_path / "a.png")


def test_a_result_without_plots_is_a_picture_that_says_so(tmp_path: Path) -> None:
    pictures.write(pb.AnalysisResult(), tmp_path / "a.png")
    size_of(tmp_path / "a.png")


def test_what_is_drawn_changes_the_picture(tmp_path: Path) -> None:
    found = made()
    pictures.write(found, tmp_path / "a.png")
    found.plots.heatmap.rows[1].cells[0].z_score = 2.0
    pictures.write(found, tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() != (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize(
    ("name", "told"), [("a.pdf", "name the file a.png"), ("gone/a.png", "there is no folder")]
)
def test_a_file_that_cannot_be_is_refused_before_the_run(tmp_path: Path, name: str, told: str) -> None:
    with pytest.raises(CommandError, match=told) as caught:
        pictures.require(tmp_path / name)
    assert caught.value.problem.path == "--plot"


def test_without_the_extra_its_name_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in sys.modules if each.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(CommandError, match=r"install segmentry\[plot\]") as caught:
        pictures.require(tmp_path / "a.png")
    assert caught.value.problem.metadata == (("extra", "plot"),)

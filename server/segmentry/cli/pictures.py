"""The plots of a discovery as a PNG file. Needs the extra `plot`, and no display."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from segmentry.cli.problems import CommandError, Problem, usage
from segmentry.cli.terminal import printable
from segmentry.cli.views.plots import field_names, short
from segmentry.v1 import segment_analysis_pb2

_SIZE = (14, 10)
_DPI = 110
_NAME = 32
# Any: the stubs of matplotlib leave most of what is used here unknown.
_Axes = Any


def require(file: Path) -> None:
    """Refuse a picture that could not be made, before a run of minutes is for nothing.

    Raises: CommandError without the extra, and for a file that is no PNG in a folder that is there.
    """
    if file.suffix.lower() != ".png":
        raise usage(f"--plot {file}: the picture is a PNG; name the file {file.stem}.png", path="--plot")
    if not file.parent.is_dir():
        raise usage(f"--plot {file}: there is no folder {file.parent}", path="--plot")
    _module("figure")


def write(found: segment_analysis_pb2.AnalysisResult, file: Path) -> None:
    """Draw the silhouettes, the heatmap and the scatter of a result into one picture.

    Raises: CommandError without the extra; OSError when the file cannot be written.
    """
    figure_of(found).savefig(file, format="png")


def figure_of(found: segment_analysis_pb2.AnalysisResult) -> Any:
    """The picture as a figure of matplotlib. Raises: CommandError without the extra."""
    figure = _module("figure").Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")
    _module("backends.backend_agg").FigureCanvasAgg(figure)
    grid = figure.add_gridspec(2, 2, height_ratios=(2, 3))
    _silhouettes(found, figure.add_subplot(grid[0, :]))
    _heatmap(found, figure, figure.add_subplot(grid[1, 0]))
    _scatter(found, figure.add_subplot(grid[1, 1]))
    return figure


def _module(name: str) -> Any:
    try:
        return import_module(f"matplotlib.{name}")
    except ModuleNotFoundError as error:
        text = (
            f"--plot needs the package {error.name}: install segmentry[plot]; --plots draws in the terminal"
        )
        raise CommandError(
            Problem("FAILED_PRECONDITION", "MISSING_EXTRA", text, "--plot", metadata=(("extra", "plot"),))
        ) from error


def _silhouettes(found: segment_analysis_pb2.AnalysisResult, axes: _Axes) -> None:
    """Score by number of segments: interval as a bar, provisional hollow, ineligible grey, picks named."""
    axes.set_title("Silhouette for each number of segments")
    scores = sorted((each for each in found.scores if each.HasField("value")), key=lambda each: each.k)
    marked: set[str] = set()
    for score in scores:
        is_grey = score.HasField("eligible") and not score.eligible
        color = "0.65" if is_grey else "tab:blue"
        if score.HasField("low"):
            named = None if "interval" in marked else "95 % interval"
            marked.add("interval")
            axes.vlines(score.k, score.low, score.high, colors=color, linewidth=3, alpha=0.5, label=named)
        # Each kind of mark is named once in the legend.
        kind = "too small a segment" if is_grey else "first look" if score.provisional else "score"
        label = None if kind in marked else kind
        marked.add(kind)
        face = "none" if score.provisional else color
        axes.plot(score.k, score.value, "o", color=color, markerfacecolor=face, label=label)
    null = [
        (each.k, each.value - each.excess_over_null) for each in scores if each.HasField("excess_over_null")
    ]
    if null:
        axes.plot(*zip(*null, strict=True), "--", color="0.5", label="table without groups")
    value_of = {each.k: each.value for each in scores}
    selection = found.selection
    for name, k, marker in (
        ("best silhouette", selection.picked_k, "^"),
        ("excess rule", selection.excess_k, "s"),
    ):
        if k in value_of:
            axes.plot(
                k,
                value_of[k],
                marker,
                markersize=15,
                markerfacecolor="none",
                color="tab:red",
                label=f"{name}: {k}",
            )
    axes.set_xticks([each.k for each in scores])
    axes.set_xlabel("segments")
    if scores:
        axes.legend(loc="best")


def _heatmap(found: segment_analysis_pb2.AnalysisResult, figure: Any, axes: _Axes) -> None:
    """Segments by fields: colour is the distance from everyone's mean, the cell says the mean."""
    axes.set_title("How segments differ")
    plot = found.plots.heatmap
    if not plot.rows:
        axes.text(0.5, 0.5, "no field has a mean", ha="center", transform=axes.transAxes)
        return
    distances = [
        [cell.z_score if cell.HasField("z_score") else 0.0 for cell in row.cells] for row in plot.rows
    ]
    image = axes.imshow(distances, cmap="RdBu_r", vmin=-2.5, vmax=2.5, aspect="auto")
    axes.set_xticks(
        range(len(plot.fields)), [_text(each) for each in field_names(plot)], rotation=35, ha="right"
    )
    axes.set_yticks(range(len(plot.rows)), [str(at) for at in range(1, len(plot.rows) + 1)])
    axes.set_ylabel("segment")
    for at, row in enumerate(plot.rows):
        for column, cell in enumerate(row.cells):
            if cell.HasField("mean"):
                color = "white" if abs(cell.z_score) > 1.5 else "black"
                axes.text(column, at, short(cell), ha="center", va="center", color=color, fontsize=8)
    figure.colorbar(image, ax=axes, label="standard deviations from the mean of all")


def _scatter(found: segment_analysis_pb2.AnalysisResult, axes: _Axes) -> None:
    """Customers on two axes, a colour for each segment; customers in none are grey."""
    plot = found.plots.scatter
    axes.set_title("Customers on the two axes of greatest variance")
    if not any(each.x for each in plot.series):
        axes.text(0.5, 0.5, "too few customers to show", ha="center", transform=axes.transAxes)
        return
    names = {card.card_id: f"{at}. {card.name}" for at, card in enumerate(found.segments, start=1)}
    for at, each in enumerate(plot.series):
        color = f"C{at % 10}" if each.card_id else "0.75"
        label = _text(names.get(each.card_id, "in none"))
        axes.scatter(list(each.x), list(each.y), s=8, color=color, label=label, linewidths=0)
    axes.set_xlabel(f"{plot.x_explained:.0%} of the variance")
    axes.set_ylabel(f"{plot.y_explained:.0%} of the variance")
    axes.legend(loc="best", fontsize=8, markerscale=2)


def _text(value: str) -> str:
    """Text from elsewhere for a label: `$` would begin a formula."""
    shown = printable(value)
    return (shown if len(shown) <= _NAME else shown[: _NAME - 1] + "…").replace("$", r"\$")

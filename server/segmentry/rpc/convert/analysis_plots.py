"""What the plots of a result show, as messages of the contract."""

from __future__ import annotations

from segmentry.analysis import figures
from segmentry.v1 import segment_analysis_pb2 as pb


def plots(value: figures.Plots) -> pb.Plots:
    return pb.Plots(
        heatmap=None if value.heatmap is None else _heatmap(value.heatmap),
        scatter=None if value.scatter is None else _scatter(value.scatter),
    )


def _heatmap(value: figures.Heatmap) -> pb.Heatmap:
    return pb.Heatmap(
        fields=value.fields,
        units=value.units,
        rows=[
            pb.HeatmapRow(
                card_id=row.card_id,
                cells=[pb.HeatmapCell(mean=each.mean, z_score=each.z) for each in row.cells],
            )
            for row in value.rows
        ],
    )


def _scatter(value: figures.Scatter) -> pb.Scatter:
    return pb.Scatter(
        series=[pb.ScatterSeries(card_id=each.card_id, x=each.x, y=each.y) for each in value.series],
        x_explained=value.x_explained,
        y_explained=value.y_explained,
        rows=value.rows,
    )

"""The plots of a discovery as characters, 80 columns wide: silhouettes, averages, customers as points.

Segments have the numbers of their cards. Colour only repeats what the characters say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.cells import set_cell_size

from segmentry.cli.terminal import Terminal, printable
from segmentry.v1 import segment_analysis_pb2

WIDTH = 80
_AXIS = 42
_NAME = 24
_CELL = 9
_SCATTER = (74, 20)
_SHADES = ((2.0, "█"), (1.0, "▓"), (0.5, "▒"), (0.2, "░"))
_DIGITS = "123456789abcdefghijklmnopqrstuvwxyz"
_UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def draw(found: segment_analysis_pb2.AnalysisResult, terminal: Terminal) -> None:
    """All plots that the result has data for; says so where it has none."""
    drawn = [
        ("Silhouette for each number of segments", silhouettes(found, terminal)),
        ("How segments differ: average, and distance from everyone's", heatmap(found, terminal)),
        ("Customers on the two axes of greatest variance", scatter(found)),
    ]
    if not any(lines for _, lines in drawn):
        terminal.note("there is nothing to draw: the segments were not found by clustering")
    for title, lines in drawn:
        if lines:
            terminal.line()
            terminal.line(terminal.style(title, "bold"))
            for line in lines:
                terminal.line(line)


def silhouettes(found: segment_analysis_pb2.AnalysisResult, terminal: Terminal) -> list[str]:
    """Score and interval of every number of segments, and what a table without groups reaches."""
    scores = sorted((each for each in found.scores if each.HasField("value")), key=lambda each: each.k)
    if not scores:
        return []
    places = [place for each in scores for place in (*_interval(each), _null(each)) if place is not None]
    low, high = min(0.0, *places), max(0.0, *places)
    span = (high - low) or 1.0

    def at(value: float) -> int:
        return round((value - low) / span * (_AXIS - 1))

    lines: list[str] = []
    for each in scores:
        row = [" "] * _AXIS
        null = _null(each)
        if null is not None:
            row[at(null)] = "┊"
        start, end = _interval(each)
        row[at(start) : at(end) + 1] = "─" * (at(end) - at(start) + 1)
        row[at(each.value)] = _mark(each)
        text = f"  k={each.k:<3} {''.join(row)} {each.value:6.3f}  {_picks(found, each.k)}".rstrip()
        lines.append(terminal.style(text, "dim") if _mark(each) == "◌" else text)
    lines.append(f"        {f'{low:.2f}'.ljust(_AXIS - 4)}{high:.2f}  * shown here")
    legend = "  ● score  ─ 95 % interval  ┊ table without groups  ○ provisional  ◌ too small"
    return [*lines, legend]


def heatmap(found: segment_analysis_pb2.AnalysisResult, terminal: Terminal) -> list[str]:
    """Fields by segments: the mean, and a sign and shade for how far it is from everyone's."""
    plot = found.plots.heatmap
    columns = list(zip(_numbers(found), plot.rows, strict=False))
    per_block = (WIDTH - 2 - _NAME) // _CELL
    lines: list[str] = []
    for start in range(0, len(columns), per_block):
        block = columns[start : start + per_block]
        lines.append(" " * (2 + _NAME) + "".join(number.rjust(_CELL) for number, _ in block))
        for at, name in enumerate(field_names(plot)):
            cells = "".join(_cell(row.cells[at], terminal) for _, row in block)
            lines.append(f"  {set_cell_size(printable(name), _NAME)}{cells}".rstrip())
    if lines:
        lines.append("  + above, - below: ░ 0.2, ▒ 0.5, ▓ 1, █ 2 standard deviations or more")
    return lines


def field_names(plot: segment_analysis_pb2.Heatmap) -> list[str]:
    """The fields of a heatmap; dates with what their means are in."""
    units = [*plot.units, *[""] * (len(plot.fields) - len(plot.units))]
    return [
        f"{_cut(field)}, {unit}" if unit == "days ago" else field
        for field, unit in zip(plot.fields, units, strict=True)
    ]


def _cut(field: str) -> str:
    """Room for `days ago` behind the name."""
    room = _NAME - len(", days ago") - 1
    return field if len(field) <= room else field[: room - 1] + "…"


def scatter(found: segment_analysis_pb2.AnalysisResult) -> list[str]:
    """Every character is the segment that most of the points there belong to; `·` is of customers in none."""
    plot = found.plots.scatter
    numbers = {card.card_id: number for card, number in zip(found.segments, _numbers(found), strict=True)}
    points = [
        (x, y, numbers.get(each.card_id, "·")[-1])
        for each in plot.series
        for x, y in zip(each.x, each.y, strict=True)
    ]
    if not points:
        return []
    columns, rows = _SCATTER
    left, right = min(x for x, _, _ in points), max(x for x, _, _ in points)
    bottom, top = min(y for _, y, _ in points), max(y for _, y, _ in points)
    held: dict[tuple[int, int], Counter[str]] = {}
    for x, y, number in points:
        column = round((x - left) / ((right - left) or 1.0) * (columns - 1))
        row = round((top - y) / ((top - bottom) or 1.0) * (rows - 1))
        held.setdefault((row, column), Counter())[number] += 1
    empty: Counter[str] = Counter(" ")
    lines = [f"  ┌{'─' * columns}┐"]
    for row in range(rows):
        text = "".join(held.get((row, column), empty).most_common(1)[0][0] for column in range(columns))
        lines.append(f"  │{text}│")
    lines.append(f"  └{'─' * columns}┘")
    lines.append(
        f"  across {plot.x_explained:.0%}, up {plot.y_explained:.0%} of the variance; "
        f"{len(points):,} of {plot.rows:,} customers"
    )
    return lines


def _numbers(found: segment_analysis_pb2.AnalysisResult) -> Iterator[str]:
    """What the plots call each segment: the number of its card; letters from the tenth on."""
    return (_DIGITS[at] if at < len(_DIGITS) else "#" for at in range(len(found.segments)))


def _interval(score: segment_analysis_pb2.ClusterScore) -> tuple[float, float]:
    return (score.low, score.high) if score.HasField("low") else (score.value, score.value)


def _null(score: segment_analysis_pb2.ClusterScore) -> float | None:
    """What the same number of segments reaches in a table without groups."""
    return score.value - score.excess_over_null if score.HasField("excess_over_null") else None


def _mark(score: segment_analysis_pb2.ClusterScore) -> str:
    if score.provisional:
        return "○"
    return "◌" if score.HasField("eligible") and not score.eligible else "●"


def _picks(found: segment_analysis_pb2.AnalysisResult, k: int) -> str:
    """The rules that pick this number, and `*` where its segments are shown."""
    selection = found.selection
    named = (
        ("silhouette", selection.HasField("picked_k") and selection.picked_k == k),
        ("excess", selection.HasField("excess_k") and selection.excess_k == k),
    )
    picks = "+".join(name for name, is_picked in named if is_picked)
    shown = "*" if found.HasField("chosen_k") and found.chosen_k == k else ""
    return f"◀ {picks}{shown}" if picks or shown else ""


def _cell(cell: segment_analysis_pb2.HeatmapCell, terminal: Terminal) -> str:
    z = cell.z_score
    shade = next((character for least, character in _SHADES if abs(z) >= least), "")
    text = f" {('+' if z > 0 else '-') + shade if shade else '':2}{short(cell):>{_CELL - 3}}"
    return terminal.style(text, "yellow" if z > 0 else "cyan") if shade else text


def short(cell: segment_analysis_pb2.HeatmapCell) -> str:
    """A mean in at most six characters: `1.23k`, `-45.6`, `0.0123`."""
    if not cell.HasField("mean"):
        return "-"
    value = cell.mean
    for size, unit in _UNITS:
        if abs(value) >= size:
            return f"{_digits(value / size)}{unit}" if abs(value) < 1e15 else f"{value:.0e}"
    return _digits(value) if value == 0 or abs(value) >= 0.001 else f"{value:.0e}"


def _digits(value: float) -> str:
    """A number below 1,000 with three digits."""
    if value == 0:
        return "0"
    before = len(str(int(abs(value)))) if abs(value) >= 1 else 0
    return f"{value:.{3 - before}f}"

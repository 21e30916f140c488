"""XY charts in Vega-Lite: lines, points, marked points and reference lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from convcost.core.units import exact
from convcost.render.charts.data import Number, Point, XYChart
from convcost.render.charts.names import distinct_names, shorten
from convcost.render.charts.scales import Scale, as_float, chart_scales, scale
from convcost.render.charts.theme import BOLD_LETTER, DASHES, HEIGHT, LETTER, NARROW, NOTE_SIZE, SHAPES, Spec
from convcost.render.charts.ticks import amount_text
from convcost.render.charts.vega.elements import axis_encoding, panel_title
from convcost.render.charts.vega.label_places import TopLabel, label_places, text_width, top_labels

LABEL: Spec = {"field": "label", "type": "nominal"}

TOP = 0.94
"""The share of the height from which a label has no room above a reference line."""

STEP = 5
"""The distance between sampled points of a line, in pixels."""

ROW = 15
"""The height of a row of labels above the plot area, in pixels."""


@dataclass(frozen=True)
class PlotLayout:
    """A chart with its scales, the displayed names of its series, and its width in pixels."""

    chart: XYChart
    x: Scale
    y: Scale
    names: tuple[str, ...]
    width: int

    def pixels(self, point: Point) -> tuple[float, float]:
        """The position of a point in pixels from the left and from the top."""
        return self.x.position(point.x) * self.width, (1 - self.y.position(point.y)) * HEIGHT

    @cached_property
    def positions(self) -> dict[str, Spec]:
        """The encoding of both axes, the same in every layer."""
        most = 4 if self.width <= NARROW else 8
        return {"x": axis_encoding(self.x, "x", most), "y": axis_encoding(self.y, "y")}

    @cached_property
    def mark_texts(self) -> list[str]:
        """The labels of marked points, at most as wide as the chart."""
        return [shorten(mark.label, int(self.width / BOLD_LETTER)) for mark in self.chart.marks]

    @cached_property
    def mark_labels(self) -> list[TopLabel]:
        """The places of these labels above the plot area."""
        places = [self.x.position(mark.x) * self.width for mark in self.chart.marks]
        return top_labels([*zip(places, self.mark_texts, strict=True)], self.width)


def xy_panel(chart: XYChart, width: int) -> Spec:
    """The specification of an XY chart; `width` is that of the plot area."""
    names = distinct_names([series.name for series in chart.series])
    plot = PlotLayout(chart, *chart_scales(chart), names, width)
    title_rows = 1 + max((label.row for label in plot.mark_labels), default=-1)
    return {
        "title": {
            **panel_title(chart.title, width),
            "frame": "group",
            "offset": 8 + ROW * title_rows,
        },
        "width": width,
        "height": HEIGHT,
        "layer": [
            *_reference_layers(plot),
            *_line_layers(plot),
            *_point_layers(plot),
            *_mark_layers(plot),
        ],
    }


def _rows(plot: PlotLayout, kind: str) -> Iterator[tuple[str, Point, Spec]]:
    """The points of all series of a kind, with the series' name and the row of data."""
    for name, series in zip(plot.names, plot.chart.series, strict=True):
        if series.kind == kind:
            for point in series.points:
                yield name, point, _row(plot.chart, name, point)


def _row(chart: XYChart, name: str, point: Point) -> Spec:
    row: Spec = {"series": name, "x": as_float(point.x), "y": as_float(point.y)}
    row["x text"] = _exact_text(point.x, chart.x.unit)
    row["y text"] = _exact_text(point.y, chart.y.unit)
    if point.label:
        row["label"] = shorten(point.label)
    if point.value is not None and chart.color:
        row["value"] = as_float(point.value)
        row["value text"] = _exact_text(point.value, chart.color.unit)
    return row


def _exact_text(number: Number, unit: str) -> str:
    """The text of a number in a tooltip: whole numbers in full."""
    return f"{exact(number)} {unit}".rstrip() if isinstance(number, int) else amount_text(number, unit)


def _line_layers(plot: PlotLayout) -> Iterator[Spec]:
    rows = [row for _, _, row in _rows(plot, "line")]
    if not rows:
        return
    mark: Spec = {"type": "line"}
    if plot.chart.color:
        mark["style"] = "plain-line"
    encoding = {
        **plot.positions,
        "strokeDash": _by_series(plot, "strokeDash"),
        "detail": {"field": "series", "type": "nominal"},
        "tooltip": _tooltip(plot.chart)[1:],
    }
    if not plot.chart.color:
        encoding["color"] = _by_series(plot, "color")
    yield {"data": {"values": rows}, "mark": mark, "encoding": encoding}


def _point_layers(plot: PlotLayout) -> Iterator[Spec]:
    found = [*_rows(plot, "points")]
    if not found:
        return
    encoding = {**plot.positions, "shape": _by_series(plot, "shape"), "tooltip": _tooltip(plot.chart)}
    encoding["color"] = _third_quantity(plot) if plot.chart.color else _by_series(plot, "color")
    rows = [row for _, _, row in found]
    yield {"data": {"values": rows}, "mark": {"type": "point"}, "encoding": encoding}
    yield from _point_labels(plot, [point for _, point, _ in found])


def _tooltip(chart: XYChart) -> list[Spec]:
    fields = {"label": "", "series": "series", "x text": chart.x.label, "y text": chart.y.label}
    if chart.color:
        fields["value text"] = chart.color.label
    return [{"field": field, "type": "nominal", "title": title or "part"} for field, title in fields.items()]


def _point_labels(plot: PlotLayout, points: Sequence[Point]) -> Iterator[Spec]:
    """Labels beside points, with a layer for each kind of place."""
    texts = [shorten(point.label) if point.label else "" for point in points]
    pixels = [(*plot.pixels(point), text) for point, text in zip(points, texts, strict=True)]
    by_place: dict[Any, list[Spec]] = {}
    places = label_places(pixels, plot.width, HEIGHT, _line_pixels(plot))
    for point, text, place in zip(points, texts, places, strict=True):
        if place:
            row = {"x": as_float(point.x), "y": as_float(point.y), "label": text}
            by_place.setdefault(place, []).append(row)
    for place, rows in by_place.items():
        yield {
            "data": {"values": rows},
            "mark": {
                "type": "text",
                "align": place.align,
                "dx": place.dx,
                "dy": place.dy,
                "fontSize": NOTE_SIZE,
            },
            "encoding": {**plot.positions, "text": LABEL},
        }


def _line_pixels(plot: PlotLayout) -> Iterator[tuple[float, float]]:
    """Points on all lines, a few pixels apart."""
    for series in plot.chart.series:
        corners = [plot.pixels(point) for point in series.points] if series.kind == "line" else []
        for (x, y), (end, end_y) in pairwise(corners):
            steps = int(max(abs(end - x), abs(end_y - y)) / STEP) + 1
            for step in range(steps + 1):
                yield x + (end - x) * step / steps, y + (end_y - y) * step / steps


def _by_series(plot: PlotLayout, channel: str) -> Spec:
    """A channel that distinguishes series, equal in every layer so that they share a legend."""
    kinds = [series.kind for series in plot.chart.series]
    scale_of: Spec = {"domain": list(plot.names)}
    if channel == "strokeDash":
        scale_of["range"] = [DASHES[place % len(DASHES)] for place in _places(kinds, "line")]
    if channel == "shape":
        places = zip(kinds, _places(kinds, "points"), strict=True)
        scale_of["range"] = [
            "stroke" if kind == "line" else SHAPES[place % len(SHAPES)] for kind, place in places
        ]
    legend = _legend(plot) if len(kinds) > 1 else None
    return {"field": "series", "type": "nominal", "title": None, "scale": scale_of, "legend": legend}


def _places(kinds: Iterable[str], kind: str) -> Iterator[int]:
    """The number of each series among those of a kind; 0 for other kinds."""
    number = 0
    for each in kinds:
        yield number if each == kind else 0
        number += each == kind


def _legend(plot: PlotLayout) -> Spec:
    longest = max(map(text_width, plot.names)) + 40
    return {
        "orient": "top" if plot.chart.color else "bottom",  # the legend of colours is at the bottom
        "direction": "horizontal",
        "columns": max(1, int((plot.width + 60) / longest)),
        "symbolSize": 120,
        **({"symbolType": "stroke"} if {series.kind for series in plot.chart.series} == {"line"} else {}),
        "symbolStrokeWidth": 2.5,
        "labelLimit": plot.width - 40,
    }


def _third_quantity(plot: PlotLayout) -> Spec:
    axis = plot.chart.color
    assert axis
    values = [
        point.value for series in plot.chart.series for point in series.points if point.value is not None
    ]
    encoding = axis_encoding(scale(axis, values, margin=0.0), "value", 4)
    ticks = encoding.pop("axis")
    legend = {
        "orient": "bottom",
        "direction": "horizontal",
        "gradientLength": min(plot.width, 300),
        "values": ticks["values"],
        "labelExpr": ticks["labelExpr"],
    }
    return {**encoding, "legend": legend}


def _reference_layers(plot: PlotLayout) -> Iterator[Spec]:
    for line in plot.chart.reference_lines:
        row = {line.axis: as_float(line.value), "label": shorten(line.label, int(plot.width / LETTER))}
        position = {line.axis: plot.positions[line.axis]}
        data = {"values": [row]}
        yield {"data": data, "mark": {"type": "rule", "style": "reference-line"}, "encoding": position}
        is_level = line.axis == "y"
        corner = {"x": {"value": plot.width}} if is_level else {"y": {"value": 0}}
        is_on_top = is_level and plot.y.position(line.value) > TOP
        align = {"align": "right", "dx": -4, "dy": 9 if is_on_top else -8}
        if not is_level:
            align = {"align": "left", "dx": 4, "dy": 8}
        yield {
            "data": data,
            "mark": {"type": "text", "style": "reference-text", **align},
            "encoding": {**position, **corner, "text": LABEL},
        }


def _mark_layers(plot: PlotLayout) -> Iterator[Spec]:
    """The marked points, each with a vertical line and a label above the plot area."""
    rows = [
        {"x": as_float(mark.x), "y": as_float(mark.y), "label": text}
        for mark, text in zip(plot.chart.marks, plot.mark_texts, strict=True)
    ]
    if not rows:
        return
    data = {"values": rows}
    yield {
        "data": data,
        "mark": {"type": "rule", "style": "mark-line"},
        "encoding": {"x": plot.positions["x"]},
    }
    yield {
        "data": data,
        "mark": {"type": "point", "style": "mark", "size": 90, "opacity": 1},
        "encoding": {**plot.positions, "tooltip": LABEL},
    }
    for row, label in zip(rows, plot.mark_labels, strict=True):
        yield {
            "data": {"values": [row]},
            "mark": {
                "type": "text",
                "style": "mark-text",
                "align": "center",
                "dx": round(label.shift),
                "dy": -9 - ROW * label.row,
            },
            "encoding": {"x": plot.positions["x"], "y": {"value": 0}, "text": LABEL},
        }

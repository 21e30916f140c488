"""Rooflines: the attainable performance by arithmetic intensity, and points for layers or designs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from convcost.analysis.roofline import Roofline, RooflineBound
from convcost.core.comparison import Comparison
from convcost.core.report import Report
from convcost.devices.names import peak_unit
from convcost.render.charts.data import ChartAxis, ChartOptions, Figure, Number, Point, Series, XYChart
from convcost.render.charts.figures.captions import designs_title
from convcost.render.charts.names import shorten
from convcost.render.estimates.roofline import device_note, lower_bound_note

ROOF_MARGIN = 4
"""Roofs extend by this factor beyond the points on both sides."""

LONGEST_LABEL = 28

INTENSITY = ChartAxis("FLOPs per byte moved", "", is_log=True)


def comparison_figure(comparison: Comparison, options: ChartOptions) -> Figure | None:
    """A point for each candidate on each device; None without devices, or if sizes are open."""
    return _figure(comparison.candidates, by_part=False)


def report_figure(report: Report, options: ChartOptions) -> Figure | None:
    """A point for each layer, or for each operator of a module, on each device."""
    return _figure((report,), by_part=True)


def _figure(reports: Sequence[Report], *, by_part: bool) -> Figure | None:
    rooflines = [rooflines_of(report) for report in reports]
    if not all(rooflines) or any(each.is_open for found in rooflines for each in found):
        return None
    series = tuple(
        _part_series(reports[0], rooflines[0]) if by_part else _candidate_series(reports, rooflines)
    )
    if not series:
        return None
    devices = rooflines[0]
    xs = [point.x for each in series for point in each.points] + [each.ridge for each in devices]
    low, high = min(xs) / ROOF_MARGIN, max(xs) * ROOF_MARGIN
    roofs = tuple(_roof(each, low, high) for each in devices)
    names = ", ".join(each.device.name for each in devices)
    title = f"Roofline on {names}: {designs_title(reports)}"
    attained = ChartAxis("attainable performance", peak_unit(devices[0].dtype), is_log=True)
    chart = XYChart(f"Roofline on {names}", INTENSITY, attained, (*series, *roofs))
    every = [each for found in rooflines for each in found]
    notes = (*map(device_note, devices), lower_bound_note(reports, every))
    return Figure(title, (chart,), _description(title, rooflines, reports), notes)


def rooflines_of(report: Report) -> tuple[Roofline, ...]:
    """The rooflines of a report, one for each device."""
    return (report.roofline,) if report.roofline else report.rooflines


def _roof(roofline: Roofline, low: Number, high: Number) -> Series:
    """The roof: full bandwidth up to the ridge point, then the peak."""
    bandwidth, ridge = roofline.device.bandwidth, roofline.ridge
    points = (Point(low, low * bandwidth), Point(ridge, roofline.peak), Point(high, roofline.peak))
    return Series(f"{roofline.device.name}, {roofline.dtype}", points)


def _candidate_series(
    reports: Sequence[Report], rooflines: Sequence[tuple[Roofline, ...]]
) -> Iterator[Series]:
    for report, found in zip(reports, rooflines, strict=True):
        points = tuple(
            Point(each.intensity, each.flops / each.seconds, _label_on(report.name, each, found))
            for each in found
            if each.flops and each.bytes
        )
        if points:
            yield Series(report.name, points, "points")


def _label_on(name: str, roofline: Roofline, found: Sequence[Roofline]) -> str:
    return name if len(found) == 1 else f"{name} on {roofline.device.name}"


def _part_series(report: Report, rooflines: Sequence[Roofline]) -> Iterator[Series]:
    """The layers or operators, the longest first; equal points are merged."""
    points: dict[tuple[Number, Number], Point] = {}
    for place, roofline in enumerate(rooflines):
        names_by_point: dict[tuple[Fraction, Fraction], list[str]] = {}
        for bound in sorted(roofline.bounds, key=lambda bound: bound.seconds, reverse=True):
            part = bound.workload
            if part.flops and part.bytes:
                where = bound.intensity, Fraction(part.flops) / bound.seconds
                names_by_point.setdefault(where, []).append(_part_name(bound, report))
        for (x, y), names in names_by_point.items():
            points.setdefault((x, y), Point(x, y, "" if place else _join_names(names)))
    if points:
        yield Series("operators" if report.trace else "layers", tuple(points.values()), "points")


def _part_name(bound: RooflineBound, report: Report) -> str:
    """The name of a part: 0 Conv2d(64, 64, 3); for a module's, its path."""
    part = bound.workload
    if report.trace:
        return shorten(part.path or part.label, LONGEST_LABEL)
    return part.label if len(part.label) <= LONGEST_LABEL else part.label.partition("(")[0]


def _join_names(names: Sequence[str]) -> str:
    """The first name, and the number of others."""
    first, *others = dict.fromkeys(names)
    return f"{first} and {len(others)} more" if others else first


def _description(title: str, rooflines: Iterable[Sequence[Roofline]], reports: Sequence[Report]) -> str:
    bound = [
        f"{shorten(report.name)} is {each.by}-bound on {each.device.name}"
        for report, found in zip(reports, rooflines, strict=True)
        for each in found
    ]
    return f"{title}: {'; '.join(bound[:6])}."

"""Rooflines on several devices: of one design side by side, of several designs a table per device."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from convcost.analysis.roofline import Roofline
from convcost.core.report import Report
from convcost.core.units import duration, exact, human
from convcost.devices.names import peak_unit
from convcost.render.document import Line, Section, Table
from convcost.render.estimates.roofline import (
    candidate_table,
    device_note,
    flip_notes,
    lower_bound_note,
    share_notes,
    time_lines,
)
from convcost.render.estimates.workload_groups import group_kind, workload_groups
from convcost.render.formulas import approximate_text, short_text
from convcost.render.style import Style, View


def section(reports: tuple[Report, ...], style: Style) -> Section:
    """Tables with a column for each device; for several designs, a table for each device."""
    if len(reports) > 1:
        return _comparison_section(reports)
    [report] = reports
    by_device = [(replace(report, name=each.device.name), each) for each in report.rooflines]
    tables = tuple(_tables(report, style.view))
    return Section(tables, (*flip_notes(by_device), *_notes(reports, tables)))


def _comparison_section(reports: tuple[Report, ...]) -> Section:
    """A table of the candidates with ratios, and a note, for each device."""
    each_device = zip(*(report.rooflines for report in reports), strict=True)
    tables, notes = [], []
    for rooflines in each_device:
        candidates = zip(reports, rooflines, strict=True)
        tables.append(candidate_table(tuple(replace(each, roofline=found) for each, found in candidates)))
        notes.append(device_note(rooflines[0]))
    return Section(tuple(tables), (*notes, *_notes(reports, tables)))


def _notes(reports: tuple[Report, ...], tables: Iterable[Table]) -> Iterator[str]:
    yield lower_bound_note(reports, [roofline for report in reports for roofline in report.rooflines])
    yield from share_notes(tables)


def _tables(report: Report, view: View) -> Iterator[Table]:
    rooflines = report.rooflines
    devices = [roofline.device.name for roofline in rooflines]
    is_open = any(roofline.is_open for roofline in rooflines)
    lines = [*_device_lines(rooflines), *(() if is_open else time_lines(rooflines, _line))]
    yield Table((f"roofline, {rooflines[0].dtype}", *devices), tuple(lines))
    if not is_open and (report.trace or len(report.rows) > 1):
        parts = tuple(_part_lines(report, view))
        if parts:
            yield Table((f"lower bound by {group_kind(report, view)}", *devices), parts)


def _device_lines(rooflines: Sequence[Roofline]) -> Iterator[Line]:
    """Peak, bandwidth and ridge point of each device, and the bytes moved."""
    unit = peak_unit(rooflines[0].dtype)
    yield _line(rooflines, "peak", lambda roofline: roofline.peak, lambda peak: human(peak, unit))
    yield _line(
        rooflines, "bandwidth", lambda roofline: roofline.device.bandwidth, lambda each: human(each, "B/s")
    )
    yield _line(rooflines, "FLOPs per byte at the ridge point", lambda roofline: roofline.ridge, exact)
    yield _line(rooflines, "FLOPs per byte moved", lambda roofline: roofline.intensity, short_text)
    yield _line(
        rooflines, "bytes moved", lambda roofline: roofline.bytes, lambda value: approximate_text(value, "B")
    )


def _line(
    rooflines: Sequence[Roofline],
    label: str,
    value: Callable[[Roofline], Any],
    write: Callable[[Any], str],
    minor: bool = False,
    has_ratio: bool = False,
) -> Line:
    """A line with a cell for each device, without ratios, which compare designs."""
    return Line(label, tuple(write(value(roofline)) for roofline in rooflines), minor)


def _part_lines(report: Report, view: View) -> Iterator[Line]:
    """The lower bound of each part on each device."""
    for group in workload_groups(report, report.rooflines[0], view):
        seconds = (group.copies * each.select(group.selects).seconds for each in report.rooflines)
        yield Line(group.label, tuple(map(duration, seconds)), depth=group.depth)
    if report.trace:
        yield Line("total", tuple(duration(each.seconds) for each in report.rooflines))

"""Least times laid out: candidates side by side, their layers, and what it means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

from convcost.analysis.roofline import BOUNDS, Roofline
from convcost.core.cost import ratio_of
from convcost.core.report import Report
from convcost.core.trace import Phase
from convcost.core.units import duration
from convcost.render.candidates import beside, columns
from convcost.render.document import Line, Section, Table
from convcost.render.estimates.rooflines.cells import amount, bound_by, cells, fitting, headings
from convcost.render.estimates.rooflines.modules import part_table
from convcost.render.estimates.rooflines.sentences import notes
from convcost.render.interface import Style
from convcost.render.numbers import factor, shown


def section(reports: tuple[Report, ...], style: Style) -> Section:
    """A table of the candidates, tables of what they are made of, and notes."""
    in_parts = found(reports) if style.layers or len(reports) == 1 else []
    apart = (table for report, roofline in in_parts for table in _apart(report, roofline, style))
    return Section((_candidates(reports), *apart), notes(found(reports)))


def found(reports: Sequence[Report]) -> list[tuple[Report, Roofline]]:
    """The reports with their rooflines."""
    return [(report, report.roofline) for report in reports if report.roofline]


def _candidates(reports: tuple[Report, ...]) -> Table:
    """The totals side by side, with ratios to the first."""
    rooflines = [roofline for _, roofline in found(reports)]
    first = rooflines[0]
    lines = [
        _line(rooflines, "bytes moved", lambda roofline: roofline.bytes, lambda value: amount(value, "B")),
        _line(rooflines, "FLOPs per byte moved", lambda roofline: roofline.intensity, shown),
    ]
    if not any(roofline.is_open for roofline in rooflines):
        lines += _times(rooflines)
    return Table((f"{first.device.name}, {first.dtype}", *columns(reports)), tuple(lines))


def _times(rooflines: list[Roofline]) -> Iterator[Line]:
    yield _line(rooflines, "least time", lambda roofline: roofline.seconds, duration)
    if any(0 < roofline.share("compute") < 1 for roofline in rooflines):
        for by in BOUNDS:
            yield _line(rooflines, f"bound by {by}", partial(Roofline.seconds_by, by=by), duration, True)
    yield from _phases(rooflines)
    binding = [bound_by(roofline) for roofline in rooflines]
    yield Line("bound by", beside(binding, [""] * (len(binding) - 1)))
    if all(roofline.overhead is not None for roofline in rooflines):
        yield _line(rooflines, "overhead of calls", lambda roofline: roofline.overhead, duration)


def _phases(rooflines: list[Roofline]) -> Iterator[Line]:
    """What the forward and each gradient take of it; nothing where only the forward ran."""
    phases = dict.fromkeys(bound.part.phase for roofline in rooflines for bound in roofline.bounds)
    for phase in phases if len(phases) > 1 else ():
        yield _line(rooflines, phase, partial(_seconds_of, phase=phase), duration, True)


def _seconds_of(roofline: Roofline, phase: Phase) -> Fraction:
    return roofline.only(lambda part: part.phase == phase).seconds


def _line(
    rooflines: list[Roofline],
    label: str,
    value: Callable[[Roofline], Any],
    write: Callable[[Any], str],
    minor: bool = False,
) -> Line:
    first, *others = values = list(map(value, rooflines))
    ratios = [factor(ratio_of(other, first)) for other in others]
    return Line(label, beside(list(map(write, values)), ratios), minor)


def _apart(report: Report, roofline: Roofline, style: Style) -> Iterator[Table]:
    """What it is made of, without intensities where the screen has no room for them."""
    if report.trace:
        yield fitting(part_table(report, roofline, style.view), style.width)
    elif len(roofline.bounds) > 1:
        yield fitting(_layers(report, roofline), style.width)


def _layers(report: Report, roofline: Roofline) -> Table:
    lines = tuple(
        Line(bound.part.label, cells(single, roofline.is_open)) for bound, single in roofline.apart()
    )
    return Table((f"{report.name}, by layer", *headings(roofline)), lines)

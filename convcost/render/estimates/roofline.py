"""Rooflines of the candidates side by side and of their parts, with notes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Any, Protocol

from convcost.analysis.roofline import (
    RESOURCES,
    BoundChanges,
    Roofline,
    RooflineBound,
)
from convcost.core.cost import quotient, ratio_of
from convcost.core.report import Report
from convcost.core.trace import PHASES, Phase
from convcost.core.units import duration, exact, human, percent, ratio
from convcost.devices.names import peak_unit
from convcost.render.document import Line, Section, Table
from convcost.render.estimates.workload_groups import group_heading, workload_groups
from convcost.render.formulas import approximate_text, factor_text, math_text, short_text
from convcost.render.notes import costs_against
from convcost.render.phases import PHASE_LABELS
from convcost.render.quantities import candidate_columns, with_ratios
from convcost.render.style import Style, View
from convcost.render.texts import MathText, MixedText

INTENSITY = "FLOPs/B"

WHOLE_SHARE = Fraction("0.995")
"""From this share of the time on, a single bound is shown."""

ReportRooflines = list[tuple[Report, Roofline]]

LOWER_BOUND_NOTE = (
    "Roofline lower bound{}: one layer after another, each at peak FLOP/s or at full memory bandwidth, "
    "reading and writing its own tensors once. Real times are longer, unless caches hold the data."
)

OPEN_NOTE = (
    "Bytes moved{}: each layer reads and writes its own tensors once. Lower bounds need concrete sizes."
)

SHARE_NOTE = "A percentage after compute or memory is its share of the lower bound."

OF_MODULES_NOTE = "A module's copies and lookups are not included."

MOST_SENTENCES = 6
"""The most sentences on layers' bounds."""

MOST_NAMED = 3
"""The most layers to name in a sentence."""


def section(reports: tuple[Report, ...], style: Style) -> Section:
    """A table of the candidates, tables of their parts, and notes."""
    found = with_rooflines(reports)
    detailed = found if style.layers or len(reports) == 1 else []
    parts = (table for report, roofline in detailed for table in _part_tables(report, roofline, style))
    tables = (candidate_table(reports), *parts)
    return Section(tables, (*roofline_notes(found), *share_notes(tables)))


def with_rooflines(reports: Sequence[Report]) -> list[tuple[Report, Roofline]]:
    """The reports with their rooflines."""
    return [(report, report.roofline) for report in reports if report.roofline]


def candidate_table(reports: tuple[Report, ...]) -> Table:
    """The totals side by side, with ratios to the first."""
    rooflines = [roofline for _, roofline in with_rooflines(reports)]
    first = rooflines[0]
    lines = [
        _candidate_line(
            rooflines,
            "bytes moved",
            lambda roofline: roofline.bytes,
            lambda value: approximate_text(value, "B"),
        ),
        _candidate_line(rooflines, "FLOPs per byte moved", lambda roofline: roofline.intensity, short_text),
    ]
    if not any(roofline.is_open for roofline in rooflines):
        lines += time_lines(rooflines, _candidate_line)
    return Table((f"{first.device.name}, {first.dtype}", *candidate_columns(reports)), tuple(lines))


class LineBuilder(Protocol):
    """Makes the line of a figure of several rooflines."""

    def __call__(
        self,
        rooflines: Sequence[Roofline],
        label: str,
        value: Callable[[Roofline], Any],
        write: Callable[[Any], str],
        minor: bool = False,
        has_ratio: bool = True,
    ) -> Line:
        """The line, with ratios to the first roofline if designs are compared and `has_ratio`."""


def time_lines(rooflines: Sequence[Roofline], line: LineBuilder) -> Iterator[Line]:
    """The lower bound, split by what bounds it and by phase."""
    yield line(rooflines, "lower bound", lambda roofline: roofline.seconds, duration)
    if any(map(_is_mixed, rooflines)):
        for by in RESOURCES:
            yield line(rooflines, f"bound by {by}", partial(Roofline.seconds_by, by=by), duration, True)
    yield from _phases(rooflines, line)
    yield line(rooflines, "bound by", lambda roofline: roofline, bound_by, has_ratio=False)
    if all(roofline.overhead is not None for roofline in rooflines):
        yield line(rooflines, "overhead of calls", lambda roofline: roofline.overhead, duration)


def _phases(rooflines: Sequence[Roofline], line: LineBuilder) -> Iterator[Line]:
    """The share of each phase; nothing if only the forward ran."""
    ran = {bound.workload.phase for roofline in rooflines for bound in roofline.bounds}
    for phase in filter(ran.__contains__, PHASES) if len(ran) > 1 else ():
        yield line(rooflines, PHASE_LABELS[phase], partial(_seconds_of, phase=phase), duration, True)


def _seconds_of(roofline: Roofline, phase: Phase) -> Fraction:
    return roofline.select(lambda part: part.phase == phase).seconds


def _candidate_line(
    rooflines: Sequence[Roofline],
    label: str,
    value: Callable[[Roofline], Any],
    write: Callable[[Any], str],
    minor: bool = False,
    has_ratio: bool = True,
) -> Line:
    first, *others = values = list(map(value, rooflines))
    ratios = [factor_text(ratio_of(other, first)) for other in others] if has_ratio else []
    return Line(label, with_ratios(list(map(write, values)), ratios), minor)


def _part_tables(report: Report, roofline: Roofline, style: Style) -> Iterator[Table]:
    """The table of parts of a design with several."""
    if report.trace or len(report.rows) > 1:
        heading = f"{report.name}, by layer" if style.layers and not report.trace else ""
        table = part_table(report, roofline, style.view, heading)
        if table.lines:
            yield fit_width(table, style.width)


def bound_headings(roofline: Roofline) -> tuple[str, ...]:
    """The headings of `bound_cells`; with formulas there is room for only one."""
    return ("bytes moved",) if roofline.is_open else ("moved", INTENSITY, "lower bound", "bound by")


def bound_cells(some: Roofline, is_open: bool, copies: int = 1) -> tuple[str, ...]:
    """The cells of a part of a roofline, times `copies`; `is_open` is about the whole roofline."""
    moved = approximate_text(copies * some.bytes, "B")
    if is_open:
        return (moved,)
    return (moved, short_text(some.intensity), duration(copies * some.seconds), bound_by(some))


def _is_mixed(roofline: Roofline) -> bool:
    """Whether both compute and memory bound parts of it."""
    return 0 < roofline.share("compute") < 1


def bound_by(roofline: Roofline) -> str:
    """memory; or, if both bounds contribute, memory 80.0%."""
    if not roofline.seconds:
        return ""
    share = roofline.share(roofline.by)
    return roofline.by if share >= WHOLE_SHARE else f"{roofline.by} {percent(share)}"


def fit_width(table: Table, width: int) -> Table:
    """`table` without intensities if it would be too wide."""
    return table if table.fits(width) else table.without(INTENSITY)


def part_table(report: Report, roofline: Roofline, view: View, heading: str = "") -> Table:
    """The parts of a roofline under `heading`, or a default one; for a module also the total."""
    lines = [
        Line(
            group.label,
            bound_cells(roofline.select(group.selects), roofline.is_open, group.copies),
            depth=group.depth,
        )
        for group in workload_groups(report, roofline, view)
    ]
    if report.trace:
        lines.append(Line("total", bound_cells(roofline, roofline.is_open)))
    return Table((heading or group_heading(report, roofline, view), *bound_headings(roofline)), tuple(lines))


def roofline_notes(found: ReportRooflines) -> tuple[str, ...]:
    """What the device can do, how the candidates compare, and what is left out."""
    return (*_comparisons(found), *flip_notes(found), device_note(found[0][1]), *bound_notes(found))


def bound_notes(found: ReportRooflines) -> Iterator[str]:
    """What the bound is, and, of a module on many devices, of what."""
    if any(report.distributed for report, _ in found):
        yield "The roofline is that of the whole module on one device, not of a rank."
    rooflines = [roofline for _, roofline in found]
    yield lower_bound_note([report for report, _ in found], rooflines)


def share_notes(tables: Iterable[Table]) -> Iterator[str]:
    """What a percentage of a lower bound means, if a table has one."""
    cells = (cell for table in tables for line in table.lines for cell in line.cells)
    if any(cell.startswith(RESOURCES) and cell.endswith("%") for cell in cells):
        yield SHARE_NOTE


def lower_bound_note(reports: Iterable[Report], rooflines: Sequence[Roofline]) -> str:
    """What the lower bound, or with open sizes the bytes moved, include."""
    is_open = any(roofline.is_open for roofline in rooflines)
    of_step = " of a training step" if any(roofline.is_training_step for roofline in rooflines) else ""
    note = (OPEN_NOTE if is_open else LOWER_BOUND_NOTE).format(of_step)
    has_modules = any(report.trace for report in reports)
    return f"{note} {OF_MODULES_NOTE}" if has_modules else note


def device_note(roofline: Roofline) -> str:
    """The device's peak, bandwidth and ridge point."""
    device = roofline.device
    unit = peak_unit(roofline.dtype)
    return (
        f"{device.name} in {roofline.dtype}: {human(roofline.peak, unit)}, {human(device.bandwidth, 'B/s')}; "
        f"layers are compute-bound from {exact(roofline.ridge)} FLOPs per byte moved."
    )


def _comparisons(found: ReportRooflines) -> Iterator[str]:
    """conv costs 6.00× the FLOPs of dense and 1.21× its lower bound: both are memory-bound (…)."""
    (first, base), *others = found
    for other, roofline in others:
        if base.is_open or roofline.is_open or not (base.flops and base.seconds):
            continue
        seconds = ratio(quotient(roofline.seconds, base.seconds))
        yield (
            f"{_costs_against(first, other)} and {seconds} its lower bound on "
            f"{base.device.name}: {bound_reason((first.name, base), (other.name, roofline))}."
        )


def _costs_against(first: Report, other: Report) -> str:
    """The ratio of FLOPs; of training steps, if a backward is counted."""
    if not (first.phases and first.training_flops and other.training_flops is not None):
        return costs_against(first, other)
    found = ratio(quotient(other.training_flops, first.training_flops))
    return f"A training step of {other.name} costs {found} the FLOPs of one of {first.name}"


def bound_reason(first: tuple[str, Roofline], other: tuple[str, Roofline]) -> str:
    """What bounds each of two rooflines."""
    (name, base), (other_name, roofline) = first, other
    if not (intensity_determines_bound(base) and intensity_determines_bound(roofline)):
        return f"{name} is {bound_text(base)}, {other_name} is {bound_text(roofline)}"
    figure = short_text(roofline.intensity)
    if base.by == roofline.by:
        return f"both are {base.by}-bound ({short_text(base.intensity)} and {figure} FLOPs per byte moved)"
    return f"{name} is {bound_text(base)}, {other_name} is {roofline.by}-bound ({figure})"


def bound_text(roofline: Roofline) -> str:
    """compute-bound (24 FLOPs per byte moved); if its layers differ, for how much of the lower bound."""
    if intensity_determines_bound(roofline):
        return f"{roofline.by}-bound ({short_text(roofline.intensity)} FLOPs per byte moved)"
    return f"{roofline.by}-bound for {percent(roofline.share(roofline.by))} of its lower bound"


def intensity_determines_bound(roofline: Roofline) -> bool:
    """Whether the intensity of the whole tells what bounds it; its layers may differ."""
    return (roofline.by == "compute") == (roofline.intensity >= roofline.ridge)


def flip_notes(found: list[tuple[Report, Roofline]]) -> Iterator[str]:
    """For each layer with FLOPs, the sizes at which its bound changes; equal ones merged."""
    names_by_text: dict[str, list[str]] = {}
    for report, roofline in found:
        texts = _flip_texts(report, roofline)
        for label, text in texts.items():
            is_for_all = len(set(texts.values())) == 1
            name = report.name if is_for_all else f"{report.name}, {label}" if found[1:] else label
            names_by_text.setdefault(text, []).append(name)
    for text, names in [*names_by_text.items()][:MOST_SENTENCES]:
        yield MixedText(f"{_join_names(list(dict.fromkeys(names)))}: ", text, ".")
    if len(names_by_text) > MOST_SENTENCES:
        yield f"{len(names_by_text) - MOST_SENTENCES} more layers change at other sizes."


def _flip_texts(report: Report, roofline: Roofline) -> dict[str, str]:
    """What there is to say of each layer that computes, by its label; nothing where only the ridge tells."""
    return {
        _bound_label(report, bound): _flip_text(bound.changes, report)
        for bound in roofline.bounds
        if bound.changes and bound.workload.flops != 0 and bound.changes.ranges
    }


def _bound_label(report: Report, bound: RooflineBound) -> str:
    part = bound.workload
    return f"{part.path}: {part.label}" if report.trace and part.path else part.label


def _join_names(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if names[MOST_NAMED:] else ""
    separator = "; " if any("," in name for name in names) else ", "
    return separator.join(names[:MOST_NAMED]) + more


def _flip_text(found: BoundChanges, report: Report) -> str:
    """memory-bound below B = 513, compute-bound from there on."""
    first, *others = found.ranges
    if not others:
        names = map(MathText, report.open_names or report.assumed)
        return MixedText(f"{first.by}-bound for all ", MixedText.joined(", ", names))
    parts: list[str] = [
        MixedText(f"{first.by}-bound below ", math_text("{} = {}", found.size, others[0].start))
    ]
    for stretch, following in zip(others, [*others[1:], None], strict=True):
        start = "there" if stretch is others[0] else f"{stretch.start:,}"
        parts.append(
            f"{stretch.by}-bound from {start} " + (f"to {following.start - 1:,}" if following else "on")
        )
    return MixedText.joined(", ", parts)

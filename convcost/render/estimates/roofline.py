"""Rooflines of the candidates side by side, of their layers or modules, and what they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

from convcost.analysis.breakdown import OperatorTotal, module_tree, operator_totals
from convcost.analysis.roofline import (
    RESOURCES,
    BoundChanges,
    Roofline,
    RooflineBound,
    Workload,
    workload_label,
)
from convcost.core.cost import quotient, ratio_of
from convcost.core.report import Report, Row
from convcost.core.trace import PHASES, Phase, Trace
from convcost.core.units import duration, exact, human, percent, ratio
from convcost.devices.names import peak_unit
from convcost.render.document import Line, Section, Table
from convcost.render.formulas import approximate_text, factor_text, math_text, short_text
from convcost.render.layer_table import layer_label, select_layers
from convcost.render.model_tables import Selection, ShownModule, module_label, select
from convcost.render.notes import costs_against
from convcost.render.operator_tables import operator_name, select_operators
from convcost.render.part_order import others_label
from convcost.render.quantities import candidate_columns, with_ratios
from convcost.render.style import Style, View
from convcost.render.texts import MathText, MixedText

INTENSITY = "FLOPs/B"

WHOLE_SHARE = Fraction("0.995")
"""From this share of the time on, one bound has it all."""

ReportRooflines = list[tuple[Report, Roofline]]

LOWER_BOUND_NOTE = (
    "Roofline lower bound: one layer after the other, each tensor read or written once, at the full peak or "
    "the full bandwidth of memory; real times are longer, unless a cache holds what is moved."
)

MOST_SENTENCES = 6
"""Sentences; further ones would hide the first."""

MOST_NAMED = 3
"""Layers in one sentence."""


def section(reports: tuple[Report, ...], style: Style) -> Section:
    """A table of the candidates, tables of what they are made of, and notes."""
    in_parts = with_rooflines(reports) if style.layers or len(reports) == 1 else []
    apart = (table for report, roofline in in_parts for table in _part_tables(report, roofline, style))
    return Section((_candidates(reports), *apart), roofline_notes(with_rooflines(reports)))


def with_rooflines(reports: Sequence[Report]) -> list[tuple[Report, Roofline]]:
    """The reports with their rooflines."""
    return [(report, report.roofline) for report in reports if report.roofline]


def _candidates(reports: tuple[Report, ...]) -> Table:
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
        lines += _times(rooflines)
    return Table((f"{first.device.name}, {first.dtype}", *candidate_columns(reports)), tuple(lines))


def _times(rooflines: list[Roofline]) -> Iterator[Line]:
    yield _candidate_line(rooflines, "lower bound", lambda roofline: roofline.seconds, duration)
    if any(0 < roofline.share("compute") < 1 for roofline in rooflines):
        for by in RESOURCES:
            yield _candidate_line(
                rooflines, f"bound by {by}", partial(Roofline.seconds_by, by=by), duration, True
            )
    yield from _phases(rooflines)
    yield Line("bound by", with_ratios([bound_by(roofline) for roofline in rooflines]))
    if all(roofline.overhead is not None for roofline in rooflines):
        yield _candidate_line(rooflines, "overhead of calls", lambda roofline: roofline.overhead, duration)


def _phases(rooflines: list[Roofline]) -> Iterator[Line]:
    """What the forward and each gradient take of it; nothing where only the forward ran."""
    ran = {bound.workload.phase for roofline in rooflines for bound in roofline.bounds}
    for phase in filter(ran.__contains__, PHASES) if len(ran) > 1 else ():
        yield _candidate_line(rooflines, phase, partial(_seconds_of, phase=phase), duration, True)


def _seconds_of(roofline: Roofline, phase: Phase) -> Fraction:
    return roofline.select(lambda part: part.phase == phase).seconds


def _candidate_line(
    rooflines: list[Roofline],
    label: str,
    value: Callable[[Roofline], Any],
    write: Callable[[Any], str],
    minor: bool = False,
) -> Line:
    first, *others = values = list(map(value, rooflines))
    ratios = [factor_text(ratio_of(other, first)) for other in others]
    return Line(label, with_ratios(list(map(write, values)), ratios), minor)


def _part_tables(report: Report, roofline: Roofline, style: Style) -> Iterator[Table]:
    """What it is made of, without intensities where the screen has no room for them."""
    if report.trace:
        yield fit_width(part_table(report, roofline, style.view), style.width)
    elif len(roofline.bounds) > 1:
        heading = f"{report.name}, by layer" if style.layers else "layer"
        yield fit_width(_layers(report, roofline, style.view, heading), style.width)


def _layers(report: Report, roofline: Roofline, view: View, heading: str) -> Table:
    shown = select_layers(report, view)
    lines = [
        Line(layer_label(row), bound_cells(_of_layers(roofline, (row,)), roofline.is_open))
        for row in shown.items
    ]
    if shown.others:
        cells = bound_cells(_of_layers(roofline, shown.others), roofline.is_open)
        lines.append(Line(others_label(len(shown.others)), cells))
    return Table((heading, *bound_headings(roofline)), tuple(lines))


def _of_layers(roofline: Roofline, rows: tuple[Row, ...]) -> Roofline:
    paths = {row.path for row in rows}
    return roofline.select(lambda part: part.path in paths)


def bound_headings(roofline: Roofline) -> tuple[str, ...]:
    """What the cells are; beside formulas there is room for one of them."""
    return ("bytes moved",) if roofline.is_open else ("moved", INTENSITY, "lower bound", "bound by")


def bound_cells(some: Roofline, is_open: bool, copies: int = 1) -> tuple[str, ...]:
    """The cells for a part of a roofline, times `copies`; `is_open` is about the whole roofline."""
    moved = approximate_text(copies * some.bytes, "B")
    if is_open:
        return (moved,)
    return (moved, short_text(some.intensity), duration(copies * some.seconds), bound_by(some))


def bound_by(roofline: Roofline) -> str:
    """memory; or, where both bounds have a part in it, memory 80.0%."""
    if not roofline.seconds:
        return ""
    share = roofline.share(roofline.by)
    return roofline.by if share >= WHOLE_SHARE else f"{roofline.by} {percent(share)}"


def fit_width(table: Table, width: int) -> Table:
    """`table` without intensities where the screen has no room for them."""
    return table if table.fits(width) else table.without(INTENSITY)


def part_table(report: Report, roofline: Roofline, view: View) -> Table:
    """What all of it is made of."""
    if report.trace and view.by == "operator":
        return _operators(report, report.trace, roofline, view)
    return _modules(roofline, select(module_tree(report), view, report.convention))


def _modules(roofline: Roofline, selection: Selection) -> Table:
    lines = [
        Line(
            module_label(shown),
            bound_cells(roofline.select(_in_module(shown)), roofline.is_open, shown.node.copies),
            depth=shown.depth,
        )
        for shown in selection.modules
    ]
    if selection.others:
        in_others = list(map(_in_module, selection.others))
        others = roofline.select(lambda part: any(is_in(part) for is_in in in_others))
        lines.append(Line(others_label(len(in_others)), bound_cells(others, roofline.is_open)))
    outside = roofline.select(lambda part: not part.path)
    found = (*selection.modules, *selection.others)
    if outside.bytes and not any(shown.is_itself and not shown.node.module.path for shown in found):
        lines.append(Line("outside of modules", bound_cells(outside, roofline.is_open)))
    return _with_total("module", lines, roofline)


def _in_module(shown: ShownModule) -> Callable[[Workload], bool]:
    """Whether a part runs in the module that is shown, or, of what it runs itself, in it alone."""
    path = shown.node.module.path
    if shown.is_itself:
        return lambda part: part.path == path
    return lambda part: part.path == path or part.path.startswith(f"{path}.")


def _operators(report: Report, trace: Trace, roofline: Roofline, view: View) -> Table:
    """Those that `view` asks for, in its order, or else the longest first."""
    shown = select_operators(operator_totals(trace), view, report.convention)
    found = [(operator_name(total.operator), _of_operators(roofline, (total,))) for total in shown.items]
    if not (roofline.is_open or view.sort):
        found.sort(key=lambda pair: -pair[1].seconds)
    if shown.others:
        found.append((others_label(len(shown.others)), _of_operators(roofline, shown.others)))
    lines = [Line(label, bound_cells(some, roofline.is_open)) for label, some in found]
    return _with_total("operator", lines, roofline)


def _of_operators(roofline: Roofline, totals: tuple[OperatorTotal, ...]) -> Roofline:
    labels = {workload_label(total.operator) for total in totals}
    return roofline.select(lambda part: part.label in labels)


def _with_total(heading: str, lines: list[Line], roofline: Roofline) -> Table:
    return Table(
        (heading, *bound_headings(roofline)), (*lines, Line("total", bound_cells(roofline, roofline.is_open)))
    )


def roofline_notes(found: ReportRooflines) -> tuple[str, ...]:
    """What the device can do, how the candidates compare, and what is left out."""
    return (*_comparisons(found), *flip_notes(found), _device(found[0][1]), LOWER_BOUND_NOTE)


def _device(roofline: Roofline) -> str:
    device = roofline.device
    unit = peak_unit(roofline.dtype)
    return (
        f"{device.name} in {roofline.dtype}: {human(roofline.peak, unit)}, {human(device.bandwidth, 'B/s')}; "
        f"compute-bound from {exact(roofline.ridge)} FLOPs a byte on."
    )


def _comparisons(found: ReportRooflines) -> Iterator[str]:
    """conv costs 6.00× the FLOPs of dense and 1.21× its lower bound: both are memory-bound (…)."""
    (first, base), *others = found
    for other, roofline in others:
        if base.is_open or roofline.is_open or not (base.flops and base.seconds):
            continue
        seconds = ratio(quotient(roofline.seconds, base.seconds))
        yield (
            f"{costs_against(first, other)} and {seconds} its lower bound on "
            f"{base.device.name}: {bound_reason((first.name, base), (other.name, roofline))}."
        )


def bound_reason(first: tuple[str, Roofline], other: tuple[str, Roofline]) -> str:
    """What binds the one and the other."""
    (name, base), (other_name, roofline) = first, other
    if base.by == roofline.by:
        both = f"{short_text(base.intensity)} and {short_text(roofline.intensity)} FLOPs a byte"
        return f"both are {base.by}-bound ({both})"
    return (
        f"{name} is {base.by}-bound ({short_text(base.intensity)} FLOPs a byte), "
        f"{other_name} is {roofline.by}-bound ({short_text(roofline.intensity)})"
    )


def flip_notes(found: list[tuple[Report, Roofline]]) -> Iterator[str]:
    """For each layer that computes, at which size which bound holds; layers alike together."""
    names_by_text: dict[str, list[str]] = {}
    for report, roofline in found:
        texts = _flip_texts(report, roofline)
        for label, text in texts.items():
            name = report.name if len(set(texts.values())) == 1 else f"{report.name}, {label}"
            names_by_text.setdefault(text, []).append(name)
    for text, names in [*names_by_text.items()][:MOST_SENTENCES]:
        yield MixedText(f"{_listed(list(dict.fromkeys(names)))}: ", text, ".")
    if len(names_by_text) > MOST_SENTENCES:
        yield f"And {len(names_by_text) - MOST_SENTENCES} more such sentences on other layers."


def _flip_texts(report: Report, roofline: Roofline) -> dict[str, str]:
    """What there is to say of each layer that computes, by its label."""
    return {
        _bound_label(report, bound): _flip_text(bound.changes, report, roofline)
        for bound in roofline.bounds
        if bound.changes and bound.workload.flops != 0
    }


def _bound_label(report: Report, bound: RooflineBound) -> str:
    part = bound.workload
    return f"{part.path}: {part.label}" if report.trace and part.path else part.label


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if names[MOST_NAMED:] else ""
    return "; ".join(names[:MOST_NAMED]) + more


def _flip_text(found: BoundChanges, report: Report, roofline: Roofline) -> str:
    """memory-bound below B = 513, compute-bound from there on."""
    if not found.ranges:
        return f"compute-bound where its FLOPs per byte reach {exact(roofline.ridge)}, memory-bound elsewhere"
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

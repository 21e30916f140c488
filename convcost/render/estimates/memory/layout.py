"""Memory laid out, candidates side by side."""

from __future__ import annotations

from convcost.core.cost import Size, ratio_of
from convcost.core.report import Report
from convcost.core.units import fraction, human
from convcost.render.candidates import beside, columns
from convcost.render.document import Line, Section, Table
from convcost.render.estimates.memory.notes import Found, memory_notes
from convcost.render.estimates.memory.quantities import QUANTITIES, Quantity
from convcost.render.interface import Style
from convcost.render.numbers import LONGEST_ALONE, factor, is_number, shown

UNKNOWN = "unknown"


def section(reports: tuple[Report, ...], style: Style) -> Section:
    """A table of the candidates, and notes."""
    found = [(report, report.memory) for report in reports if report.memory]
    return Section((_table(found),), memory_notes(found))


def _table(found: Found) -> Table:
    (first, memory), *others = found
    dtypes = "/".join(dict.fromkeys(each.dtype for _, each in found))
    single = ("formula",) if first.open_names else ("bytes", "about")
    is_open = bool(first.open_names)
    lines: list[Line] = []
    for quantity, values in _values(found):
        lines.append(Line(quantity.label.format(optimizer=memory.optimizer), _cells(values, is_open)))
        measured = [_measured(report, quantity) for report, _ in found]
        if any(measured):
            lines.append(Line(quantity.measured, _cells(measured, is_open), minor=True))
    headings = columns([report for report, _ in found]) if others else single
    return Table((f"memory, {dtypes}", *headings), tuple(lines))


def _measured(report: Report, quantity: Quantity) -> int | None:
    """The same on the GPU that it was timed on."""
    runs = report.time.runs if report.time else ()
    return next((run.peak for run in runs if run.what == quantity.run and not run.compiled), None)


def _values(found: Found) -> list[tuple[Quantity, list[Size | None]]]:
    """The quantities to show, with each candidate's."""
    listed = [
        (quantity, [getattr(memory, quantity.attribute) for _, memory in found]) for quantity in QUANTITIES
    ]
    return [(quantity, values) for quantity, values in listed if not quantity.optional or any(values)]


def _cells(values: list[Size | None], is_open: bool) -> tuple[str, ...]:
    """Side by side with ratios; of a single one the exact figure and about how much it is, or a formula."""
    if len(values) > 1:
        return beside(list(map(_about, values)), [factor(ratio_of(each, values[0])) for each in values[1:]])
    [value] = values
    if is_open:
        return (_about(value, LONGEST_ALONE),)
    return (UNKNOWN, "") if value is None else (fraction(value), human(value, "B"))


def _about(value: Size | None, longest: int = 56) -> str:
    if value is None:
        return UNKNOWN
    return human(value, "B") if is_number(value) else shown(value, longest=longest)

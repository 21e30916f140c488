"""A model's submodules as a table: a line each, set in by depth."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from convcost.analysis.breakdown import Node, Share
from convcost.core import units
from convcost.core.cost import Size
from convcost.core.report import Report
from convcost.core.units import human
from convcost.render.columns import GUTTER, column_width
from convcost.render.document import Line, Table
from convcost.render.interface import Style
from convcost.render.model.selection import ITSELF, Selection, Shown
from convcost.render.notes import shape_text
from convcost.render.numbers import is_number, shown

HEADINGS = ("params", "trainable", "MACs", "FLOPs", "share", "backward")


def module_table(report: Report, root: Node, selection: Selection, style: Style) -> Table:
    """The modules that are shown, and a line for all of them.

    Beside a column for the backward, and beside formulas, there is no room for MACs.
    """
    total = root.total.cost.flops(report.convention)
    lines = [_line(found, report, total) for found in selection.shown]
    if style.view.filter:
        lines.append(Line("all of these", _cells(selection.together, report, total)))
    lines.append(Line("total", _cells(root.total, report, total)))
    table = Table(("module", *HEADINGS), tuple(lines))
    if report.open_names:
        table = without(table, "MACs", "share")
    if report.trainable_params == report.params:
        table = without(table, "trainable")
    goes_back = root.total.backward.flops(report.convention)
    table = without(table, "MACs") if goes_back else without(table, "backward")
    return _with_shapes(table, selection.shown, style.width)


def _line(found: Shown, report: Report, total: Size) -> Line:
    return Line(module_label(found), _cells(found.node.total, report, total), depth=found.depth)


def _cells(share: Share, report: Report, total: Size) -> tuple[str, ...]:
    flops = share.cost.flops(report.convention)
    backward = share.backward.flops(report.convention)
    costs = (amount(share.cost.macs), amount(flops), percent(flops, total), amount(backward))
    return (amount(share.params), amount(share.trainable_params), *costs)


def module_label(found: Shown) -> str:
    """`conv1: Conv2d`, `blocks.0–11: 12 × Block`, `fc: Linear, 2 calls`."""
    if found.label == ITSELF:
        return ITSELF
    node = found.node
    copies = f"{node.copies} × " if node.copies > 1 else ""
    calls = f", {node.module.calls} calls" if node.module.calls > 1 else ""
    return f"{found.label}: {copies}{node.module.kind}{calls}"


def _with_shapes(table: Table, found: tuple[Shown, ...], width: int) -> Table:
    """With the output's shape in front, and the input's before it, where the screen has room."""
    for ends in (("input", "output"), ("output",)):
        wider = _with_columns(table, found, ends)
        if fits(wider, width):
            return wider
    return table


def without(table: Table, *headings: str) -> Table:
    """`table` without some of its columns."""
    kept = [place for place, heading in enumerate(table.columns[1:]) if heading not in headings]
    lines = (line._replace(cells=tuple(line.cells[place] for place in kept)) for line in table.lines)
    return Table((table.columns[0], *(table.columns[1:][place] for place in kept)), tuple(lines))


def fits(table: Table, width: int) -> bool:
    """Whether its columns have room side by side, with no label broken."""
    label = max(len(line.label) + 2 * line.indent for line in table.lines) + GUTTER
    return label + sum(column_width(table, column) for column in range(1, len(table.columns))) <= width


def _with_columns(table: Table, found: tuple[Shown, ...], ends: tuple[str, ...]) -> Table:
    shapes = [tuple(_shape(getattr(each.node.module, end)) for end in ends) for each in found]
    shapes += [("",) * len(ends)] * (len(table.lines) - len(found))
    lines = [
        line._replace(cells=(*cells, *line.cells)) for line, cells in zip(table.lines, shapes, strict=True)
    ]
    return Table((table.columns[0], *ends, *table.columns[1:]), tuple(lines))


def _shape(shape: Any) -> str:
    return "" if shape is None else shape_text(shape)


def amount(value: Any) -> str:
    """About how much `value` is, 4.09 G; or a formula."""
    return human(value) if is_number(value) else shown(value)


def percent(part: Size, whole: Size) -> str:
    """16.6%; nothing for nothing, and where a size is open."""
    if not part or not (is_number(part) and is_number(whole)):
        return ""
    return units.percent(Fraction(part, whole))

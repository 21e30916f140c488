"""The table of a spec's layers, in the requested order and columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from convcost.analysis.breakdown import ITSELF, ModuleTotals
from convcost.analysis.parts import ReportPart, gradient_cost, layer_part, sum_part
from convcost.core.errors import did_you_mean
from convcost.core.report import Report
from convcost.core.row import Row
from convcost.core.units import plural
from convcost.render.columns import Write, cells, columns_in_convention, headings
from convcost.render.document import Line, Table
from convcost.render.formulas import approximate_text, short_text
from convcost.render.part_order import PartReader, ShownItems, others_label, show, top_note
from convcost.render.style import DEFAULT_VIEW, View
from convcost.render.texts import CodeText, MixedText


class TableGroup(NamedTuple):
    """A layer, or several consecutive layers shown as one, and their path."""

    path: str
    rows: tuple[Row, ...]

    @property
    def label(self) -> str:
        """`0 Linear(8, 2)`, `1.0.2 ReLU()`; `1 add() and its 3 layers`, `1.0 3 layers`.

        Of a module: `fc Linear(in_features=8, out_features=2, bias=True)`; `(itself) Net()`.
        """
        *others, last = self.rows
        if last.path != self.path:
            return f"{self.path} {len(self.rows)} layers"
        count = f" and its {len(others)} {plural(len(others), 'layer')}" if others else ""
        return MixedText(f"{self.path or ITSELF} ", CodeText(_layer_call(last)), count)


def _layer_call(row: Row) -> str:
    """The layer with its arguments. The text of a submodule has only these, maybe on several lines."""
    text = str(row.layer)
    return text if text.startswith(f"{row.kind}(") else f"{row.kind}({' '.join(text.split())})"


DEFAULT_COLUMNS = ("output", "params", "macs", "flops", "backward")


def layer_table(
    report: Report, view: View = DEFAULT_VIEW, width: int | None = None, heading: str = "layer"
) -> Table:
    """A line for each layer that `view` selects; sums below them if it leaves some out.

    With a column for the backward, MACs are left out. If the table is wider than `width`, requested columns
    are rounded, and of the default ones the output is left out.
    """
    if view.columns:
        exact = _table(report, view, view.columns, heading)
        fits = width is None or exact.fits(width)
        return exact if fits else _table(report, view, view.columns, heading, approximate_text)
    left_out = "macs" if any(row.gradients for row in report.rows) else "backward"
    usual = columns_in_convention((name for name in DEFAULT_COLUMNS if name != left_out), report.convention)
    table = _table(report, view, usual, heading)
    return table if width is None or table.fits(width) else table.without("output")


def _table(
    report: Report, view: View, names: tuple[str, ...], heading: str, write: Write = short_text
) -> Table:
    shown = select_layers(report, view)

    def line(label: str, part: ReportPart) -> Line:
        return Line(label, cells(part, report.flops, names, write))

    def sum_line(label: str, groups: Iterable[TableGroup]) -> Line:
        return line(label, sum_part(layer_totals(groups), report.convention))

    lines = [line(group.label, layer_part(group.rows, report)) for group in shown.items]
    if shown.others:
        lines.append(sum_line(others_label(len(shown.others)), shown.others))
    if view.filter and (shown.items or shown.others):
        lines.append(sum_line("subtotal", shown.items + shown.others))
    if view.filter or view.columns or view.top is not None:
        lines.append(sum_line("total", _groups(report, None)))
    return Table((heading, *headings(names, are_short=bool(view.columns))), tuple(lines))


def layer_totals(groups: Iterable[TableGroup]) -> ModuleTotals:
    """The totals of groups of layers."""
    totals = (
        ModuleTotals(row.params, row.trainable_params, row.cost, row.activations, gradient_cost(row))
        for group in groups
        for row in group.rows
    )
    return sum(totals, ModuleTotals())


def select_layers(report: Report, view: View) -> ShownItems[TableGroup]:
    """The layers with the filter's text in their label, in the requested order.

    With a depth, deeper layers of branches are grouped.
    """
    text = view.filter.lower()
    found = (group for group in _groups(report, view.depth) if text in group.label.lower())
    return show(found, view, _reader(report))


def _groups(report: Report, depth: int | None) -> Iterator[TableGroup]:
    """Each layer, or consecutive layers that share the first `depth` numbers of their paths."""
    for path, rows in groupby(report.rows, lambda row: ".".join(row.path.split(".")[:depth])):
        yield TableGroup(path, tuple(rows))


def layer_notes(report: Report, view: View) -> tuple[str, ...]:
    """Notes on the layers that are not shown."""
    shown = select_layers(report, view)
    near = did_you_mean(view.filter[:40], (row.kind for row in report.rows))
    missing = f"No layer has {view.filter[:40]!a} in its path or arguments{near}." if not shown.items else ""
    return tuple(note for note in (missing, top_note(shown, view, _reader(report), "layers")) if note)


def _reader(report: Report) -> PartReader:
    return PartReader(lambda group: layer_part(group.rows, report), lambda group: group.path)

"""The table of a spec's layers: in the order and with the columns that are asked for."""

from __future__ import annotations

from functools import partial

from convcost.analysis.breakdown import ModuleTotals
from convcost.analysis.parts import gradient_cost, layer_part, sum_part
from convcost.core.report import Report, Row
from convcost.render.columns import cells, headings
from convcost.render.document import Line, Table
from convcost.render.formulas import short_text
from convcost.render.part_order import PartReader, Shown, others_label, show, top_note
from convcost.render.style import USUAL_VIEW, View
from convcost.render.texts import CodeText, MixedText

USUAL_COLUMNS = ("output", "params", "macs", "flops", "backward")


def layer_table(
    report: Report, view: View = USUAL_VIEW, width: int | None = None, heading: str = "layer"
) -> Table:
    """A line for each layer that `view` asks for; with a filter, or the largest alone, sums below them.

    With a column for the backward there is no room for MACs. Outputs are left out where a screen of `width`
    has no room for them and no columns are named.
    """
    if view.columns:
        return _table(report, view, view.columns, heading)
    left_out = "macs" if report.has_gradients else "backward"
    usual = tuple(name for name in USUAL_COLUMNS if name != left_out)
    table = _table(report, view, usual, heading)
    return table if width is None or table.fits(width) else table.without("output")


def _table(report: Report, view: View, names: tuple[str, ...], heading: str) -> Table:
    shown = select_layers(report, view)

    def sum_line(label: str, rows: tuple[Row, ...]) -> Line:
        part = sum_part(layer_totals(rows), report.convention)
        return Line(label, cells(part, report.flops, names, short_text))

    lines = [
        Line(layer_label(row), cells(layer_part(row, report), report.flops, names, short_text))
        for row in shown.items
    ]
    if shown.others:
        lines.append(sum_line(others_label(len(shown.others)), shown.others))
    if view.filter:
        lines.append(sum_line("all of these", shown.items + shown.others))
    if view.filter or view.columns or view.top is not None:
        lines.append(sum_line("total", report.rows))
    return Table((heading, *headings(names, are_short=bool(view.columns))), tuple(lines))


def layer_label(row: Row) -> str:
    """`0 Linear(8, 2)`, `1.0.2 ReLU()`."""
    return MixedText(f"{row.path} ", CodeText(row.layer))


def layer_totals(rows: tuple[Row, ...]) -> ModuleTotals:
    """What several layers have together."""
    totals = (
        ModuleTotals(row.params, row.trainable_params, row.cost, row.activations, gradient_cost(row))
        for row in rows
    )
    return sum(totals, ModuleTotals())


def select_layers(report: Report, view: View) -> Shown[Row]:
    """The layers with the filter's text in their path or what they are, in the order asked for."""
    text = view.filter.lower()
    found = (row for row in report.rows if text in row.path.lower() or text in str(row.layer).lower())
    return show(found, view, _reader(report))


def layer_notes(report: Report, view: View) -> tuple[str, ...]:
    """What is to be said of the layers that are not shown."""
    shown = select_layers(report, view)
    missing = f"No layer has {view.filter[:40]!a} in its path or arguments." if not shown.items else ""
    return tuple(note for note in (missing, top_note(shown, view, _reader(report), "layers")) if note)


def _reader(report: Report) -> PartReader:
    return PartReader(partial(layer_part, report=report), lambda row: row.path)

"""The table of a model's operators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import partial

from convcost.analysis.breakdown import OperatorTotal, operator_totals, sum_operators
from convcost.analysis.parts import ReportPart, operator_part
from convcost.core.cost import Convention
from convcost.core.errors import did_you_mean
from convcost.core.report import Report
from convcost.core.trace import Trace
from convcost.render.columns import cells, columns_in_convention, headings
from convcost.render.document import Line, Table
from convcost.render.formulas import short_text
from convcost.render.part_order import PartReader, ShownItems, others_label, show, top_note
from convcost.render.style import View

DEFAULT_COLUMNS = ("calls", "macs", "flops", "share", "elementwise")

NOT_COUNTED = "not counted"
COUNTED_IN_PART = "in part"


def operator_name(operator: str) -> str:
    """The operator's name without torch's namespaces."""
    return operator.removeprefix("aten::").removeprefix("higher_order::")


def operator_table(report: Report, trace: Trace, view: View, width: int) -> Table:
    """The cost of each operator in the forward. Those without FLOPs share a line, unless by operator.

    Elementwise work is left out if the table is too wide and it is not part of FLOPs.
    """
    totals = forward_totals(trace)
    is_in_full = view.by == "operator"
    shown = select_operators(totals, view, report.convention) if is_in_full else _with_flops(totals, report)
    names = (is_in_full and view.columns) or _default_columns(report)

    def line(label: str, part: ReportPart) -> Line:
        return Line(label, cells(part, report.flops, names))

    def sum_line(label: str, found: tuple[OperatorTotal, ...]) -> Line:
        return line(label, operator_part(sum_operators(found), report.convention))

    lines = [
        line(operator_name(total.operator), operator_part(total, report.convention)) for total in shown.items
    ]
    if shown.others:
        first, *more = shown.others
        is_named = not more and not is_in_full
        label = operator_name(first.operator) if is_named else others_label(len(shown.others))
        lines.append(sum_line(label, shown.others))
    lines += _uncounted_lines(trace, names, view.filter if is_in_full else "")
    if is_in_full and view.filter and (shown.items or shown.others):
        lines.append(sum_line("subtotal", shown.items + shown.others))
    lines.append(sum_line("total", totals))
    label = "operator, forward" if trace.phases else "operator"
    table = Table((label, *headings(names)), tuple(lines))
    is_needed = is_in_full or report.convention.count == "all" or table.fits(width)
    return table if is_needed else table.without("elementwise")


def _default_columns(report: Report) -> tuple[str, ...]:
    left_out = {"macs", "share"} if report.open_names else set()
    names = (name for name in DEFAULT_COLUMNS if name not in left_out)
    return columns_in_convention(names, report.convention)


def _with_flops(totals: tuple[OperatorTotal, ...], report: Report) -> ShownItems[OperatorTotal]:
    """The operators with FLOPs, and the others."""
    with_flops = tuple(total for total in totals if total.cost.flops(report.convention))
    return ShownItems(with_flops, tuple(total for total in totals if total not in with_flops))


def forward_totals(trace: Trace) -> tuple[OperatorTotal, ...]:
    """The operators of the forward."""
    return tuple(total for total in operator_totals(trace) if total.calls)


def select_operators(
    totals: Iterable[OperatorTotal], view: View, convention: Convention
) -> ShownItems[OperatorTotal]:
    """The operators with the filter's text in their name, in the requested order."""
    found = (total for total in totals if view.filter.lower() in total.operator.lower())
    return show(found, view, _reader(convention))


def operator_notes(report: Report, trace: Trace, view: View) -> tuple[str, ...]:
    """Notes on the operators that are not shown."""
    shown = select_operators(forward_totals(trace), view, report.convention)
    if view.filter and not shown.items:
        near = did_you_mean(view.filter[:40], (operator_name(each.operator) for each in trace.operations))
        return (f"No operator has {view.filter[:40]!a} in its name{near}.",)
    note = top_note(shown, view, _reader(report.convention), "operators")
    return (note,) if note else ()


def _reader(convention: Convention) -> PartReader:
    return PartReader(partial(operator_part, convention=convention), lambda total: total.operator)


def _uncounted_lines(trace: Trace, names: tuple[str, ...], text: str) -> list[Line]:
    calls: Counter[tuple[str, str]] = Counter()
    for found in (each for each in trace.uncounted if text.lower() in each.operator.lower()):
        calls[found.operator, COUNTED_IN_PART if found.reason else NOT_COUNTED] += found.calls
    return [
        Line(operator_name(operator), _uncounted_cells(number, text, names))
        for (operator, text), number in calls.items()
    ]


def _uncounted_cells(calls: int, text: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """The calls, and `text` in the column of FLOPs, or else in the last one."""
    others = [name for name in names if name != "calls"]
    place = "flops" if "flops" in others else (others or ["calls"])[-1]
    return tuple(text if name == place else short_text(calls) if name == "calls" else "" for name in names)

"""From a torch module's report to the document that a reader sees."""

from __future__ import annotations

from convcost.analysis.breakdown import phases, tree
from convcost.core.report import Report
from convcost.core.trace import Tensor, Trace
from convcost.render import estimates
from convcost.render.counting import counter_section
from convcost.render.document import Document, Fact, Section, Table
from convcost.render.figures import figures
from convcost.render.interface import Style
from convcost.render.model.modules import module_table
from convcost.render.model.notes import listed, notes
from convcost.render.model.operators import operator_table, phase_tables
from convcost.render.model.selection import selected
from convcost.render.notes import shape_text, sizes_text


def model(report: Report, trace: Trace, style: Style) -> Document:
    """The tree of modules, or its operators; the totals; what to know about them."""
    root = tree(report)
    selection = selected(root, style.view, report.convention)
    is_by_module = style.view.by == "module"
    tables = (
        *((module_table(report, root, selection, style),) if is_by_module else ()),
        operator_table(report, trace, not is_by_module, style.width),
        *phase_tables(report, trace),
        _totals(report, trace),
    )
    return Document(
        heading=((report.name, "" if report.spec == report.name else report.spec),),
        facts=_facts(report, trace),
        costs=Section(tables, notes(report, trace, root, selection, style.view)),
        counters=counter_section((report,)),
        beside=estimates.sections((report,), style),
    )


def _totals(report: Report, trace: Trace) -> Table:
    label = "forward" if phases(trace) else ""
    columns = (label, "formula") if report.open_names else (label, "exact", "about")
    return Table(columns, tuple(figures(report)))


def _facts(report: Report, trace: Trace) -> tuple[Fact, ...]:
    texts = (
        ("sizes", sizes_text((report,))),
        ("input", listed(map(_end, trace.inputs), "; ")),
        ("output", listed(map(_end, trace.outputs), "; ")),
    )
    return tuple(Fact(label, text) for label, text in texts if text)


def _end(tensor: Tensor) -> str:
    """An input or output, by name where forward has one."""
    name = "" if tensor.name.isdecimal() else tensor.name
    return " ".join(part for part in (name, tensor.dtype, shape_text(tensor.shape)) if part)

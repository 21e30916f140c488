"""From a result to the document that a reader sees."""

from __future__ import annotations

from convcost.analysis.explain.shapes import lengths
from convcost.core.cost import Shape
from convcost.core.diagnosis import DiagnosedReport
from convcost.core.escapes import printable
from convcost.core.match import Match
from convcost.core.metrics import Metric
from convcost.core.report import Comparison, Report
from convcost.core.units import NONE
from convcost.gate.verdict import Checked
from convcost.render import estimates
from convcost.render.candidates import beside, columns
from convcost.render.counting import counter_section, listing
from convcost.render.designs import sizes_facts, spec_text
from convcost.render.document import Document, Fact, Line, Section, Table
from convcost.render.explain.text import line_text
from convcost.render.figures import figures
from convcost.render.interface import CounterList, DeviceList, Result, Style
from convcost.render.metrics import label, shown_metrics
from convcost.render.notes import (
    NO_COUNTERS,
    assumed_text,
    comparison_notes,
    convention_note,
    shape_text,
    unknown_text,
)
from convcost.render.numbers import factor, shown
from convcost.render.plain import plain
from convcost.verify.result import Verified


def document(result: Result, style: Style) -> Document:
    """What to read of `result`, in the characters that the reader has."""
    laid_out = _document(result, style).written(printable)
    return laid_out if style.unicode else laid_out.written(plain)


def _document(result: Result, style: Style) -> Document:
    match result:
        case Comparison():
            return _comparison(result, style)
        case Report(trace=trace) if trace:
            from convcost.render.model.layout import model

            return model(result, trace, style)
        case Report():
            return _report(result, style)
        case CounterList():
            return listing(result)
        case DiagnosedReport():
            from convcost.render.diagnosis.layout import section

            return _document(result.report, style)._replace(counters=section(result, style.width))
        case Match():
            from convcost.render.match import matching

            return matching(result)
        case Checked():
            from convcost.render.gate.layout import gate

            return gate(result, style.width)
        case Verified():
            from convcost.render.verify import verification

            return verification(result)
        case DeviceList():
            from convcost.render.devices.layout import device_list

            return device_list(result)


def _comparison(comparison: Comparison, style: Style) -> Document:
    reports = comparison.candidates
    table = Table(
        ("", *columns(reports)),
        (
            _shapes_line("input", [report.input for report in reports]),
            _shapes_line("output", [report.output for report in reports]),
            *(_compared(comparison, metric) for metric in shown_metrics(*reports)),
        ),
    )
    by_module = _by_module(comparison)
    layers = tuple(map(_layers, reports)) if style.layers else ()
    return Document(
        heading=tuple((report.name, spec_text(report)) for report in reports),
        facts=sizes_facts(reports),
        costs=Section(
            (table, *by_module.tables, *layers),
            (*by_module.notes, *comparison_notes(comparison), convention_note(comparison.first.convention)),
        ),
        counters=counter_section(reports),
        beside=estimates.sections(reports, style),
    )


def _by_module(comparison: Comparison) -> Section:
    """What the differences are made of, where torch modules are among the candidates."""
    if not any(report.trace for report in comparison.candidates):
        return Section((), ())
    from convcost.render.model.difference import differences

    return differences(comparison)


def _shapes_line(label: str, shapes: list[Shape]) -> Line:
    return Line(label, beside([shape_text(shape) for shape in shapes], [""] * (len(shapes) - 1)))


def _compared(comparison: Comparison, metric: Metric) -> Line:
    found = (getattr(report, metric.name) for report in comparison.candidates)
    values = [shown(value, missing=metric.missing or NONE) for value in found]
    ratios = [factor(comparison.ratio(metric.name, other)) for other in comparison.candidates[1:]]
    return Line(label(metric, comparison.first), beside(values, ratios), metric.is_minor)


def _report(report: Report, style: Style) -> Document:
    is_single = len(report.rows) == 1
    headings = ("", "formula") if report.open_names else ("", "exact", "about")
    table = Table(headings, tuple(figures(report)))
    layers = () if is_single else (_layers(report),)
    return Document(
        heading=((report.name, spec_text(report)),),
        facts=(*sizes_facts((report,)), *_shapes(report)),
        costs=Section((table, *layers), _notes(report)),
        counters=counter_section((report,)),
        beside=estimates.sections((report,), style),
    )


def _notes(report: Report) -> tuple[str, ...]:
    counters = NO_COUNTERS if report.open_names else ""
    notes = (assumed_text((report,)), unknown_text((report,)), counters)
    return tuple(note for note in (*notes, convention_note(report.convention)) if note)


def _shapes(report: Report) -> tuple[Fact, ...]:
    formulas = map(line_text, lengths(report.rows[0])) if len(report.rows) == 1 else ()
    return (
        Fact("input", shape_text(report.input)),
        Fact("output", shape_text(report.output)),
        *(Fact("", formula) for formula in formulas),
    )


def _layers(report: Report) -> Table:
    lines = tuple(
        Line(
            f"{row.path} {row.layer}",
            (
                shape_text(row.output),
                shown(row.params),
                shown(row.cost.macs),
                shown(row.cost.flops(report.convention)),
            ),
        )
        for row in report.rows
    )
    return Table((f"{report.name}, by layer", "output", "parameters", "MACs", "FLOPs"), lines)

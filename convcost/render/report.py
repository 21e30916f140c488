"""The document of one design: every quantity, its layers, and notes."""

from __future__ import annotations

from convcost.analysis.explain.steps import lengths
from convcost.core.diagnosis import DiagnosedReport
from convcost.core.report import Report
from convcost.render import estimates
from convcost.render.counters import counter_section, diagnosis_section
from convcost.render.document import Document, Fact, Section
from convcost.render.explain import equation_text
from convcost.render.formulas import shape_text
from convcost.render.layer_table import layer_notes, layer_table
from convcost.render.model import model_document
from convcost.render.notes import (
    NO_COUNTERS,
    assumptions_note,
    convention_note,
    designs_heading,
    sizes_facts,
    valid_macs_note,
    warning_notes,
    with_leading_terms_note,
)
from convcost.render.phases import estimate_note, input_gradient_note, phase_tables
from convcost.render.quantities import totals_table
from convcost.render.style import Style


def report_document(report: Report, style: Style) -> Document:
    """One design, or a torch module's tree."""
    if report.trace:
        return model_document(report, report.trace, style)
    is_single = len(report.rows) == 1
    has_layers = not is_single or style.view.columns
    layers = (layer_table(report, style.view, style.width),) if has_layers else ()
    return Document(
        heading=designs_heading((report,)),
        facts=(*sizes_facts((report,)), *_shapes(report)),
        costs=with_leading_terms_note(
            Section(
                (totals_table(report), *layers, *phase_tables(report)),
                (*layer_notes(report, style.view), *_report_notes(report)),
            )
        ),
        counters=counter_section((report,)),
        estimates=estimates.sections((report,), style),
    )


def diagnosis_document(result: DiagnosedReport, style: Style) -> Document:
    """The model's document, with the counters' diagnoses."""
    return report_document(result.report, style)._replace(counters=diagnosis_section(result, style.width))


def _report_notes(report: Report) -> tuple[str, ...]:
    counters = NO_COUNTERS if report.open_names else ""
    estimated = estimate_note(report)
    notes = (
        *warning_notes((report,)),
        input_gradient_note(report),
        estimated,
        assumptions_note((report,)),
        valid_macs_note((report,)),
        counters,
    )
    return tuple(note for note in (*notes, convention_note(report.convention)) if note)


def _shapes(report: Report) -> tuple[Fact, ...]:
    equations = map(equation_text, lengths(report.rows[0])) if len(report.rows) == 1 else ()
    return (
        Fact("input", shape_text(report.input)),
        Fact("output", shape_text(report.output)),
        *(Fact("", equation.text) for equation in equations),
    )

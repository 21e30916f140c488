"""From a result to the document that a reader sees."""

from __future__ import annotations

from dataclasses import replace

from convcost.formats.counting import counter_section, listing
from convcost.formats.document import Document, Line, Section, Table
from convcost.formats.interface import CounterList, Result, Style
from convcost.formats.metrics import METRICS, Metric, label
from convcost.formats.numbers import about, factor, shown
from convcost.formats.plain import spelled_out
from convcost.formats.remarks import (
    NO_COUNTERS,
    assumed_text,
    comparison_notes,
    convention_note,
    shape_text,
    size_text,
    sizes_text,
)
from convcost.matching import Match
from convcost.quantities import Shape
from convcost.report import Comparison, Report, Row

DTYPES = ("float64", "float32", "bfloat16", "int8")
UNITS = {"params": "params", "macs": "MACs", "valid_macs": "MACs", "flops": "FLOPs", "bytes": "B"}


def document(result: Result, style: Style) -> Document:
    """What to read of `result`, in the characters that the reader has."""
    laid_out = _document(result, style)
    return laid_out if style.unicode else spelled_out(laid_out)


def _document(result: Result, style: Style) -> Document:
    match result:
        case Comparison():
            return _comparison(result, style)
        case Report():
            return _report(result)
        case CounterList():
            return listing(result)
        case Match():
            from convcost.formats.matching import matching

            return matching(result)


def _comparison(comparison: Comparison, style: Style) -> Document:
    reports = comparison.candidates
    table = Table(
        ("", *_beside_ratios([report.name for report in reports], _ratio_headings(comparison))),
        (
            _shapes_line("input", [report.input for report in reports]),
            _shapes_line("output", [report.output for report in reports]),
            *(_compared(comparison, metric) for metric in METRICS),
        ),
    )
    layers = tuple(map(_layers, reports)) if style.layers else ()
    return Document(
        heading=tuple((report.name, spec_text(report)) for report in reports) + sizes_heading(reports),
        costs=Section(
            (table, *layers),
            (*comparison_notes(comparison), convention_note(comparison.first.convention)),
        ),
        counters=counter_section(reports),
    )


def _beside_ratios(cells: list[str], ratios: list[str]) -> tuple[str, ...]:
    """The first cell, and each other one with its ratio behind it."""
    first, *others = cells
    return (first, *(text for pair in zip(others, ratios, strict=True) for text in pair))


def _ratio_headings(comparison: Comparison) -> list[str]:
    first, *others = comparison.candidates
    return [f"{other.name} ÷ {first.name}" if len(others) == 1 else f"÷ {first.name}" for other in others]


def _shapes_line(label: str, shapes: list[Shape]) -> Line:
    return Line(label, _beside_ratios([shape_text(shape) for shape in shapes], [""] * (len(shapes) - 1)))


def _compared(comparison: Comparison, metric: Metric) -> Line:
    values = [shown(getattr(report, metric.attribute)) for report in comparison.candidates]
    ratios = [factor(comparison.ratio(metric.attribute, other)) for other in comparison.candidates[1:]]
    return Line(label(metric, comparison.first), _beside_ratios(values, ratios), metric.minor)


def spec_text(report: Report) -> str:
    """The design as it was stated, with its input if that was inferred."""
    shown = f"[{', '.join(map(size_text, report.input))}] -> {report.spec}"
    return f"{shown} (input inferred)" if report.input_is_inferred else report.spec


def sizes_heading(reports: tuple[Report, ...]) -> tuple[tuple[str, str], ...]:
    """The heading's line about sizes, if there are any."""
    text = sizes_text(reports)
    return (("sizes", text),) if text else ()


def _report(report: Report) -> Document:
    is_single = len(report.rows) == 1
    table = Table(("", "formula" if report.open_names else "exact", "about"), tuple(_quantities(report)))
    layers = () if is_single else (_layers(report),)
    return Document(
        heading=((report.name, spec_text(report)), *sizes_heading((report,)), *_shapes(report)),
        costs=Section((table, *layers), _notes(report)),
        counters=counter_section((report,)),
    )


def _notes(report: Report) -> tuple[str, ...]:
    notes = (assumed_text((report,)), NO_COUNTERS if report.open_names else "")
    return tuple(note for note in (*notes, convention_note(report.convention)) if note)


def _shapes(report: Report) -> tuple[tuple[str, str], ...]:
    formulas = report.rows[0].layer.length_formulas(report.input) if len(report.rows) == 1 else ()
    return (
        ("input", shape_text(report.input)),
        ("output", shape_text(report.output)),
        *(("", formula) for formula in formulas),
    )


def _quantities(report: Report) -> list[Line]:
    lines = []
    for metric in METRICS:
        value = getattr(report, metric.attribute)
        in_units = about(value, UNITS[metric.attribute]) if metric.attribute in UNITS else ""
        lines.append(Line(label(metric, report), (shown(value), in_units), metric.minor))
        if metric.attribute == "params" and len(report.rows) == 1:
            lines += _parameters(report.rows[0])
        if metric.attribute == "bytes":
            lines += _bytes_by_dtype(report)
    return lines


def _parameters(row: Row) -> list[Line]:
    from convcost.formulas import elements

    return [
        Line(f"{name} {shape_text(shape)}", (shown(elements(shape)), ""), minor=True)
        for name, shape in row.parameters.items()
    ]


def _bytes_by_dtype(report: Report) -> list[Line]:
    others = [replace(report, dtype=dtype) for dtype in DTYPES if dtype != report.dtype]
    return [
        Line(f"in {other.dtype}", (shown(other.bytes), about(other.bytes, "B")), minor=True)
        for other in others
    ]


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

"""Candidates side by side: every quantity with ratios, the verdict, and the differences by part."""

from __future__ import annotations

from collections.abc import Iterator

from convcost.analysis.breakdown import Contribution, contributions
from convcost.core import arithmetic
from convcost.core.comparison import Comparison
from convcost.core.cost import Shape
from convcost.core.metrics import TRAINING_FLOPS, Metric
from convcost.core.report import Report
from convcost.core.units import NONE, exact, human, ratio
from convcost.core.weights import NOT_COUNTABLE, WeightsReport
from convcost.render import estimates
from convcost.render.breakeven import open_verdicts
from convcost.render.cheapest import cheapest_notes
from convcost.render.counters import counter_section
from convcost.render.distributed import PAYLOAD_NOTE, failure_notes, rank_comparison
from convcost.render.document import Document, Line, Section, Table
from convcost.render.formulas import amount_text, approximate_text, factor_text, shape_text, short_text
from convcost.render.layer_table import layer_table
from convcost.render.model import partial_note
from convcost.render.notes import (
    NO_COUNTERS,
    assumptions_note,
    convention_note,
    costs_against,
    designs_heading,
    sizes_facts,
    valid_macs_note,
    warning_notes,
    with_leading_terms_note,
)
from convcost.render.phases import estimate_note, input_gradient_note, phase_comparison
from convcost.render.quantities import candidate_columns, metric_label, shown_metrics, with_ratios
from convcost.render.style import Style
from convcost.render.texts import MixedText

MOST_LINES = 12
"""The most parts to list: those with the largest differences."""


def comparison_document(comparison: Comparison, style: Style) -> Document:
    """The candidates side by side."""
    reports = comparison.candidates
    table = Table(
        ("", *candidate_columns(reports)),
        (
            *_shape_lines(reports),
            *(_metric_line(comparison, metric) for metric in shown_metrics(*reports)),
        ),
    )
    by_rank = rank_comparison(comparison)
    by_module = differences(comparison) if any(report.trace for report in reports) else Section()
    designs = [report for report in reports if not isinstance(report, WeightsReport)]
    layers = tuple(_layers(report, style) for report in designs) if style.layers else ()
    return Document(
        heading=designs_heading(reports),
        facts=sizes_facts(reports),
        costs=with_leading_terms_note(
            Section(
                (table, *phase_comparison(comparison), *by_rank, *by_module.tables, *layers),
                (
                    *by_module.notes,
                    *comparison_notes(comparison),
                    *((PAYLOAD_NOTE,) if by_rank else ()),
                    *_convention_notes(reports),
                ),
            )
        ),
        counters=counter_section(reports),
        estimates=estimates.sections(reports, style),
    )


def _convention_notes(reports: tuple[Report, ...]) -> tuple[str, ...]:
    """The convention, unless no candidate has FLOPs."""
    return (
        () if all(report.flops is None for report in reports) else (convention_note(reports[0].convention),)
    )


def _layers(report: Report, style: Style) -> Table:
    return layer_table(report, width=style.width, heading=f"{report.name}, by layer")


def _shape_lines(reports: tuple[Report, ...]) -> Iterator[Line]:
    """The shapes of input and output; nothing if all candidates are files of weights."""
    if not all(isinstance(report, WeightsReport) for report in reports):
        yield Line("input", with_ratios([_shape_cell(report, report.input) for report in reports]))
        yield Line("output", with_ratios([_shape_cell(report, report.output) for report in reports]))


def _shape_cell(report: Report, shape: Shape) -> str:
    return NONE if isinstance(report, WeightsReport) else shape_text(shape)


def _metric_line(comparison: Comparison, metric: Metric) -> Line:
    values = [_metric_cell(report, metric) for report in comparison.candidates]
    ratios = [factor_text(comparison.ratio(metric.name, other)) for other in comparison.candidates[1:]]
    return Line(metric_label(metric, comparison.first), with_ratios(values, ratios), metric.is_minor)


def _metric_cell(report: Report, metric: Metric) -> str:
    missing = NONE if isinstance(report, WeightsReport) else metric.missing or NONE
    return amount_text(getattr(report, metric.name), metric.scaled_unit, missing=missing)


def comparison_notes(comparison: Comparison) -> tuple[str, ...]:
    """Notes on the candidates: different inputs, verdicts, assumptions."""
    reports = comparison.candidates
    notes = [
        *comparison.notes,
        *failure_notes(reports),
        *dict.fromkeys(note for report in reports for note in report.notes),
        _input_size_note(comparison),
        *verdicts(comparison),
        *warning_notes(reports),
        input_gradient_note(*reports),
        estimate_note(*reports),
        assumptions_note(reports),
        valid_macs_note(reports),
    ]
    notes += [NO_COUNTERS] if comparison.is_open else []
    return tuple(note for note in notes if note)


def verdicts(comparison: Comparison) -> tuple[str, ...]:
    """Each candidate compared with the first; with open sizes also the cheapest by range."""
    others = comparison.candidates[1:]
    if not comparison.is_open and len(others) == 1:
        sentences = (_verdict(comparison, *others), _output_note(comparison, *others))
        return (MixedText.joined(" ", filter(None, sentences)),)
    if not comparison.is_open:
        return (*(_verdict(comparison, other) for other in others), *_output_notes(comparison))
    notes = [verdict for other in others for verdict in open_verdicts(comparison, other)]
    return (*notes, *(cheapest_notes(comparison) if len(others) > 1 else ()))


def _input_size_note(comparison: Comparison) -> str:
    if comparison.is_open or _has_phases(comparison):
        return ""
    designs = (report for report in comparison.candidates if not isinstance(report, WeightsReport))
    counts = {report.name: arithmetic.elements(report.input) for report in designs}
    if len(set(counts.values())) <= 1:
        return ""
    listed = ", ".join(f"{name} {short_text(count)}" for name, count in counts.items())
    return f"The inputs differ in size ({listed} elements), so the designs do not do the same work."


def _has_phases(comparison: Comparison) -> bool:
    """Whether language models ran in phases, which decide the length of inputs and outputs."""
    return any(report.generation for report in comparison.candidates)


def _verdict(comparison: Comparison, other: Report) -> str:
    first = comparison.first
    if isinstance(first, WeightsReport) or isinstance(other, WeightsReport):
        return _weights_verdict(comparison, other)
    if not (first.flops or other.flops) and (first.params or other.params):
        costs = f"Neither costs FLOPs; {other.name} has {_params_clause(comparison, other)}."
    elif first.flops or other.flops:
        flops = f"{costs_against(first, other)}{_flops_amounts(first, other)}"
        costs = f"{flops} and has {_params_clause(comparison, other)}."
    else:
        costs = f"{other.name} costs no FLOPs and has no parameters, like {first.name}."
    return MixedText.joined(" ", filter(None, (costs, _training_note(comparison, other))))


def _weights_verdict(comparison: Comparison, other: Report) -> str:
    """The ratio of parameters if one candidate is a file of weights; of two files also the ratio of bytes."""
    first = comparison.first
    params = f"{other.name} has {ratio(comparison.ratio('params', other))} the parameters of {first.name}"
    are_files = isinstance(first, WeightsReport) and isinstance(other, WeightsReport)
    stored = f", in {ratio(comparison.ratio('bytes', other))} the bytes" if are_files else ""
    return f"{params}{stored}. {NOT_COUNTABLE}"


def _training_note(comparison: Comparison, other: Report) -> str:
    """A training step costs 7.50× the FLOPs; nothing if no backward is counted."""
    found = comparison.ratio(TRAINING_FLOPS.name, other) if comparison.has_backward else None
    return f"A training step costs {ratio(found)} the FLOPs." if found is not None else ""


def _flops_amounts(first: Report, other: Report) -> str:
    """(1.97 MFLOPs against 327.7 KFLOPs); exact where both look alike, nothing where one has none."""
    amounts = [human(report.flops, "FLOPs") for report in (other, first)]
    if not first.flops or not other.flops:
        return ""
    if first.flops == other.flops:
        return f" ({amounts[0]} each)"
    if amounts[0] == amounts[1]:
        amounts = [f"{exact(other.flops)}", f"{exact(first.flops)} FLOPs"]
    return f" ({' against '.join(amounts)})"


def _params_clause(comparison: Comparison, other: Report) -> str:
    """0.60× its parameters."""
    if comparison.first.params and not other.params:
        return f"no parameters against {exact(comparison.first.params)}"
    if comparison.first.params:
        return f"{ratio(comparison.ratio('params', other))} its parameters"
    return f"{exact(other.params)} parameters against none" if other.params else "no parameters either"


def _output_note(comparison: Comparison, other: Report) -> str:
    first = comparison.first
    if other.output == first.output or _has_phases(comparison):
        return ""
    shapes = MixedText(shape_text(other.output), " against ", shape_text(first.output))
    if other.output_elements == first.output_elements:
        return MixedText("The outputs have different shapes, ", shapes, ", and equally many elements.")
    if not (first.output_elements and other.output_elements):
        empty = first.name if other.output_elements else other.name
        return MixedText("The outputs differ, ", shapes, f": that of {empty} is empty.")
    elements = ratio(comparison.ratio("output_elements", other))
    each = ratio(comparison.ratio("flops_per_output_element", other))
    yields = f": {other.name} yields {elements} the output elements, each at {each} the FLOPs"
    return MixedText("The outputs differ, ", shapes, yields, ", so they are not drop-in replacements.")


def _output_notes(comparison: Comparison) -> Iterator[str]:
    """Of several candidates, which have outputs that differ from the first one's."""
    first, *others = comparison.candidates
    if _has_phases(comparison):
        return
    differing = [other for other in others if other.output != first.output and not _is_file(other)]
    alike = [other.name for other in differing if other.output_elements == first.output_elements]
    unlike = [other.name for other in differing if other.name not in alike]
    if alike:
        yield f"{', '.join(alike)}: same number of output elements as {first.name}, in another shape."
    if unlike:
        yield (
            f"{', '.join(unlike)}: output size differs from {first.name}'s, so they are not drop-in "
            "replacements."
        )


def _is_file(report: Report) -> bool:
    return isinstance(report, WeightsReport)


def differences(comparison: Comparison) -> Section:
    """A table for each candidate whose FLOPs differ from the first one's; notes on partial counts."""
    first = comparison.first
    notes = (partial_note(report.trace, report.name) for report in comparison.candidates if report.trace)
    tables = (_difference_table(first, other, found) for other, found in contributions(comparison))
    return Section(tuple(tables), tuple(note for note in notes if note))


def _difference_table(first: Report, other: Report, found: list[Contribution]) -> Table:
    lines = [_difference_line(each) for each in found[:MOST_LINES]]
    if more := found[MOST_LINES:]:
        lines.append(_difference_line(_sum_of(more)))
    if equal := (first.flops or 0) - sum(each.first or 0 for each in found):
        lines.append(_difference_line(Contribution("equal in both", equal, equal)))
    lines.append(_difference_line(Contribution("total", first.flops, other.flops)))
    heading = f"FLOPs, {other.name} − {first.name}"
    return Table((heading, first.name, other.name, "difference"), tuple(lines))


def _sum_of(found: list[Contribution]) -> Contribution:
    first, other = sum(each.first or 0 for each in found), sum(each.other or 0 for each in found)
    return Contribution(f"{len(found)} others", first, other)


def _difference_line(found: Contribution) -> Line:
    sign = "+" if found.difference > 0 else "−" if found.difference else ""
    shown = ("–" if value is None else approximate_text(value) for value in (found.first, found.other))
    return Line(found.part, (*shown, f"{sign}{approximate_text(abs(found.difference))}"))

"""The peak memory of a forward pass and of a training step by part, as stacked bars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from convcost.analysis.memory import Memory
from convcost.core.comparison import Comparison
from convcost.core.report import Report
from convcost.render.charts.data import Bar, BarChart, ChartAxis, ChartOptions, Figure, Segment
from convcost.render.charts.figures.captions import designs_title
from convcost.render.charts.ticks import amount_text
from convcost.render.estimates.memory import ESTIMATE_NOTE, unknown_notes

OTHER_TENSORS = "other tensors at the peak"
"""Tensors not saved for backward: inputs, outputs of layers, and their gradients."""


def report_figure(report: Report, options: ChartOptions) -> Figure | None:
    """The memory of a design; None if not estimated, or a formula."""
    return _figure((report,))


def comparison_figure(comparison: Comparison, options: ChartOptions) -> Figure | None:
    """The memory of the candidates; None if not estimated, or formulas."""
    return _figure(comparison.candidates)


def _figure(reports: Sequence[Report]) -> Figure | None:
    found = [(report, report.memory) for report in reports if report.memory and not report.open_names]
    if not found:
        return None
    bars = tuple(bar for report, memory in found for bar in _bars(report, memory, is_single=len(found) == 1))
    dtypes = "/".join(dict.fromkeys(memory.dtype for _, memory in found))
    title = f"Memory of {designs_title([report for report, _ in found])}"
    chart = BarChart(f"Peak memory, {dtypes}", ChartAxis("bytes", "B"), bars)
    totals = ", ".join(f"{bar.label} {amount_text(bar.total, 'B')}" for bar in bars)
    return Figure(title, (chart,), f"{title}, by part: {totals}.", (*unknown_notes(found), ESTIMATE_NOTE))


def _bars(report: Report, memory: Memory, is_single: bool) -> Iterator[Bar]:
    """A training step, and a forward without gradients."""
    name = "" if is_single else f"{report.name}, "
    yield Bar(f"{name}training step", tuple(_training_step(memory)))
    yield Bar(f"{name}forward", tuple(_forward(memory)))


def _forward(memory: Memory) -> Iterator[Segment]:
    stored = [Segment("parameters", memory.parameters), Segment("buffers", memory.buffers)]
    yield from _nonzero(stored)
    if memory.forward_peak is not None:
        yield from _nonzero([Segment(OTHER_TENSORS, memory.forward_peak - _length(stored))])


def _training_step(memory: Memory) -> Iterator[Segment]:
    stored = [
        Segment("parameters", memory.parameters),
        Segment("buffers", memory.buffers),
        Segment("gradients", memory.gradients),
        Segment(f"{memory.optimizer} state", memory.optimizer_state),
        Segment("master copy in float32", memory.master_copy),
    ]
    yield from _nonzero(stored)
    if memory.training_peak is not None and memory.activations is not None:
        others = memory.training_peak - _length(stored)
        saved = min(memory.activations, others)
        yield from _nonzero([Segment("saved for backward", saved), Segment(OTHER_TENSORS, others - saved)])


def _length(segments: Sequence[Segment]) -> int:
    return sum(int(segment.value) for segment in segments)


def _nonzero(segments: Sequence[Segment]) -> Iterator[Segment]:
    return (segment for segment in segments if segment.value)

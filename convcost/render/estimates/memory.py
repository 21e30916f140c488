"""Memory of the candidates side by side, with notes on the figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from convcost.analysis.memory import Memory
from convcost.benchmark.timing import RunKind
from convcost.core.cost import Size, quotient, ratio_of
from convcost.core.errors import join_words
from convcost.core.report import Report
from convcost.core.units import fraction, human, ratio
from convcost.render.document import Line, Section, Table
from convcost.render.formulas import (
    LONGEST_ALONE,
    LONGEST_FORMULA,
    approximate_text,
    factor_text,
    full_text,
    is_number,
)
from convcost.render.quantities import candidate_columns, with_ratios
from convcost.render.style import Style

UNKNOWN = "unknown"

ReportMemories = list[tuple[Report, Memory]]

ESTIMATE_NOTE = (
    "An estimate: inputs and outputs stay in memory throughout, gradients and optimizer state throughout a "
    "step; saved tensors are those of CUDA kernels. Not included: temporary tensors within a layer, library "
    "workspaces, allocator overhead, the CUDA context."
)

RECURRENT_OPERATORS = ("aten::lstm", "aten::gru", "aten::rnn_tanh", "aten::rnn_relu")

RECURRENT_NOTE = "Recurrent layers: on a GPU, cuDNN decides which tensors they save."

RUN_NOTES = {
    "shapes": "{names}: saved tensors are those of a training step, run on shapes alone.",
    "data": "{names}: saved tensors are those of a run on real data on the CPU, whose kernels may save more.",
}

DESIGN_NOTE = (
    "Memory is that of a design inside a network: saved tensors and the peak include what the gradient of "
    "its own input needs. Buffers are not included."
)


class MemoryQuantity(NamedTuple):
    """A figure of Memory by attribute, and its label; an `optional` one is shown if a candidate has it.

    `run` is the timed run that measures it, if any, and `measured` the label of the measurement.
    """

    attribute: str
    label: str
    optional: bool = False
    run: RunKind | None = None
    measured: str = ""


QUANTITIES = (
    MemoryQuantity("parameters", "parameters"),
    MemoryQuantity("buffers", "buffers", optional=True),
    MemoryQuantity("gradients", "gradients"),
    MemoryQuantity("optimizer_state", "{optimizer} state"),
    MemoryQuantity("master_copy", "master copy in float32", optional=True),
    MemoryQuantity("activations", "saved for backward"),
    MemoryQuantity("forward_peak", "peak of a forward pass", run="forward", measured="measured"),
    MemoryQuantity("training_peak", "peak of a training step", run="step", measured="measured, no optimizer"),
)


def section(reports: tuple[Report, ...], style: Style) -> Section:
    """A table of the candidates, and notes."""
    found = [(report, report.memory) for report in reports if report.memory]
    return Section((_table(found),), memory_notes(found))


def _table(found: ReportMemories) -> Table:
    (first, memory), *others = found
    dtypes = "/".join(dict.fromkeys(each.dtype for _, each in found))
    single = ("formula",) if first.open_names else ("bytes", "about")
    is_open = bool(first.open_names)
    lines: list[Line] = []
    for quantity, values in _values(found):
        lines.append(Line(quantity.label.format(optimizer=memory.optimizer), _row_cells(values, is_open)))
        measured = [_measured_peak(report, quantity) for report, _ in found]
        if any(measured):
            lines.append(Line(quantity.measured, _row_cells(measured, is_open), minor=True))
    headings = candidate_columns([report for report, _ in found]) if others else single
    quantity_heading = "memory in bytes" if is_open else "memory"
    return Table((f"{quantity_heading}, {dtypes}", *headings), tuple(lines))


def _measured_peak(report: Report, quantity: MemoryQuantity) -> int | None:
    """The measured peak on the GPU that the design was timed on."""
    runs = report.time.runs if report.time else ()
    return next((run.peak for run in runs if run.what == quantity.run and not run.compiled), None)


def _values(found: ReportMemories) -> list[tuple[MemoryQuantity, list[Size | None]]]:
    """The quantities to show, with the values of all candidates."""
    listed = [
        (quantity, [getattr(memory, quantity.attribute) for _, memory in found]) for quantity in QUANTITIES
    ]
    return [(quantity, values) for quantity, values in listed if not quantity.optional or any(values)]


def _row_cells(values: list[Size | None], is_open: bool) -> tuple[str, ...]:
    """The values side by side with ratios; of a single one the exact and the rounded value, or a formula."""
    if len(values) > 1:
        return with_ratios(
            [_amount(value, is_open) for value in values],
            [factor_text(ratio_of(each, values[0])) for each in values[1:]],
        )
    [value] = values
    if is_open:
        return (_amount(value, is_open, LONGEST_ALONE),)
    return (UNKNOWN, "") if value is None else (fraction(value), human(value, "B"))


def _amount(value: Size | None, is_open: bool, longest: int = LONGEST_FORMULA) -> str:
    """About how much a number is, with its unit; beside formulas every digit, without."""
    if value is None:
        return UNKNOWN
    return full_text(value) if is_open and is_number(value) else approximate_text(value, "B", longest=longest)


def memory_notes(found: ReportMemories) -> tuple[str, ...]:
    """Notes: how the candidates compare, what is unknown, and the conditions of the figures."""
    return (
        *_comparisons(found),
        *unknown_notes(found),
        *_master_copy_notes(found),
        *_condition_notes(found),
        ESTIMATE_NOTE,
    )


def _comparisons(found: ReportMemories) -> Iterator[str]:
    """How two designs compare; of more, the table tells it."""
    (first, base), *others = found
    for other, memory in others if len(others) == 1 else ():
        pairs = ((base.activations, memory.activations), (base.training_peak, memory.training_peak))
        if all(is_number(value) and value for pair in pairs for value in pair):
            saved, peak = (ratio(quotient(value or 0, whole or 1)) for whole, value in pairs)
            peaks = f"{_human(memory.training_peak)} against {_human(base.training_peak)}"
            yield (
                f"{other.name} keeps {saved} as many bytes for the backward pass as {first.name}; its "
                f"training step takes {peak} the memory ({peaks})."
            )


def _human(value: int | None) -> str:
    return human(value or 0, "B")


def unknown_notes(found: ReportMemories) -> Iterator[str]:
    """Notes on unknown figures, with reasons."""
    for report, memory in found:
        if memory.reason:
            yield f"Saved tensors and peaks of {report.name} are unknown: {memory.reason}."


def _master_copy_notes(found: ReportMemories) -> Iterator[str]:
    for dtype in sorted({memory.dtype for _, memory in found if memory.master_copy != 0}):
        yield (
            f"With {dtype}, optimizer state and a master copy of the parameters are in float32, as usual in "
            f"mixed precision."
        )


def _condition_notes(found: ReportMemories) -> Iterator[str]:
    for ran, text in RUN_NOTES.items():
        if names := [report.name for report, memory in found if memory.ran == ran]:
            yield text.format(names=join_words(names))
    if any(_has_recurrent_layers(report) for report, memory in found if not memory.reason):
        yield RECURRENT_NOTE
    if not all(report.trace for report, _ in found):
        yield DESIGN_NOTE


def _has_recurrent_layers(report: Report) -> bool:
    """Whether a module runs sequences through recurrent layers, for which cuDNN has its own kernels."""
    operations = report.trace.operations if report.trace else ()
    return any(operation.operator in RECURRENT_OPERATORS for operation in operations)

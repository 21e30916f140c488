"""Memory as records."""

from __future__ import annotations

from typing import Annotated, Any

from convcost.analysis.memory import Memory
from convcost.core.cost import ratio_of
from convcost.core.record_fields import describe
from convcost.core.report import Report
from convcost.core.trace import RanOn
from convcost.render.records.record import (
    Formula,
    Quotient,
    Record,
    data,
    field_values,
    record_from,
    record_type,
)


class MemoryRecord(Record):
    """The memory that a design takes to run and to train, in bytes; null where unknown."""

    dtype: str
    optimizer: str
    parameters: Formula
    buffers: Annotated[Formula, describe("Only of torch modules.")]
    gradients: Formula
    optimizer_state: Formula
    master_copy: Annotated[Formula, describe("A float32 copy of parameters that have 16 bits.")]
    activations: Annotated[Formula | None, describe("Tensors that the forward saves for the backward.")]
    forward_peak: Annotated[Formula | None, describe("The peak of a forward pass without gradients.")]
    training_peak: Formula | None
    reason: Annotated[str, describe("Why figures are unknown.")]
    ran: Annotated[
        RanOn | None, describe("What a torch module ran on; null for a spec, which is computed by rules.")
    ]


TEXTS = ("dtype", "optimizer", "reason", "ran")

FIGURES = tuple(name for name in MemoryRecord.__struct_fields__ if name not in TEXTS)
"""The fields in bytes."""

MemoryRatiosRecord = record_type(
    "MemoryRatiosRecord", "Memory divided by the first candidate's.", ((name, Quotient) for name in FIGURES)
)


def record(report: Report) -> MemoryRecord:
    """Exact bytes, or formulas."""
    return record_from(MemoryRecord, _memory(report))


def ratios(first: Report, other: Report) -> dict[str, Any]:
    """The ratio of every figure."""
    base, memory = _memory(first), _memory(other)
    found = {name: data(ratio_of(getattr(memory, name), getattr(base, name))) for name in FIGURES}
    return {"memory": MemoryRatiosRecord(**found)}


def cells(report: Report) -> dict[str, Any]:
    """A column for every figure."""
    return {f"memory_{name}": value for name, value in field_values(record(report)).items()}


def _memory(report: Report) -> Memory:
    assert report.memory
    return report.memory

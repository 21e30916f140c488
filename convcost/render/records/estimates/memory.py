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
    """What a design takes to run and to train, in bytes; null for what is not known."""

    dtype: str
    optimizer: str
    parameters: Formula
    buffers: Annotated[Formula, describe("Of torch modules alone.")]
    gradients: Formula
    optimizer_state: Formula
    master_copy: Annotated[Formula, describe("The parameters in float32, where they are in 16 bits.")]
    activations: Annotated[Formula | None, describe("What a forward saves for its backward.")]
    forward_peak: Annotated[Formula | None, describe("Of a forward without gradients.")]
    training_peak: Formula | None
    reason: Annotated[str, describe("Why figures are not known.")]
    ran: Annotated[
        RanOn | None, describe("What a torch module ran on to be measured; a design has rules instead.")
    ]


TEXTS = ("dtype", "optimizer", "reason", "ran")

FIGURES = tuple(name for name in MemoryRecord.__struct_fields__ if name not in TEXTS)
"""Those in bytes."""

MemoryRatiosRecord = record_type(
    "MemoryRatiosRecord", "Memory over the first candidate's.", ((name, Quotient) for name in FIGURES)
)


def record(report: Report) -> MemoryRecord:
    """Exact bytes, or formulas."""
    return record_from(MemoryRecord, _memory(report))


def ratios(first: Report, other: Report) -> dict[str, Any]:
    """Of every figure."""
    base, memory = _memory(first), _memory(other)
    found = {name: data(ratio_of(getattr(memory, name), getattr(base, name))) for name in FIGURES}
    return {"memory": MemoryRatiosRecord(**found)}


def cells(report: Report) -> dict[str, Any]:
    """Every figure."""
    return {f"memory_{name}": value for name, value in field_values(record(report)).items()}


def _memory(report: Report) -> Memory:
    assert report.memory
    return report.memory

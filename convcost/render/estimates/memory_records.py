"""Memory as plain data."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from convcost.analysis.memory import Memory
from convcost.core.cost import ratio_of
from convcost.core.report import Report
from convcost.render.estimates.memory import QUANTITIES
from convcost.render.formulas import data


def record(report: Report) -> dict[str, Any]:
    """Exact bytes, or formulas; null for what is not known."""
    figures = asdict(_memory(report)).items()
    return {name: value if isinstance(value, str) else data(value) for name, value in figures}


def ratios(first: Report, other: Report) -> dict[str, Any]:
    """Of every figure."""
    base, memory = _memory(first), _memory(other)
    names = [quantity.attribute for quantity in QUANTITIES]
    return {"memory": {name: data(ratio_of(getattr(memory, name), getattr(base, name))) for name in names}}


def cells(report: Report) -> dict[str, Any]:
    """Every figure."""
    return {f"memory_{name}": value for name, value in record(report).items()}


def _memory(report: Report) -> Memory:
    assert report.memory
    return report.memory

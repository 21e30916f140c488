"""Candidates side by side: each one's figures, and behind all but the first their ratio to it."""

from __future__ import annotations

from collections.abc import Sequence

from convcost.core.report import Report


def columns(reports: Sequence[Report]) -> tuple[str, ...]:
    """The candidates' names, and over the ratios what they are of."""
    return beside([report.name for report in reports], _headings(reports))


def beside(cells: list[str], ratios: list[str]) -> tuple[str, ...]:
    """The first cell, and each other one with its ratio behind it."""
    first, *others = cells
    return (first, *(text for pair in zip(others, ratios, strict=True) for text in pair))


def _headings(reports: Sequence[Report]) -> list[str]:
    first, *others = reports
    return [f"{other.name} ÷ {first.name}" if len(others) == 1 else f"÷ {first.name}" for other in others]

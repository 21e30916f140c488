"""What stands beside the costs where it was asked for. A new kind: a folder here, and a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, cast

from convcost.core.report import Report
from convcost.render.document import Section
from convcost.render.estimates.interface import Estimate
from convcost.render.interface import Style

ESTIMATES = {
    "roofline": "convcost.render.estimates.rooflines",
    "time": "convcost.render.estimates.timing",
    "memory": "convcost.render.estimates.memory",
}
"""By the attribute of Report that has it; each is imported where it was asked for."""


def sections(reports: tuple[Report, ...], style: Style) -> tuple[Section, ...]:
    """A section of each kind that all of `reports` have."""
    return tuple(estimate.section(reports, style) for _, estimate in _asked(reports))


def records(report: Report) -> dict[str, Any]:
    """Each kind as plain data, by its name."""
    return {name: estimate.record(report) for name, estimate in _asked((report,))}


def ratios(first: Report, other: Report) -> dict[str, Any]:
    """The other's figures over the first one's."""
    found = (estimate.ratios(first, other) for _, estimate in _asked((first, other)))
    return {name: ratio for each in found for name, ratio in each.items()}


def cells(report: Report) -> dict[str, Any]:
    """What a line of a table has of them, by column."""
    found = (estimate.cells(report) for _, estimate in _asked((report,)))
    return {column: cell for each in found for column, cell in each.items()}


def _asked(reports: Sequence[Report]) -> Iterator[tuple[str, Estimate]]:
    for name, home in ESTIMATES.items():
        if all(getattr(report, name) is not None for report in reports):
            yield name, cast("Estimate", import_module(home))

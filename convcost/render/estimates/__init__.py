"""What stands beside the costs where it was asked for. A new kind: two modules here, and a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, Protocol, cast

from convcost.core.report import Report
from convcost.render.document import Section
from convcost.render.style import Style

ESTIMATES = {"roofline": "roofline", "time": "timing", "memory": "memory"}
"""The module for people, by the attribute of Report that has it; the one for data is `…_records`."""


class EstimateSection(Protocol):
    """A module for people; it is called for reports that have the estimate."""

    def section(self, reports: tuple[Report, ...], style: Style) -> Section:
        """Tables and notes."""


class EstimateRecords(Protocol):
    """A module for data; its functions are called for reports that have the estimate."""

    def record(self, report: Report) -> dict[str, Any]:
        """All of it as plain data."""

    def ratios(self, first: Report, other: Report) -> dict[str, Any]:
        """The other's figures over the first one's, by names that no other estimate has."""

    def cells(self, report: Report) -> dict[str, Any]:
        """By columns that no other estimate has."""


def sections(reports: tuple[Report, ...], style: Style) -> tuple[Section, ...]:
    """A section of each kind that all of `reports` have."""
    homes = (import_module(f"{__name__}.{home}") for _, home in _requested(reports))
    return tuple(cast("EstimateSection", home).section(reports, style) for home in homes)


def records(report: Report) -> dict[str, Any]:
    """Each kind as plain data, by its name."""
    return {name: home.record(report) for name, home in _record_modules((report,))}


def ratios(first: Report, other: Report) -> dict[str, Any]:
    """The other's figures over the first one's."""
    found = (home.ratios(first, other) for _, home in _record_modules((first, other)))
    return {name: ratio for each in found for name, ratio in each.items()}


def cells(report: Report) -> dict[str, Any]:
    """What a line of a table has of them, by column."""
    found = (home.cells(report) for _, home in _record_modules((report,)))
    return {column: cell for each in found for column, cell in each.items()}


def _requested(reports: Sequence[Report]) -> Iterator[tuple[str, str]]:
    """Each estimate that all of `reports` have, and its module."""
    for name, home in ESTIMATES.items():
        if all(getattr(report, name) is not None for report in reports):
            yield name, home


def _record_modules(reports: Sequence[Report]) -> Iterator[tuple[str, EstimateRecords]]:
    for name, home in _requested(reports):
        yield name, cast("EstimateRecords", import_module(f"{__name__}.{home}_records"))

"""What an estimate is to formats: something of a report, in every form."""

from __future__ import annotations

from typing import Any, Protocol

from convcost.core.report import Report
from convcost.render.document import Section
from convcost.render.interface import Style


class Estimate(Protocol):
    """A package with these functions; all are called for reports that have the estimate."""

    def section(self, reports: tuple[Report, ...], style: Style) -> Section:
        """Tables and notes."""

    def record(self, report: Report) -> dict[str, Any]:
        """As plain data."""

    def ratios(self, first: Report, other: Report) -> dict[str, Any]:
        """The other's figures over the first one's, by names that no other estimate has."""

    def cells(self, report: Report) -> dict[str, Any]:
        """By columns that no other estimate has."""

"""What stands beside the costs where it was asked for. A new kind: a module here, and a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Protocol, cast

from convcost.core.report import Report
from convcost.render.document import Section
from convcost.render.style import Style

ESTIMATES = {"roofline": "roofline", "time": "timing", "memory": "memory"}
"""The module, by the attribute of Report that has it."""


class EstimateSection(Protocol):
    """A module for people; it is called for reports that have the estimate."""

    def section(self, reports: tuple[Report, ...], style: Style) -> Section:
        """Tables and notes."""


def sections(reports: tuple[Report, ...], style: Style) -> tuple[Section, ...]:
    """A section of each kind that all of `reports` have."""
    homes = (import_module(f"{__name__}.{home}") for _, home in _requested(reports))
    return tuple(cast("EstimateSection", home).section(reports, style) for home in homes)


def _requested(reports: Sequence[Report]) -> Iterator[tuple[str, str]]:
    """Each estimate that all of `reports` have, and its module."""
    for name, home in ESTIMATES.items():
        if all(getattr(report, name) is not None for report in reports):
            yield name, home

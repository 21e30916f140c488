"""Sections of the requested estimates. To add one: a module here, and a line in ESTIMATES."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Protocol, cast

from convcost.core.report import Report
from convcost.render.document import Section
from convcost.render.style import Style

ESTIMATES = {
    "roofline": ("roofline", "Roofline lower bound"),
    "rooflines": ("rooflines", "Roofline lower bounds"),
    "time": ("timing", "Measured times"),
    "memory": ("memory", "Memory"),
}
"""The module of an estimate and its section's title, by the attribute of Report."""


class EstimateSection(Protocol):
    """The interface of an estimate's module; called for reports that have the estimate."""

    def section(self, reports: tuple[Report, ...], style: Style) -> Section:
        """Tables and notes."""


def sections(reports: tuple[Report, ...], style: Style) -> tuple[Section, ...]:
    """A section for each estimate that all `reports` have."""
    modules = (import_module(f"{__name__}.{ESTIMATES[name][0]}") for name in _requested_names(reports))
    return tuple(cast("EstimateSection", module).section(reports, style) for module in modules)


def titles(reports: tuple[Report, ...]) -> tuple[tuple[str, str], ...]:
    """The name and the title of each of these sections."""
    return tuple((name, ESTIMATES[name][1]) for name in _requested_names(reports))


def _requested_names(reports: Sequence[Report]) -> Iterator[str]:
    """The names of the estimates that all `reports` have."""
    for name in ESTIMATES:
        if all(getattr(report, name) not in (None, ()) for report in reports):
            yield name

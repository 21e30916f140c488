"""Estimates as records. To add one: a module here, and a line in each of the three tables below."""

from collections.abc import Iterator
from importlib import import_module
from typing import Annotated, Any, Protocol, cast

from msgspec import UNSET, UnsetType

from convcost.core.record_fields import describe, one_of
from convcost.core.report import Report
from convcost.render.records.record import Record


class EstimateModule(Protocol):
    """A module for one estimate; its functions are called for reports that have it."""

    def record(self, report: Report) -> Record | list[Record]:
        """The whole estimate."""

    def ratios(self, first: Report, other: Report) -> dict[str, Any]:
        """The other report's figures divided by the first one's: a field of EstimateRatios."""

    def cells(self, report: Report) -> dict[str, Any]:
        """Its columns of CSV, with names that no other estimate uses."""


ESTIMATES = {"roofline": "roofline", "rooflines": "rooflines", "time": "timing", "memory": "memory"}
"""The module by the attribute of Report that has the estimate; imported only where there is one."""


class Estimates(Record):
    """The estimates that were requested."""

    roofline: Annotated[Any, one_of("RooflineRecord"), describe("The roofline lower bound on a device.")] = (
        UNSET
    )
    rooflines: Annotated[
        list[Annotated[Any, one_of("RooflineRecord")]] | UnsetType,
        describe("The roofline lower bound on each of several devices."),
    ] = UNSET
    time: Annotated[Any, one_of("TimeRecord"), describe("The measured times.")] = UNSET
    memory: Annotated[
        Any, one_of("MemoryRecord"), describe("The memory that it takes to run and to train.")
    ] = UNSET


class EstimateRatios(Record):
    """The ratios of the estimates that were requested."""

    least_seconds: Annotated[
        float | int | UnsetType | None,
        describe("Ratio of the lower bounds; null if one is unknown, or the first is 0."),
    ] = UNSET
    seconds: Annotated[
        float | int | UnsetType | None, describe("Ratio of measured times; null if their spreads overlap.")
    ] = UNSET
    memory: Annotated[Any, one_of("MemoryRatiosRecord")] = UNSET


def estimate_records(report: Report) -> dict[str, Record | list[Record]]:
    """Every estimate of `report`, by name."""
    return {name: module.record(report) for name, module in _estimates(report)}


def estimate_ratios(first: Report, other: Report) -> dict[str, Any]:
    """The ratios of every estimate that both reports have."""
    found = (module.ratios(first, other) for _, module in _estimates(first, other))
    return {name: ratio for ratios in found for name, ratio in ratios.items()}


def estimate_cells(report: Report) -> dict[str, Any]:
    """The columns of CSV of every estimate of `report`."""
    found = (module.cells(report) for _, module in _estimates(report))
    return {column: cell for cells in found for column, cell in cells.items()}


def _estimates(*reports: Report) -> Iterator[tuple[str, EstimateModule]]:
    for name, module in ESTIMATES.items():
        if all(getattr(report, name) not in (None, ()) for report in reports):
            yield name, cast("EstimateModule", import_module(f"{__name__}.{module}"))

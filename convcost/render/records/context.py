"""The head of every JSON document: schema, sizes, assumptions, convention, versions."""

from typing import Annotated, Any, Literal

from convcost.core.cost import Count, Padding
from convcost.core.record_fields import describe
from convcost.core.report import Report
from convcost.counters import installed_version
from convcost.render.records.record import Formula, Record, data, record_from

PACKAGES = ("convcost", "torch", "fvcore")

Versions = dict[str, str | None]


class ConventionRecord(Record):
    """Which operations count as FLOPs."""

    count: Annotated[Count, describe("matmul: 2 × MACs; bias: also bias adds; all: also elementwise work.")]
    padding: Annotated[Padding, describe("full: all MACs; valid: only MACs on real data.")]


class Head(Record):
    """The first field of every document."""

    schema: Literal["convcost/1"]


class Context(Head):
    """The conditions under which the numbers hold."""

    symbols: Annotated[
        dict[str, Formula], describe("The sizes by name; an open size has its name as its value.")
    ]
    assumptions: Annotated[list[str], describe("Conditions on open sizes under which the formulas hold.")]
    assumed: Annotated[list[str], describe("The sizes that default to 1.")]
    warnings: Annotated[list[str], describe("Likely mistakes in a design.")]
    convention: ConventionRecord
    versions: Annotated[Versions, describe("Versions of convcost, torch and fvcore; null if not installed.")]


HEAD: dict[str, Any] = {"schema": "convcost/1"}


def context(reports: tuple[Report, ...]) -> dict[str, Any]:
    """The fields of a Context."""
    return {
        **HEAD,
        "symbols": {name: data(size) for report in reports for name, size in report.sizes.items()},
        "assumptions": [found.text for report in reports for found in report.assumptions],
        "assumed": sorted({name for report in reports for name in report.assumed}),
        "warnings": list(dict.fromkeys(warning for report in reports for warning in report.warnings)),
        "convention": record_from(ConventionRecord, reports[0].convention),
        "versions": versions(),
    }


def versions() -> Versions:
    """The versions of convcost, torch and fvcore."""
    return {package: installed_version(package) for package in PACKAGES}

"""What every JSON document begins with: its schema, and what its numbers rest on."""

from typing import Annotated, Any, Literal

from convcost.core.cost import Count, Padding
from convcost.core.record_fields import describe
from convcost.core.report import Report
from convcost.counters import installed_version
from convcost.render.records.record import Formula, Record, data, record_from

PACKAGES = ("convcost", "torch", "fvcore")

Versions = dict[str, str | None]


class ConventionRecord(Record):
    """What FLOPs are."""

    count: Annotated[Count, describe("2 × MACs; with bias adds; with elementwise work too.")]
    padding: Annotated[Padding, describe("All taps of a kernel, or only those on real data.")]


class Head(Record):
    """What every document begins with."""

    schema: Literal["convcost/1"]


class Context(Head):
    """What the numbers rest on."""

    symbols: Annotated[dict[str, Formula], describe("The sizes by name; an open one stands for itself.")]
    assumptions: Annotated[list[str], describe("What formulas assume of the open sizes.")]
    assumed: Annotated[list[str], describe("The sizes that default to 1.")]
    warnings: Annotated[list[str], describe("What may not be meant in a design.")]
    convention: ConventionRecord
    versions: Annotated[
        Versions, describe("Of convcost and of what checks it; null where it is not installed.")
    ]


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
    """The versions of what numbers rest on."""
    return {package: installed_version(package) for package in PACKAGES}

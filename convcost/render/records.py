"""A result as plain data: the names and values that JSON and CSV write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convcost import __version__
from convcost.core.metrics import NAMES
from convcost.core.report import Comparison, CounterResult, Report, Row
from convcost.render import estimates
from convcost.render.breakeven_records import break_even_records
from convcost.render.counters import CounterList
from convcost.render.formulas import data
from convcost.render.style import Style

SCHEMA = "convcost/1"
PACKAGES = ("convcost", "torch", "fvcore")


def comparison_record(comparison: Comparison) -> dict[str, Any]:
    """The whole comparison; `ratios` are the second candidate's, each further one has its own."""
    first, second, *others = comparison.candidates
    candidates = [report_record(first), report_record(second)]
    candidates += [report_record(other) | {"ratios": _ratios(comparison, other)} for other in others]
    return {
        **context((first, second, *others)),
        "candidates": candidates,
        "ratios": _ratios(comparison, second),
        **break_even_records(comparison, second),
        **_differences(comparison),
    }


def _differences(comparison: Comparison) -> dict[str, Any]:
    """What the differences are made of, where torch modules are among the candidates."""
    if not any(report.trace for report in comparison.candidates):
        return {}
    from convcost.render.comparison import difference_records

    return {"differences": difference_records(comparison)}


def context(reports: tuple[Report, ...]) -> dict[str, Any]:
    """What the numbers rest on: schema, sizes, convention, versions."""
    convention = reports[0].convention
    return {
        "schema": SCHEMA,
        "symbols": {name: data(size) for report in reports for name, size in report.sizes.items()},
        "assumptions": [found.text for report in reports for found in report.assumptions],
        "assumed": sorted({name for report in reports for name in report.assumed}),
        "convention": {"count": convention.count, "padding": convention.padding},
        "versions": {package: installed(package) for package in PACKAGES},
    }


def report_result(report: Report) -> dict[str, Any]:
    """One design, with what its numbers rest on."""
    return context((report,)) | report_record(report)


def report_record(report: Report) -> dict[str, Any]:
    """One candidate."""
    return {
        "name": report.name,
        "spec": report.spec,
        "input": list(map(data, report.input)),
        "input_inferred": report.input_is_inferred,
        "output": list(map(data, report.output)),
        "dtype": report.dtype,
        **{metric: data(getattr(report, metric)) for metric in NAMES},
        "rows": [_row_record(row, report) for row in report.rows],
        "counters": _counters(report.counters),
        **estimates.records(report),
        **_beside(report),
    }


def _beside(report: Report) -> dict[str, Any]:
    """What only a torch module's report has."""
    if not report.trace:
        return {}
    from convcost.render.model_records import trace_record

    return trace_record(report, report.trace)


def _row_record(row: Row, report: Report) -> dict[str, Any]:
    return {
        "path": row.path,
        "kind": row.kind,
        "layer": str(row.layer),
        "input": list(map(data, row.input)),
        "output": list(map(data, row.output)),
        "parameters": {name: list(map(data, shape)) for name, shape in row.parameters.items()},
        "params": data(row.params),
        "trainable_params": data(row.trainable_params),
        "macs": data(row.cost.macs),
        "valid_macs": data(row.cost.valid_macs),
        "flops": data(row.cost.flops(report.convention)),
        "bias_adds": data(row.cost.bias_adds),
        "elementwise": data(row.cost.elementwise),
    }


def _counters(results: Mapping[str, CounterResult | None]) -> dict[str, Any]:
    return {name: result._asdict() for name, result in results.items() if result is not None}


def _ratios(comparison: Comparison, other: Report) -> dict[str, Any]:
    ratios = {metric: data(ratio) for metric, ratio in comparison.ratios(other).items()}
    return {**ratios, **estimates.ratios(comparison.first, other)}


def counter_list_record(result: CounterList) -> dict[str, Any]:
    """The counters there are."""
    return {
        "schema": SCHEMA,
        "counters": [
            {
                "name": counter.name,
                "title": counter.title,
                "version": found,
                "install": counter.install,
                "unit": counter.unit.removesuffix("s"),
                "counts": counter.counts,
                "blind_spots": counter.blind_spots,
            }
            for counter, found in result.counters
        ],
    }


def counter_rows(result: CounterList, style: Style) -> list[dict[str, Any]]:
    """A line for each counter."""
    rows: list[dict[str, Any]] = counter_list_record(result)["counters"]
    return rows


def installed(package: str) -> str | None:
    """The package's version, without importing it."""
    if package == "convcost":
        return __version__
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None

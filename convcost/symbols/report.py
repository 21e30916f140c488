"""Reports with sizes left open: formulas throughout, and what they take for granted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from convcost.errors import UsageError, did_you_mean
from convcost.network import Network
from convcost.quantities import Convention, Cost, Shape, Size
from convcost.report import Assumption, Report, Row
from convcost.symbols.exact import function_of
from convcost.symbols.ledger import Ledger
from convcost.symbols.tidy import plain, tidy


def open_report(network: Network, convention: Convention, dtype: str) -> Report:
    """What `network` costs, as formulas in the sizes that have no number."""
    ledger = Ledger()
    report = network.report(convention, dtype, ledger)
    rows = tuple(_mapped(row, ledger.tidied) for row in report.rows)
    return replace(report, rows=rows, assumptions=ledger.assumed)


def _mapped(row: Row, change: Callable[[Any], Any]) -> Row:
    def shape(sizes: Shape) -> Shape:
        return tuple(map(change, sizes))

    cost = row.cost
    return row._replace(
        input=shape(row.input),
        output=shape(row.output),
        parameters={name: shape(sizes) for name, sizes in row.parameters.items()},
        cost=Cost(*map(change, (cost.macs, cost.valid_macs, cost.bias_adds, cost.elementwise))),
    )


def substituted(report: Report, sizes: Mapping[str, Size]) -> Report:
    """`report` with numbers put in for open sizes."""
    for name in sizes:
        if name not in report.open_names:
            near = did_you_mean(name, report.open_names)
            raise UsageError(f"no size called {name[:40]} is open{near}")
    values = {report.sizes[name]: size for name, size in sizes.items()}

    def change(formula: Any) -> Any:
        return formula if isinstance(formula, int) else plain(tidy(formula.subs(values)).formula)

    return replace(
        report,
        rows=tuple(_mapped(row, change) for row in report.rows),
        sizes={**report.sizes, **sizes},
        assumptions=tuple(_still_assumed(report.assumptions, values)),
    )


def _still_assumed(found: tuple[Assumption, ...], values: Mapping[Any, Size]) -> list[Assumption]:
    """What is still to be assumed with `values` put in; UsageError where they break it."""
    left = []
    for assumption in found:
        formula = assumption.formula.subs(values)
        if formula.free_symbols:
            left.append(assumption._replace(formula=formula))
        elif not _fulfilled(assumption, formula):
            put = ", ".join(f"{size} = {value}" for size, value in values.items())
            raise UsageError(f"{put} breaks an assumption: {assumption.text}")
    return left


def _fulfilled(assumption: Assumption, value: Any) -> bool:
    match assumption.relation:
        case "nonnegative":
            return bool(value >= 0)
        case "zero":
            return bool(value == 0)
        case "whole":
            return bool(value.is_integer)


def function(report: Report, names: tuple[str, ...], metric: str) -> Callable[..., Any]:
    """`metric` as an exact function of the named open sizes."""
    missing = [name for name in report.open_names if name not in names]
    if missing:
        raise UsageError(f"{', '.join(missing)} would still be open", hint="Name every open size.")
    return function_of(getattr(report, metric), names)

"""Reports with sizes left open: formulas throughout, and what they take for granted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

from convcost.core.arguments import all_sizes, instance, text
from convcost.core.constraints import Divides
from convcost.core.cost import NO_VALID_MACS, NUMBERS_NEEDED, Convention
from convcost.core.errors import ConvcostError, RequirementError, UnboundSizeError, UsageError, did_you_mean
from convcost.core.metrics import NAMES
from convcost.core.report import Report
from convcost.layers.network import Network
from convcost.symbolic.constraints import FailureError, constraints_left
from convcost.symbolic.convert import from_sympy, to_sympy
from convcost.symbolic.evaluator import SymbolicEvaluator, evaluate_feasibly
from convcost.symbolic.exact import evaluate as exactly
from convcost.symbolic.formula import Formula
from convcost.symbolic.open_sizes import broken, check_assumptions, check_open, fulfills, open_sizes
from convcost.symbolic.report_mapping import mapped, mapped_layer, mapped_trace, throughout
from convcost.symbolic.substitution import substitute


def open_report(network: Network, convention: Convention, dtype: str) -> Report:
    """What `network` costs, as formulas in the sizes that have no number."""
    return evaluate_feasibly(lambda evaluator: _open_report(network, convention, dtype, evaluator))


def _open_report(
    network: Network, convention: Convention, dtype: str, evaluator: SymbolicEvaluator
) -> Report:
    ours = {id(layer): mapped_layer(layer, from_sympy) for layer in network.layers}
    originals = {id(ours[id(layer)]): layer for layer in network.layers}
    divisions = (
        Divides(*throughout(cast("tuple[Any, ...]", division), from_sympy)) for division in network.divisions
    )
    opened = replace(
        network,
        layers=tuple(ours[id(layer)] for layer in network.layers),
        input=throughout(network.input, from_sympy),
        divisions=tuple(divisions),
    )
    report = opened.report(convention, dtype, evaluator)
    if convention.padding == "valid":
        _check_valid(report)

    def shown(formula: Any) -> Any:
        """Shortened once more: a later layer may have shown that a division in an earlier one is whole."""
        return _sympy(evaluator.simplify(formula) if evaluator.assumptions.quotients else formula)

    rows = tuple(mapped(row, shown)._replace(layer=originals[id(row.layer)]) for row in report.rows)
    return replace(report, rows=rows, assumptions=evaluator.assumptions.assumed)


def _sympy(number: Any) -> Any:
    return to_sympy(number) if isinstance(number, Formula) else number


def _check_valid(report: Report) -> None:
    for step, row in enumerate(report.rows):
        if row.cost.valid_macs is None:
            raise RequirementError(NO_VALID_MACS, hint=NUMBERS_NEEDED, step=step)


def substitute_sizes(report: Report, given: Mapping[str, Any]) -> Report:
    """`report` with numbers put in for open sizes: its source asked again, or else its formulas changed."""
    sizes = open_sizes(report, all_sizes(given))
    return _from_source(report, sizes) if report.source else _from_formulas(report, sizes)


def _from_source(report: Report, sizes: Mapping[str, int]) -> Report:
    """The two can't differ then, also where signs vary that the formulas assume."""
    assert report.source
    numbers = {name: size for name, size in report.sizes.items() if isinstance(size, int)}
    try:
        found = report.source.report({**numbers, **sizes}, report.convention, report.dtype, stay_open=True)
    except ConvcostError:
        check_assumptions(report, sizes)
        raise
    return replace(found, name=report.name, assumed=report.assumed)


def _from_formulas(report: Report, sizes: Mapping[str, int]) -> Report:
    check_assumptions(report, sizes)
    has_all = sizes.keys() >= {*report.open_names}

    def change(formula: Any) -> Any:
        return exactly(formula, sizes) if has_all else _sympy(substitute(from_sympy(formula), sizes))

    evaluator = SymbolicEvaluator()
    _restate(report, sizes, evaluator)
    return replace(
        report,
        rows=tuple(mapped(row, change) for row in report.rows),
        trace=report.trace and mapped_trace(report.trace, change),
        sizes={**report.sizes, **sizes},
        assumptions=evaluator.assumptions.assumed,
        roofline=None,
        memory=None,
    )


def _restate(report: Report, sizes: Mapping[str, int], evaluator: SymbolicEvaluator) -> None:
    for assumption in report.assumptions:
        try:
            for constraint in constraints_left(assumption, sizes):
                evaluator.assumptions.enter(constraint)
        except FailureError:
            raise broken(assumption, sizes) from None


def metric_function(report: Report, names: tuple[str, ...], metric: str) -> Callable[..., Any]:
    """`metric` as an exact function of the named open sizes."""
    for name in names:
        instance("the name of a size", name, str, "a text", 'Such as "E".')
    _check_names(report, names)
    if text("metric", metric, "flops") not in NAMES:
        raise UsageError(f"no metric is called {metric[:40]}{did_you_mean(metric, NAMES)}")
    formula = getattr(report, metric)
    if formula is None:
        raise UnboundSizeError(NO_VALID_MACS, hint=NUMBERS_NEEDED)

    def value(*sizes: Any) -> Any:
        if len(sizes) != len(names):
            raise UsageError(f"it takes {', '.join(names)}, and was given {len(sizes)} sizes")
        given = open_sizes(report, dict(zip(names, sizes, strict=True)))
        if not report.source:
            check_assumptions(report, given)
            return exactly(formula, given)
        if fulfills(report, given):
            with suppress(ZeroDivisionError):
                return exactly(formula, given)
        return _one_by_one(lambda each: getattr(substitute_sizes(report, each), metric), given)

    return value


def _one_by_one(compute: Callable[[Mapping[str, int]], Any], given: Mapping[str, Any]) -> Any:
    """`compute` of each set of sizes; an array of that for arrays."""
    if not any(getattr(size, "ndim", 0) for size in given.values()):
        return compute(given)
    from numpy import frompyfunc

    return frompyfunc(lambda *sizes: compute(dict(zip(given, sizes, strict=True))), len(given), 1)(
        *given.values()
    )


def _check_names(report: Report, names: tuple[str, ...]) -> None:
    """UsageError unless `names` are those of all open sizes, each once."""
    check_open(report, names)
    if twice := [name for name in report.open_names if names.count(name) > 1]:
        raise UsageError(f"{', '.join(twice)} is named twice")
    if missing := [name for name in report.open_names if name not in names]:
        raise UsageError(f"{', '.join(missing)} would still be open", hint="Name every open size.")

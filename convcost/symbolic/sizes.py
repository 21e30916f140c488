"""Substitutes values for the open sizes of a report, checked against its assumptions."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias, cast

from sympy import Expr

from convcost.core.comparison import BACKWARD_HINT
from convcost.core.cost import NO_VALID_MACS, NUMBERS_NEEDED
from convcost.core.errors import ConvcostError, UnboundSizeError, UsageError, did_you_mean, join_words
from convcost.core.metrics import BY_NAME, NAMES, TRAINING_FLOPS
from convcost.core.report import Assumption, Report
from convcost.core.type_checks import check_digits, check_text, check_type, describe_value, merge_sizes
from convcost.symbolic.constraints import InfeasibleError, remaining_constraints
from convcost.symbolic.evaluator import SymbolicEvaluator
from convcost.symbolic.formula import Formula, Value
from convcost.symbolic.report import map_report
from convcost.symbolic.substitution import substitute
from convcost.symbolic.sympy_bridge import from_sympy, to_sympy
from convcost.symbolic.sympy_expressions import Numbers, evaluate, quotient

if TYPE_CHECKING:
    from numpy import ndarray

Result: TypeAlias = "int | Fraction | ndarray"
"""A number, or an array of numbers."""


def substitute_sizes(report: Report, given: Mapping[str, object]) -> Report:
    """`report` with values for open sizes: made again from its source, or by substitution."""
    sizes = cast("dict[str, int]", validate_sizes(report, merge_sizes(given)))
    return _from_source(report, sizes) if report.source else _from_formulas(report, sizes)


def _from_source(report: Report, sizes: Mapping[str, int]) -> Report:
    """The report made again, which is exact even where formulas assume a sign."""
    assert report.source
    numbers = {name: size for name, size in report.sizes.items() if isinstance(size, int)}
    try:
        result = report.source.report(
            {**numbers, **sizes}, report.convention, report.dtype, True, report.has_gradients
        )
    except ConvcostError:
        check_assumptions(report, sizes)
        raise
    return replace(result, name=report.name, assumed=report.assumed)


def _from_formulas(report: Report, sizes: Mapping[str, int]) -> Report:
    check_assumptions(report, sizes)
    has_all = sizes.keys() >= {*report.open_names}

    def change(formula: Expr) -> Expr | Value:
        if has_all:
            return evaluate(formula, sizes)
        result = substitute(from_sympy(formula), sizes)
        return to_sympy(result) if isinstance(result, Formula) else result

    evaluator = SymbolicEvaluator()
    _add_assumptions(report, sizes, evaluator)
    return replace(
        map_report(report, change),
        sizes={**report.sizes, **sizes},
        assumptions=evaluator.assumptions.assumed,
        roofline=None,
        rooflines=(),
        memory=None,
    )


def _add_assumptions(report: Report, sizes: Mapping[str, int], evaluator: SymbolicEvaluator) -> None:
    for assumption in report.assumptions:
        try:
            for constraint in remaining_constraints(assumption, sizes):
                evaluator.assumptions.add(constraint)
        except InfeasibleError:
            raise violated_assumption(assumption, sizes) from None


def metric_function(report: Report, names: tuple[str, ...], metric: str) -> Callable[..., Result]:
    """`metric` as an exact function of the named open sizes."""
    for name in names:
        check_type("the name of a size", name, str, "a string", 'For example, "E".')
    _check_names(report, names)
    if check_text("metric", metric, "flops") not in BY_NAME:
        raise UsageError(f"no quantity is called {metric[:40]}{did_you_mean(metric, NAMES)}")
    formula = getattr(report, metric)
    if formula is None and metric == TRAINING_FLOPS.name:
        raise UsageError("the backward pass was not counted", hint=BACKWARD_HINT)
    if formula is None:
        raise UnboundSizeError(NO_VALID_MACS, hint=NUMBERS_NEEDED)

    def value(*sizes: object) -> Result:
        if len(sizes) != len(names):
            raise UsageError(f"the function takes {', '.join(names)}, but got {len(sizes)} sizes")
        given = validate_sizes(report, dict(zip(names, sizes, strict=True)))
        if not report.source:
            check_assumptions(report, given)
            return evaluate(formula, given)
        if fulfills(report, given):
            with suppress(ZeroDivisionError):
                return evaluate(formula, given)
        return _compute_each(lambda each: getattr(substitute_sizes(report, each), metric), given)

    return value


def _compute_each(compute: Callable[[Mapping[str, Numbers]], Result], given: Mapping[str, Numbers]) -> Result:
    """`compute(sizes)`, or an array of its results for arrays."""
    if not any(getattr(size, "ndim", 0) for size in given.values()):
        return compute(given)
    from numpy import frompyfunc

    elementwise = frompyfunc(lambda *sizes: compute(dict(zip(given, sizes, strict=True))), len(given), 1)
    result: Result = elementwise(*given.values())
    return result


def _check_names(report: Report, names: tuple[str, ...]) -> None:
    """Raise UsageError unless `names` are all open sizes, without duplicates."""
    _check_open(report, names)
    if duplicates := [name for name in report.open_names if names.count(name) > 1]:
        raise UsageError(f"{', '.join(duplicates)} is given twice")
    if missing := [name for name in report.open_names if name not in names]:
        verb = "have no values" if missing[1:] else "has no value"
        every = ", ".join(f'"{name}"' for name in report.open_names)
        some = ", ".join(f"{name}=1" for name in missing)
        hint = f"Give every open size: lambdify({every}), or give values first: report.subs({some})."
        raise UsageError(f"{join_words(missing)} {verb}", hint=hint)


def validate_sizes(report: Report, given: Mapping[str, object]) -> dict[str, Numbers]:
    """The values of open sizes of `report`, each an int or an array of Python ints.

    UsageError for a size that is not open, or a value that is not an integer of at least 1.
    """
    _check_open(report, given)
    return {name: _sizes(name, value) for name, value in given.items()}


def _check_open(report: Report, names: Iterable[str]) -> None:
    """Raise UsageError for a name that is not an open size of the report."""
    for name in names:
        if name not in report.open_names:
            raise UsageError(f"no open size is called {name[:40]}{did_you_mean(name, report.open_names)}")


def _sizes(name: str, value: object) -> Numbers:
    """`value` as an int; an array as one of Python ints, as 64 bits overflow silently."""
    if hasattr(type(value), "astype") and getattr(value, "ndim", False):
        widened = cast("ndarray", value).astype(object)
        widened.flat[:] = [_size(name, each) for each in widened.flat]
        return widened
    return _size(name, value)


def _size(name: str, value: object) -> int:
    try:
        size = 0 if isinstance(value, bool) else operator.index(value)  # type: ignore[arg-type]
    except Exception:  # numbers of other libraries may raise anything
        size = 0
    check_digits(name, size)
    if size < 1:
        description = str(value)[:40] if isinstance(value, int | Fraction) else describe_value(value)
        raise UsageError(f"{name} is {description}; a size must be a whole number, 1 or more")
    return size


def fulfills(report: Report, sizes: Mapping[str, Numbers]) -> bool:
    """Whether values for all open sizes satisfy the assumptions of the report."""
    return not any(_first_violation(assumption, sizes) for assumption in report.assumptions)


def check_assumptions(report: Report, sizes: Mapping[str, Numbers]) -> None:
    """Raise UsageError for the first assumption that `sizes` violate."""
    for assumption in report.assumptions:
        check_assumption(assumption, sizes)


def check_assumption(assumption: Assumption, sizes: Mapping[str, Numbers]) -> None:
    """Raise UsageError if `sizes` violate the assumption."""
    if is_decided(assumption, sizes) and (violation := _first_violation(assumption, sizes)):
        raise violated_assumption(assumption, violation)


def is_decided(assumption: Assumption, sizes: Mapping[str, Numbers]) -> bool:
    """Whether `sizes` has a value for each name in the assumption."""
    return sizes.keys() >= {*_names(assumption)}


def violated_assumption(assumption: Assumption, sizes: Mapping[str, Numbers]) -> UsageError:
    """The error that `sizes` violate `assumption`."""
    values = [f"{name} = {sizes[name]}" for name in _names(assumption) if name in sizes]
    verb = "violate" if len(values) > 1 else "violates"
    return UsageError(f"{', '.join(values)} {verb} an assumption: {assumption.text}")


def _names(assumption: Assumption) -> list[str]:
    return sorted(size.name for size in assumption.formula.free_symbols)


def _first_violation(assumption: Assumption, sizes: Mapping[str, Numbers]) -> Mapping[str, Numbers]:
    """The first of `sizes` that violate the assumption; empty if none do."""
    fulfilled = is_fulfilled(assumption, sizes)
    if isinstance(fulfilled, bool) or not fulfilled.ndim:
        return {} if fulfilled else sizes
    from numpy import argmin, broadcast_to

    if fulfilled.all():
        return {}
    index = argmin(fulfilled.astype(bool))
    return {name: broadcast_to(sizes[name], fulfilled.shape).flat[index] for name in _names(assumption)}


def is_fulfilled(assumption: Assumption, sizes: Mapping[str, Numbers]) -> bool | ndarray:
    """Whether the assumption holds for `sizes`; elementwise for arrays and columns."""
    numerator, denominator = quotient(assumption.formula, sizes)
    match assumption.relation:
        case "nonnegative":
            return numerator * denominator >= 0
        case "zero":
            return numerator == 0
        case "whole":
            is_zero = denominator == 0
            return (numerator % (denominator + is_zero) == 0) & (is_zero == 0)

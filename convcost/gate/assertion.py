"""`assert_cost`: checks a design against limits or another design, and explains a difference."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from numbers import Rational, Real
from typing import Any, NamedTuple

from convcost.core.cost import Convention, Cost, Size, convention
from convcost.core.errors import UnboundSizeError, UsageError, did_you_mean
from convcost.core.metrics import BY_NAME
from convcost.core.report import Report
from convcost.core.row import Row
from convcost.core.type_checks import check_text, is_module, wrong_type_error
from convcost.design import as_design
from convcost.gate.baseline import ROW_METRICS, BaselineChanges, baseline_of, compare_baselines
from convcost.gate.checks import check_completeness, check_limit
from convcost.gate.counting import CountedEntry
from convcost.gate.entry import ConfiguredModel, Entry
from convcost.gate.limit import LIMITS, Limit, SizeFormula, amount_limit, parse_tolerance
from convcost.gate.result import EntryCheck
from convcost.spec import Spec
from convcost.spec.evaluate import OpenSizes, evaluate
from convcost.spec.spec import check_int
from convcost.tracing.declared_inputs import DeclaredInputs, DeclaredTensor
from convcost.tracing.module_design import ModuleDesign


@dataclass(frozen=True)
class CountingOptions:
    """The convention, the dtype, and the tolerance of equalities."""

    convention: Convention
    dtype: str
    tolerance: Fraction


def parse_options(count: str, taps: str, tolerance: str, dtype: str) -> CountingOptions:
    """The options of `assert_cost`; UsageError for an invalid value."""
    check_text("count", count, "all")
    check_text("taps", taps, "valid")
    check_text("tolerance", tolerance, "2%")
    check_text("dtype", dtype, "int8")
    share = parse_tolerance(tolerance) if tolerance else Fraction(0)
    return CountingOptions(convention(count, taps), dtype, share)


class AssertionResult(NamedTuple):
    """The counted design and its checks; with a `like` design, its report and the differences."""

    counted: CountedEntry
    checks: tuple[EntryCheck, ...]
    limits: tuple[Limit, ...]
    like: Report | None = None
    changes: BaselineChanges | None = None

    @property
    def failed(self) -> tuple[EntryCheck, ...]:
        """The checks that did not pass."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def report(self) -> Report:
        """The report; with open sizes if a formula limit failed."""
        is_open = any(not isinstance(check.found, int | Fraction) for check in self.failed if check.relation)
        return self.counted.open_report if is_open else self.counted.report

    @property
    def passed(self) -> bool:
        """Whether all checks passed and nothing differs."""
        return not self.changes and not self.failed


def evaluate_assertion(
    design: Any,
    inputs: tuple[Any, ...],
    given_sizes: Mapping[str, Size],
    given_limits: Mapping[str, Any],
    like: Any,
    options: CountingOptions,
) -> AssertionResult:
    """Count `design` on `inputs` and check it; raises ConvcostError if that is impossible."""
    sizes = {name: _check_size(name, size) for name, size in given_sizes.items()}
    counted = _count(design, inputs, sizes, options)
    names = tuple(dict.fromkeys((*counted.entry.subject.names, *counted.entry.sizes, *sizes)))
    limits = tuple(_parse_limit(key, value, names) for key, value in given_limits.items())
    other = None
    if like is not None:
        other = _count(like, inputs if is_module(like) else (), sizes, options)
    _check_names(sizes, [each for each in (counted, other) if each], limits)
    if not limits and not other:
        hint = 'Give a limit, such as flops="20*B*S*E**2" or max_params=10_000.'
        raise UsageError("there is no limit to assert", hint=hint)
    checks = (*check_completeness(counted.report), *(_check(limit, counted) for limit in limits))
    changes = _compare_with(other, counted) if other else None
    return AssertionResult(counted, checks, limits, other.report if other else None, changes)


def _check_size(name: str, size: Any) -> int:
    """The size as an integer; UsageError if it is none, or a limit under a wrong name."""
    near = "" if isinstance(size, int) else did_you_mean(name, LIMITS)
    if near:
        raise UsageError(f"no limit is called {name[:64]}{near}")
    return check_int(name, size)


def _parse_limit(key: str, value: Any, names: tuple[str, ...]) -> Limit:
    """The limit that a number, an amount, or a formula in `names` states."""
    if not isinstance(value, str) and not _is_number(value):
        hint = 'For example, 20_480, "2 MFLOPs" or "20*B*S*E**2".'
        raise wrong_type_error(key, value, "a number, an amount or a formula", hint)
    is_float = isinstance(value, Real) and not isinstance(value, Rational)
    try:
        return amount_limit(key, float(value) if is_float else value, names)
    except UsageError as error:
        between = "" if error.message.startswith("is ") else ":"
        raise UsageError(f"{key}{between} {error.message}", hint=error.hint) from None


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, Rational) or (isinstance(value, Real | Decimal) and isfinite(value))


def _check(limit: Limit, counted: CountedEntry) -> EntryCheck:
    try:
        return check_limit(limit, counted, None)
    except UnboundSizeError as error:
        hint = "Give numbers, such as E=128, or write the limit as a formula."
        raise UnboundSizeError(error.message, hint=hint) from None


def _check_names(sizes: Mapping[str, Size], designs: Iterable[CountedEntry], limits: Iterable[Limit]) -> None:
    """UsageError for a size that is in no design and no limit."""
    used = {name for each in designs for name in (*each.entry.subject.names, *each.report.sizes)}
    used |= {name for limit in limits if isinstance(limit.wanted, SizeFormula) for name in limit.wanted.names}
    for name in sizes:
        if name not in used:
            near = did_you_mean(name, (*used, *LIMITS))
            raise UsageError(f"no size or limit is called {name[:64]}{near}")


def _compare_with(like: CountedEntry, counted: CountedEntry) -> BaselineChanges | None:
    """The differences from the other design in additive metrics; None if within the tolerance."""
    before, after = (baseline_of(each.entry, each.report) for each in (like, counted))
    changes = compare_baselines(before, after)
    totals = {metric: pair for metric, pair in changes.totals.items() if metric in ROW_METRICS}
    changes = changes._replace(totals=totals)
    return None if changes.is_within(counted.entry.tolerance) else changes


def _count(
    design: Any, inputs: tuple[Any, ...], sizes: Mapping[str, Size], options: CountingOptions
) -> CountedEntry:
    """Count `design` with `sizes`; raises ConvcostError, or the error of the module's forward."""
    found = as_design(design, inputs)
    if isinstance(found, Spec):
        return _count_spec(found, sizes, options)
    if isinstance(found, ModuleDesign):
        return _count_report(found.report(sizes), sizes, options)
    own = {name: size for name, size in sizes.items() if name in found.open_names}
    return _count_report(found.subs(**own) if own else found, sizes, options)


def _count_spec(spec: Spec, sizes: Mapping[str, Size], options: CountingOptions) -> CountedEntry:
    own = {name: size for name, size in sizes.items() if name in spec.names}
    report = spec.report(own, options.convention, options.dtype)
    return _counted_entry(report, spec, own, options)


def _count_report(report: Report, sizes: Mapping[str, Size], options: CountingOptions) -> CountedEntry:
    """The counted report; limits may be formulas in its open sizes, and in `sizes`."""
    report = replace(report, convention=options.convention)
    names = DeclaredInputs((DeclaredTensor("", report.open_names),))
    numbers = {name: size for name, size in report.sizes.items() if isinstance(size, int)}
    model = ConfiguredModel(report.name, names, "", {}, False, "")
    return _counted_entry(report, model, {**numbers, **sizes}, options)


def _counted_entry(
    report: Report, subject: Spec | ConfiguredModel, sizes: Mapping[str, Size], options: CountingOptions
) -> CountedEntry:
    tolerance = options.tolerance
    entry = Entry(report.name, subject, sizes, (), (), tolerance, report.convention, report.dtype)
    return CountedEntry(entry, report)


CONFUSABLE: dict[str, dict[str, Callable[[Cost], Any]]] = {
    "flops": {
        "MACs": lambda cost: cost.macs,
        "FLOPs with count='matmul'": lambda cost: cost.flops(),
        "FLOPs with count='bias'": lambda cost: cost.flops(Convention("bias")),
        "FLOPs with count='all'": lambda cost: cost.flops(Convention("all")),
        "FLOPs with taps='valid'": lambda cost: None if cost.valid_macs is None else 2 * cost.valid_macs,
    },
    "macs": {
        "FLOPs": lambda cost: cost.flops(),
        "MACs on real data": lambda cost: cost.valid_macs,
    },
}
"""Quantities that are often confused with a metric."""


def hints(result: AssertionResult, check: EntryCheck) -> Iterator[str]:
    """Sentences that explain a failed equality exactly; none if nothing does."""
    if check.relation != "=" or not BY_NAME[check.metric].is_additive:
        return
    report, wanted = result.report, wanted_amount(result, check)
    for name, quantity in CONFUSABLE.get(check.metric, {}).items():
        if _is_same(quantity(report.cost), wanted):
            yield f"The asserted value equals the {name}"
    yield from _explaining_row(report, check.metric, wanted)


def _explaining_row(report: Report, metric: str, wanted: Any) -> Iterator[str]:
    """The first layer or module that costs exactly the difference."""
    difference = getattr(report, metric) - wanted
    for row in report.rows:
        figure = BY_NAME[metric].in_row(row, report.convention)
        if figure is not None and _is_same(difference, figure):
            yield f"{_row_name(row)} accounts for the difference"
            return
        if figure is not None and _is_same(-difference, figure):
            yield f"One more like {_row_name(row)} would account for the difference"
            return


def _row_name(row: Row) -> str:
    return f"{row.path}: {row.kind}" if row.path else row.kind


def wanted_amount(result: AssertionResult, check: EntryCheck) -> Any:
    """The asserted number; a formula if its sizes are open."""
    if not isinstance(check.wanted, str):
        return check.wanted
    from convcost.symbolic.sympy_bridge import symbol

    [formula] = [limit.wanted for limit in result.limits if limit.key == check.key]
    assert isinstance(formula, SizeFormula)
    given = result.counted.entry.sizes
    sizes = OpenSizes({name: given.get(name, symbol(name)) for name in formula.names})
    return evaluate(formula.expression, sizes, formula.text)


def _is_same(first: Any, second: Any) -> bool:
    if first is None or second is None or first == 0:
        return False
    if all(isinstance(each, int | Fraction) for each in (first, second)):
        return bool(first == second)
    from convcost.symbolic.breakeven import is_equal, to_expression

    return is_equal(to_expression(first, ()), to_expression(second, ()), ()) == "yes"

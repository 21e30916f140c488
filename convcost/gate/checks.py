"""The checks of an entry: its totals against limits, and the counters that must agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from convcost.core.cost import BATCH_LIKE, NO_VALID_MACS, Size
from convcost.core.errors import UnboundSizeError, UsageError
from convcost.core.metrics import OF_PHASES
from convcost.core.report import Assumption, CounterResult, Report
from convcost.core.weights import require_costs
from convcost.gate.counting import CountedEntry
from convcost.gate.limit import Limit, Relation, SizeFormula
from convcost.gate.result import EntryCheck
from convcost.spec import Spec
from convcost.spec.evaluate import evaluate
from convcost.spec.formula_sizes import FormulaSizes

UNPROVED = "not proved for all sizes"


def limit_outcome(
    limit: Limit, counted: CountedEntry, passed: bool, found: Any, wanted: Any, reason: str = ""
) -> EntryCheck:
    """The result of checking a limit."""
    tolerance = counted.entry.tolerance
    return EntryCheck(
        limit.key, limit.metric, passed, found, limit.relation, wanted, limit.ratio_to, reason, tolerance
    )


def check_limit(limit: Limit, counted: CountedEntry, base: CountedEntry | None) -> EntryCheck:
    """Check a limit; `base` is the entry that a ratio is relative to.

    Raises UnboundSizeError if a size needs a number, SpecError if a division in a formula has a remainder.
    """
    sizes = _sizes(counted, base)
    if _needs_proof(limit, counted, base, sizes):
        return _check_formula(limit, counted, base, sizes)
    return _check_number(limit, counted, base, sizes)


def _sizes(counted: CountedEntry, base: CountedEntry | None) -> Mapping[str, Size]:
    """The sizes with numbers; for a size of both entries, that of the first."""
    entry = counted.entry
    others = base.entry.sizes.items() if base else ()
    return {**{name: size for name, size in others if name not in entry.subject.names}, **entry.sizes}


def _needs_proof(
    limit: Limit, counted: CountedEntry, base: CountedEntry | None, sizes: Mapping[str, Size]
) -> bool:
    """Whether the limit is a formula in open sizes, or a ratio of such formulas."""
    if isinstance(limit.wanted, SizeFormula) and not sizes.keys() >= {*limit.wanted.names}:
        return True
    totals = [_total(each.report, limit.metric) for each in (counted, base) if each]
    return base is not None and not all(isinstance(total, int | Fraction) for total in totals)


def _total(report: Report, metric: str) -> Any:
    """A number or a sympy formula; UnboundSizeError if the formula would be too long."""
    value = getattr(report, metric)
    if value is None:
        require_costs((report,), metric)
        if metric in OF_PHASES and not report.generation:
            raise UsageError(f"{metric} needs a language model with a phase and a context")
        raise UnboundSizeError(NO_VALID_MACS, hint="Give a number for each kernel, stride or dilation.")
    if isinstance(value, int) or not hasattr(value, "free_symbols"):
        return value
    from convcost.symbolic.sympy_expressions import python_number

    return python_number(value)


def _check_number(
    limit: Limit, counted: CountedEntry, base: CountedEntry | None, sizes: Mapping[str, Size]
) -> EntryCheck:
    wanted: Any = limit.wanted
    if isinstance(wanted, SizeFormula):
        wanted = evaluate(wanted.expression, sizes, wanted.text)
    found = Fraction(_number(counted, limit.metric))
    if base:
        divisor = _number(base, limit.metric)
        if not divisor:
            return limit_outcome(limit, counted, False, None, wanted, f"it is 0 in {base.entry.name}")
        found /= divisor
    passed = _is_within(found, limit.relation, Fraction(wanted), counted.entry.tolerance)
    number = found.numerator if found.denominator == 1 else found
    return limit_outcome(limit, counted, passed, number, wanted)


def _is_within(found: Fraction, relation: Relation, wanted: Fraction, tolerance: Fraction) -> bool:
    match relation:
        case "≤":
            return found <= wanted
        case "≥":
            return found >= wanted
        case "=":
            return abs(found - wanted) <= tolerance * wanted


def _number(counted: CountedEntry, metric: str) -> Size | Fraction:
    total = _total(counted.report, metric)
    if not isinstance(total, int | Fraction):
        open_names = counted.report.open_names
        defaulted = BATCH_LIKE if isinstance(counted.entry.subject, Spec) else ()
        names = [name for name in open_names if name not in defaulted] or open_names
        message = f"{', '.join(names)} {'have' if names[1:] else 'has'} no value in {counted.entry.name}"
        raise UnboundSizeError(message, hint="Give it under sizes, or write the limit as a formula.")
    return total


def _check_formula(
    limit: Limit, counted: CountedEntry, base: CountedEntry | None, sizes: Mapping[str, Size]
) -> EntryCheck:
    """Check a limit that is a formula, or a ratio of formulas: it must hold for all sizes."""
    wanted: Any = limit.wanted
    shown = wanted
    if isinstance(wanted, SizeFormula):
        shown = wanted.text
        wanted = evaluate(wanted.expression, FormulaSizes(wanted.names, sizes), wanted.text)
    if base is None and _is_same_formula(limit, counted, wanted):
        return limit_outcome(limit, counted, True, shown, shown)
    return _prove(limit, counted, base, wanted, shown)


def _is_same_formula(limit: Limit, counted: CountedEntry, wanted: Any) -> bool:
    """Whether a spec's formula equals `wanted` term by term, without sympy."""
    if limit.relation != "=" or not isinstance(counted.entry.subject, Spec):
        return False
    return bool(getattr(counted.formula_report, limit.metric) == wanted)


def _prove(
    limit: Limit, counted: CountedEntry, base: CountedEntry | None, wanted: Any, shown: Any
) -> EntryCheck:
    from convcost.symbolic.breakeven import to_expression
    from convcost.symbolic.sympy_text import lowest_terms

    assumptions = counted.open_report.assumptions + (base.open_report.assumptions if base else ())
    found = to_expression(_total(counted.open_report, limit.metric), assumptions)
    divisor = to_expression(_total(base.open_report, limit.metric), assumptions) if base else 1
    if divisor == 0:
        return limit_outcome(limit, counted, False, None, shown, f"it is 0 in {limit.ratio_to}")
    bound = to_expression(wanted, assumptions) * divisor
    answers = _answers(found, limit.relation, bound, counted.entry.tolerance, assumptions)
    passed = answers == {"yes"}
    reason = "" if passed or "no" in answers else UNPROVED
    return limit_outcome(limit, counted, passed, lowest_terms(found / divisor), shown, reason)


def _answers(
    found: Any, relation: Relation, bound: Any, tolerance: Fraction, assumptions: tuple[Assumption, ...]
) -> set[str]:
    """Whether the relation holds for all sizes: yes, no or unknown. A tolerance has two sides to prove."""
    from convcost.symbolic.breakeven import is_at_most, is_equal, to_expression

    if relation == "=" and not tolerance:
        return {is_equal(found, bound, assumptions)}
    share = to_expression(tolerance if relation == "=" else 0, ())
    return {
        *([is_at_most(found, bound * (1 + share), assumptions)] if relation != "≥" else []),
        *([is_at_most(bound * (1 - share), found, assumptions)] if relation != "≤" else []),
    }


def check_completeness(report: Report) -> Iterator[EntryCheck]:
    """A failed check if operators are not counted; nothing otherwise."""
    if report.trace and report.trace.is_partial:
        uncounted = report.trace.uncounted
        missed = ", ".join(dict.fromkeys(found.operator for found in uncounted if not found.reason))
        reasons = [f"there is no formula for {missed}"] if missed else []
        reasons += dict.fromkeys(f"{found.operator}: {found.reason}" for found in uncounted if found.reason)
        yield EntryCheck("formulas", "", False, "partial", reason="; ".join(reasons))


def check_counters(counted: CountedEntry) -> tuple[EntryCheck, ...]:
    """A check for each counter that must agree; it fails if the counter can't run.

    A counter agrees if it counts the same MACs, whatever it counts in addition.
    """
    return tuple(
        EntryCheck("agree_with", name, result.verdict == "agrees", result.verdict, reason=result.reason)
        for name, result in _counter_results(counted)
    )


def _counter_results(counted: CountedEntry) -> Iterator[tuple[str, CounterResult]]:
    entry = counted.entry
    if not entry.counters:
        return
    if counted.report.open_names:
        names = ", ".join(counted.report.open_names)
        skipped = CounterResult("skipped", None, None, "", f"counters need values for {names}")
        yield from ((name, skipped) for name in entry.counters)
    elif isinstance(entry.subject, Spec):
        from convcost.counters import COUNTERS
        from convcost.counters.crosscheck import crosscheck_design

        counters = tuple(COUNTERS[name] for name in entry.counters)
        yield from crosscheck_design(entry.subject.network(entry.sizes), counted.report, counters)
    else:
        yield from _model_counter_results(counted)


def _model_counter_results(counted: CountedEntry) -> Iterator[tuple[str, CounterResult]]:
    from convcost.counters import ALL_COUNTERS
    from convcost.counters.crosscheck import crosscheck_model

    found = counted.profiled
    assert found
    counters = tuple(ALL_COUNTERS[name] for name in counted.entry.counters)
    for name, diagnosis in crosscheck_model(found.module, found.args, found.kwargs, counted.report, counters):
        yield name, diagnosis.summary

"""Make the report of a run on open sizes: guards become assumptions, and shorten the formulas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import chain
from math import lcm
from typing import Any

from convcost.core.constraints import AtLeast, Divides, Equals, Requirement
from convcost.core.report import Report
from convcost.symbolic.evaluator import SymbolicEvaluator, evaluate_feasibly
from convcost.symbolic.formula import Formula, atoms_of, divide, formula_of, size_formula
from convcost.symbolic.predicates import is_nonnegative
from convcost.symbolic.report import map_report
from convcost.symbolic.substitution import names_in, substitute
from convcost.symbolic.sympy_bridge import symbol, to_sympy
from convcost.symbolic.terms import Atom, common_divisor
from convcost.tracing.symbolic_shapes.guards import Guard
from convcost.tracing.symbolic_shapes.sizes import SymbolicSizes


def requirements(
    guards: Iterable[Guard], sizes: SymbolicSizes, evaluator: SymbolicEvaluator
) -> Iterator[Requirement]:
    """The requirements that `guards` add to what `evaluator` knows when each is consumed."""
    fixed = fixed_roundings(guards)
    for guard in sorted(guards, key=_rank):
        is_short = len(guard.difference.atoms) == 1
        left = evaluator.simplify(
            guard.difference if is_short else with_fixed_roundings(guard.difference, fixed)
        )
        if isinstance(left, Formula):
            yield from _requirements_of(guard._replace(difference=left), sizes, evaluator)


def _rank(guard: Guard) -> tuple[bool, int]:
    return not divisors(guard.difference), len(names_in(guard.difference))


def _requirements_of(
    guard: Guard, sizes: SymbolicSizes, evaluator: SymbolicEvaluator
) -> Iterator[Requirement]:
    difference: Any = guard.difference
    is_least = is_nonnegative(evaluator.assumptions.shift_to_bounds(difference))
    is_most = is_nonnegative(evaluator.assumptions.shift_to_bounds(-difference))
    found = divisors(difference) if guard.relation == "zero" or is_most else {}
    if found and all(sizes.examples[size] % divisor == 0 for size, divisor in found.items()):
        for size, divisor in found.items():
            whole: Any = size_formula(size)
            yield Divides(divisor, whole, str(divisor), size)
    elif guard.relation == "nonnegative" or is_most:
        yield AtLeast(difference, 0, "a size")
    elif is_least:
        yield AtLeast(-difference, 0, "a size")
    else:
        yield Equals(difference, 0, "a size", "another")


def divisors(difference: Any) -> dict[str, int]:
    """Divisors by size: `difference` is 0 if each size is a multiple of its divisor; empty if none."""
    steps = {size: _step(difference, size) for size in sorted(names_in(difference))}
    found = {size: step for size, step in steps.items() if step > 1}
    multiples = {size: step * size_formula(size) for size, step in found.items()}
    return found if found and substitute(difference, multiples) == 0 else {}


def _step(formula: Any, size: str) -> int:
    """The least common multiple of the divisors of all roundings with `size` in them."""
    step = 1
    for atom in atoms_of(formula):
        if atom.kind == "rounded" and size in names_in(atom.inner):
            divisor = common_divisor(atom.inner)
            step = lcm(step, int(divisor.constant) if divisor.is_constant else 1, _step(atom.inner, size))
    return step


def fixed_roundings(guards: Iterable[Guard]) -> dict[Atom, int]:
    """The roundings that guards fix to a number."""
    return {atom: number for guard in guards for atom, number in _fixed_roundings_in(guard)}


def _fixed_roundings_in(guard: Guard) -> Iterator[tuple[Atom, int]]:
    """⌊x⌋ and n, for a guard factor · ⌊x⌋ − factor · n = 0."""
    for atom in guard.difference.atoms if guard.relation == "zero" else ():
        factor = guard.difference.terms.get(frozenset({(atom, 1)}))
        number = factor and divide(guard.difference - factor * formula_of(atom), -factor)
        if atom.kind == "rounded" and isinstance(number, int):
            yield atom, number


def with_fixed_roundings(number: Any, fixed: Mapping[Atom, int]) -> Any:
    """`number` with its fixed roundings replaced by numbers."""
    if not fixed or not isinstance(number, Formula):
        return number
    return number.map_atoms(lambda atom: fixed[atom] if atom in fixed else formula_of(atom))


def with_assumptions(report: Report, sizes: SymbolicSizes, guards: tuple[Guard, ...]) -> Report:
    """`report` with formulas simplified by `guards`, which become its assumptions."""
    return evaluate_feasibly(lambda evaluator: _with_assumptions(report, sizes, guards, evaluator))


def _with_assumptions(
    report: Report, sizes: SymbolicSizes, guards: tuple[Guard, ...], evaluator: SymbolicEvaluator
) -> Report:
    fixed = fixed_roundings(guards)
    for requirement in chain(
        sizes.requirements, _not_empty(report, sizes), requirements(guards, sizes, evaluator)
    ):
        evaluator.require(requirement, 0)

    @cache  # equal layers have equal numbers
    def simplify_formula(formula: Any) -> Any:
        rounded = with_fixed_roundings(formula, fixed)
        simplified = evaluator.simplify(rounded) if isinstance(rounded, Formula) else rounded
        return to_sympy(simplified) if isinstance(simplified, Formula) else simplified

    def simplify(number: Any) -> Any:
        return simplify_formula(sizes.formula(number))

    found = replace(map_report(report, simplify), sizes={name: symbol(name) for name in sizes.examples})
    return replace(found, assumptions=evaluator.assumptions.assumed)


def _not_empty(report: Report, sizes: SymbolicSizes) -> Iterator[AtLeast]:
    """Require that no tensor is empty, as it would be if a kernel were larger than its input."""
    trace = report.trace
    shapes = [operation.output for operation in trace.operations] if trace else []
    factors = (part for shape in shapes for size in shape for part in _factors(sizes.formula(size)))
    for factor in dict.fromkeys(factors):
        yield AtLeast(factor, 1, "a dimension")


def _factors(dimension: Any) -> Iterator[Any]:
    """The factors of a dimension; it is ≥ 1 if they are."""
    if isinstance(dimension, Formula) and len(dimension.terms) == 1:
        yield from (formula_of(atom) for atom in dimension.atoms)
    elif isinstance(dimension, Formula):
        yield dimension

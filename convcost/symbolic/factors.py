"""What a formula is a product of."""

from __future__ import annotations

from typing import Any

from sympy import Add, Dummy, Mul, Pow, factor

from convcost.symbolic.canonicalize import plain
from convcost.symbolic.common_factors import common_divisor, common_factors, has_division
from convcost.symbolic.convert import StrangeError, from_sympy, to_sympy
from convcost.symbolic.formula import Formula, part, raised

MOST_FACTORED = 120
"""A sum with more parts is not searched for factors that are sums."""

MOST_UNKNOWNS = 8
"""Nor is one in more sizes and roundings: the search takes ever longer with each."""

HIGHEST_DEGREE = 10
"""Nor one with higher powers."""


def factors(formula: Any) -> tuple[Any, ...]:
    """B*E**2 is B, E and E; a sum is a factor of its own."""
    parts = [part for factor in Mul.make_args(formula) for part in _written_out(factor)]
    return tuple(map(plain, parts))


def _written_out(factor: Any) -> tuple[Any, ...]:
    if isinstance(factor, Pow) and factor.exp.is_Integer and factor.exp > 0:
        return (factor.base,) * int(factor.exp)
    return (factor,)


def is_divided(formula: Any) -> bool:
    """Whether a size divides in it, roundings apart."""
    try:
        return has_division(from_sympy(formula))
    except StrangeError:
        return True


def fraction(total: Any) -> tuple[Any, Any]:
    """A sum of fractions as one: its numerator and its denominator."""
    try:
        formula = from_sympy(total)
    except StrangeError:
        return total, 1
    divisor = common_divisor(formula) if isinstance(formula, Formula) else formula.denominator
    return to_sympy(formula * divisor), to_sympy(divisor)


def common_in_front(total: Any) -> Any:
    """`total` with what all its terms have in common in front of the rest."""
    try:
        formula = from_sympy(total)
    except StrangeError:
        return total
    common = common_factors(formula)
    return Mul(to_sympy(common), to_sympy(formula * raised(common, -1)))


def product_of_sums(total: Any) -> Any:
    """`total` factored as far as that is quick, each rounding in it as one more unknown."""
    try:
        formula = from_sympy(total)
    except StrangeError:
        return total
    common = common_factors(formula)
    rest = formula * raised(common, -1)
    return Mul(to_sympy(common), _factored(rest) if isinstance(rest, Formula) else to_sympy(rest))


def _factored(total: Formula) -> Any:
    """A sum whose terms have nothing in common as a product of sums, if it is one and not long."""
    is_short = total.parts <= MOST_FACTORED and len(total.atoms) <= MOST_UNKNOWNS
    is_high = any(sum(power for _, power in term) > HIGHEST_DEGREE for term in total.terms)
    if is_high or not is_short or has_division(total) or _is_prime(total):
        return to_sympy(total)
    unknowns = {atom: Dummy() for atom in sorted(total.atoms, key=lambda atom: atom.key)}
    terms = (
        Mul(to_sympy(factor), *(unknowns[atom] ** power for atom, power in term))
        for term, factor in total.terms.items()
    )
    known = {unknown: to_sympy(part(*atom)) for atom, unknown in unknowns.items()}
    return factor(Add(*terms)).xreplace(known)


def _is_prime(total: Formula) -> bool:
    """Whether one of its terms is an unknown that no other has, so that it is no product."""
    found = [atom for term in total.terms for atom, _ in term]
    alone = [next(iter(term)) for term in total.terms if len(term) == 1]
    return any(power == 1 and found.count(atom) == 1 for atom, power in alone)

"""Factors of formulas, and common factors of the terms of a sum."""

from __future__ import annotations

from fractions import Fraction

from sympy import Add, Dummy, Expr, Mul, Pow, factor

from convcost.symbolic.formula import Formula, formula_of, from_terms
from convcost.symbolic.sympy_bridge import UnsupportedExpressionError, from_sympy, to_sympy
from convcost.symbolic.sympy_expressions import python_number
from convcost.symbolic.terms import common_divisor, common_factors, has_division, terms_of

MOST_FACTORED = 120
"""A sum with more parts is not factored."""

MOST_UNKNOWNS = 8
"""Nor is one in more sizes and floors, since the time grows quickly with their number."""

HIGHEST_DEGREE = 10
"""Nor one with higher powers."""


def factors(formula: Expr) -> tuple[Expr | int | Fraction, ...]:
    """B*E**2 is B, E and E; a sum is a factor of its own."""
    return tuple(python_number(each) for factor in Mul.make_args(formula) for each in _bases(factor))


def _bases(factor: Expr) -> tuple[Expr, ...]:
    if isinstance(factor, Pow) and factor.exp.is_Integer and factor.exp > 0:
        return (factor.base,) * int(factor.exp)
    return (factor,)


def is_divided(formula: Expr) -> bool:
    """Whether a size divides in it, outside of floors."""
    try:
        return has_division(from_sympy(formula))
    except UnsupportedExpressionError:
        return True


def fraction(total: Expr) -> tuple[Expr, Expr]:
    """A sum of fractions as one: its numerator and its denominator."""
    try:
        terms = terms_of(from_sympy(total))
    except UnsupportedExpressionError:
        return total, 1
    divisor = common_divisor(terms)
    return to_sympy(from_terms(terms * divisor)), to_sympy(from_terms(divisor))


def common_in_front(total: Expr) -> Expr:
    """`total` as the common factors of its terms times the rest."""
    try:
        terms = terms_of(from_sympy(total))
    except UnsupportedExpressionError:
        return total
    common = common_factors(terms)
    return Mul(to_sympy(from_terms(common)), to_sympy(from_terms(terms * common.inverse())))


def product_of_sums(total: Expr) -> Expr:
    """`total` factored if that is quick, each floor in it as one unknown."""
    try:
        terms = terms_of(from_sympy(total))
    except UnsupportedExpressionError:
        return total
    common = common_factors(terms)
    rest = from_terms(terms * common.inverse())
    return Mul(to_sympy(from_terms(common)), _factored(rest) if isinstance(rest, Formula) else to_sympy(rest))


def _factored(total: Formula) -> Expr:
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
    known = {unknown: to_sympy(formula_of(atom)) for atom, unknown in unknowns.items()}
    return factor(Add(*terms)).xreplace(known)


def _is_prime(total: Formula) -> bool:
    """Whether one of its terms is an unknown that occurs in no other, so that it can't be factored."""
    found = [atom for term in total.terms for atom, _ in term]
    single = [next(iter(term)) for term in total.terms if len(term) == 1]
    return any(power == 1 and found.count(atom) == 1 for atom, power in single)

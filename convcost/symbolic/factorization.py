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
"""A sum in more sizes and floors is not factored, since the time grows quickly with their number."""

HIGHEST_DEGREE = 10
"""A sum with higher powers is not factored."""


def factors(formula: Expr) -> tuple[Expr | int | Fraction, ...]:
    """The factors of a formula: B, E and E for B*E**2; a sum is one factor."""
    return tuple(python_number(each) for factor in Mul.make_args(formula) for each in _bases(factor))


def _bases(factor: Expr) -> tuple[Expr, ...]:
    if isinstance(factor, Pow) and factor.exp.is_Integer and factor.exp > 0:
        return (factor.base,) * int(factor.exp)
    return (factor,)


def is_divided(formula: Expr) -> bool:
    """Whether the formula divides by a size outside of floors."""
    try:
        return has_division(from_sympy(formula))
    except UnsupportedExpressionError:
        return True


def fraction(total: Expr) -> tuple[Expr, Expr]:
    """The numerator and denominator of a sum of fractions."""
    try:
        terms = terms_of(from_sympy(total))
    except UnsupportedExpressionError:
        return total, 1
    divisor = common_divisor(terms)
    return to_sympy(from_terms(terms * divisor)), to_sympy(from_terms(divisor))


def common_in_front(total: Expr) -> Expr:
    """`total` with the common factors of its terms factored out."""
    try:
        terms = terms_of(from_sympy(total))
    except UnsupportedExpressionError:
        return total
    common = common_factors(terms)
    return Mul(to_sympy(from_terms(common)), to_sympy(from_terms(terms * common.inverse())))


def product_of_sums(total: Expr) -> Expr:
    """`total` factored if that is fast, with floors as unknowns."""
    try:
        terms = terms_of(from_sympy(total))
    except UnsupportedExpressionError:
        return total
    common = common_factors(terms)
    rest = from_terms(terms * common.inverse())
    return Mul(to_sympy(from_terms(common)), _factored(rest) if isinstance(rest, Formula) else to_sympy(rest))


def _factored(total: Formula) -> Expr:
    """A sum without common factors as a product of sums, if it is one and not long."""
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
    """Whether one of its terms is an unknown that occurs nowhere else, so it can't be factored."""
    atoms = [atom for term in total.terms for atom, _ in term]
    single = [next(iter(term)) for term in total.terms if len(term) == 1]
    return any(power == 1 and atoms.count(atom) == 1 for atom, power in single)

"""The leading terms of a long formula, which approximate it for large sizes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from itertools import islice
from typing import NamedTuple, TypeAlias

from sympy import Abs, Add, Expr, Integer, Max, Mul, Pow, Rational, Symbol, floor

from convcost.symbolic.sympy_bridge import symbol
from convcost.symbolic.sympy_expressions import postorder

MOST_PARTS = 20_000
"""Leading terms are not computed for a formula with more different parts."""

MOST_TERMS = 24
"""The most leading terms."""

Monomial: TypeAlias = frozenset[tuple[str, int]]
"""Sizes with their powers."""

Coefficients: TypeAlias = Mapping[Monomial, Fraction]


class LeadingTerms(NamedTuple):
    """Terms whose ratio to the formula tends to 1 as all sizes in `names` grow by the same factor.

    All have the same degree in these sizes. The other sizes are factors of the formula, and can have any
    value.
    """

    terms: tuple[tuple[Fraction, Expr], ...]
    names: tuple[str, ...]


class _Growth(NamedTuple):
    """The highest degree in the growing sizes, and its terms, which all have the same sign."""

    degree: int
    terms: Coefficients


def leading_terms(formula: Expr) -> LeadingTerms | None:
    """The terms of the highest degree, with x for ⌊x⌋, which differs by less than 1.

    None if these do not determine the growth: terms of both signs may cancel, and rounded terms may not grow.
    """
    parts = list(islice(postorder(formula), MOST_PARTS + 1))
    names = sorted(part.name for part in parts if isinstance(part, Symbol))
    if len(parts) > MOST_PARTS:
        return None
    growing = tuple(name for name in names if _power_in(name, parts) is None)
    known: dict[Expr, _Growth | None] = {}
    for part in parts:
        known[part] = _growth_of(part, known, growing)
    growth = known[formula]
    if growth is None or not growing or min(growth.terms.values()) < 0:
        return None
    terms = ((factor, _product(monomial)) for monomial, factor in growth.terms.items())
    return LeadingTerms(tuple(sorted(terms, key=lambda term: (-term[0], str(term[1])))), growing)


def _product(monomial: Monomial) -> Expr:
    return Mul(*(symbol(name) ** power for name, power in sorted(monomial)))


def _power_in(name: str, parts: Iterable[Expr]) -> int | None:
    """The power of a size that is a factor of the last of `parts` (each after its own parts).

    None if the other factors depend on the size too.
    """
    powers: dict[Expr, int | None] = {}
    part: Expr = Integer(0)
    for part in parts:
        inner = [powers[each] for each in part.args]
        match part:
            case Symbol():
                powers[part] = int(part.name == name)
            case Add():
                powers[part] = inner[0] if len({*inner}) == 1 else None
            case Mul():
                powers[part] = None if None in inner else sum(power or 0 for power in inner)
            case Pow(exp=Integer() as exponent):
                powers[part] = None if inner[0] is None else inner[0] * int(exponent)
            case _:
                powers[part] = 0 if all(power == 0 for power in inner) else None
    return powers[part]


def _growth_of(part: Expr, known: Mapping[Expr, _Growth | None], growing: tuple[str, ...]) -> _Growth | None:
    """The growth of `part`, from that of its parts; None if it is not known."""
    if isinstance(part, Rational):
        return _Growth(0, {frozenset(): Fraction(int(part.p), int(part.q))})
    if isinstance(part, Symbol):
        return _Growth(int(part.name in growing), {frozenset({(part.name, 1)}): Fraction(1)})
    inner = [growth for each in part.args if (growth := known[each]) is not None]
    if len(inner) < len(part.args):
        return None
    match part:
        case Add():
            return _sum(inner)
        case Mul():
            return _product_growth(inner)
        case Pow(exp=Integer() as exponent):
            return _power(inner[0], int(exponent))
        case floor():
            return inner[0] if inner[0].degree > 0 else None
        case Abs():
            return _Growth(inner[0].degree, {each: abs(factor) for each, factor in inner[0].terms.items()})
        case Max():
            return _largest(inner)
    return None


def _sum(parts: list[_Growth]) -> _Growth | None:
    degree = max(part.degree for part in parts)
    total: Counter[Monomial] = Counter()
    for part in parts:
        if part.degree == degree:
            for monomial, factor in part.terms.items():
                total[monomial] += factor  # type: ignore[assignment]
    return _definite(degree, total)  # type: ignore[arg-type]


def _product_growth(parts: list[_Growth]) -> _Growth | None:
    product = _Growth(0, {frozenset(): Fraction(1)})
    for part in parts:
        terms: dict[Monomial, Fraction] = {}
        for first, factor in product.terms.items():
            for second, other in part.terms.items():
                powers = Counter(dict(first))
                for name, power in second:
                    powers[name] += power
                monomial = frozenset((name, power) for name, power in powers.items() if power)
                terms[monomial] = terms.get(monomial, Fraction(0)) + factor * other
        growth = _definite(product.degree + part.degree, terms)
        if growth is None:
            return None
        product = growth
    return product


def _power(base: _Growth, exponent: int) -> _Growth | None:
    if exponent > 0:
        return _product_growth([base] * exponent)
    if len(base.terms) > 1:
        return None
    [(monomial, factor)] = base.terms.items()
    inverse = frozenset((name, power * exponent) for name, power in monomial)
    return _Growth(base.degree * exponent, {inverse: factor**exponent})


def _largest(parts: list[_Growth]) -> _Growth | None:
    """The positive part of the highest degree, if there is exactly one."""
    degree = max(part.degree for part in parts)
    highest = [part for part in parts if part.degree == degree]
    return highest[0] if len(highest) == 1 and min(highest[0].terms.values()) > 0 else None


def _definite(degree: int, terms: Coefficients) -> _Growth | None:
    """The nonzero terms; None if there are none, too many, or some of either sign."""
    nonzero = {monomial: factor for monomial, factor in terms.items() if factor}
    signs = {factor > 0 for factor in nonzero.values()}
    return _Growth(degree, nonzero) if len(signs) == 1 and len(nonzero) <= MOST_TERMS else None

"""Formulas as people write them, and as programs read them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from sympy import Add, Mul, cancel, factor_terms, floor

from convcost.symbolic.canonicalize import canonicalize, plain
from convcost.symbolic.expression_parts import is_long, with_unknowns
from convcost.symbolic.factors import common_in_front, is_divided, product_of_sums
from convcost.symbolic.long_text import long_program
from convcost.symbolic.notation import LATEX, is_negative, people, write

MOST_FLOORS = 8
"""Each rounding is one more unknown where common factors are sought, which takes ever longer."""

LONG_NUMBER = re.compile(r"(?<!\w)\d{4,}")


@lru_cache(maxsize=2_000)
def shortest(formula: Any) -> Any:
    """`formula` multiplied out, or with its common factors in front, whichever is shorter."""
    expanded = canonicalize(formula)
    if is_long(expanded):
        return expanded
    if expanded.as_numer_denom()[1].free_symbols:
        return _upright(_lowest_terms(expanded))
    factored = common_in_front(expanded)
    return min(expanded, factored, _upright(factored), key=lambda form: len(people(form)))


def _upright(product: Any) -> Any:
    """`product` with its sums as products of sums where they are one, none of them mostly taken away."""
    sign, parts = 1, []
    for part in Mul.make_args(product):
        base, exponent = part.as_base_exp()
        for each in Mul.make_args(product_of_sums(base) if isinstance(base, Add) else base):
            turn = isinstance(each, Add) and _is_mostly_negative(each)
            sign *= (-1) ** exponent if turn else 1
            parts.append((-each if turn else each) ** exponent)
    return sign * Mul(*parts)


def _is_mostly_negative(total: Any) -> bool:
    return 2 * sum(map(is_negative, total.args)) > len(total.args)


@lru_cache(maxsize=2_000)
def lowest_terms(formula: Any) -> Any:
    """A quotient of formulas with what numerator and denominator share cancelled."""
    if is_long(formula) or len(formula.atoms(floor)) > MOST_FLOORS or not is_divided(formula):
        return plain(formula)
    return plain(_lowest_terms(canonicalize(formula)))


def _lowest_terms(quotient: Any) -> Any:
    return with_unknowns(quotient, lambda simple: factor_terms(cancel(simple)))


@lru_cache(maxsize=2_000)
def program(formula: Any) -> str:
    """`20*B*E**2*S`, floor divisions as `floor(L/2)`."""
    return long_program(formula) if is_long(formula) else str(shortest(formula))


def readable(formula: Any, *, grouped: bool = True) -> str:
    """1,280·B·S·E², ⌊(L + 1)/2⌋; `grouped` separates thousands, which would not do among commas."""
    text = people(shortest(formula))
    return LONG_NUMBER.sub(lambda number: f"{int(number[0]):,}", text) if grouped else text


def latex_expression(formula: Any, *, grouped: bool = True) -> str:
    r"""As `readable`, for LaTeX's math mode: 1{,}280\,B\,S\,E^{2}."""
    text = write(shortest(formula), LATEX)
    return (
        LONG_NUMBER.sub(lambda number: f"{int(number[0]):,}".replace(",", "{,}"), text) if grouped else text
    )

"""Formulas as people write them, and as programs read them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from sympy import Abs, Add, Max, Mul, Pow, Rational, S, Symbol, cancel, factor_terms, floor

from convcost.symbolic.canonicalize import canonicalize, plain
from convcost.symbolic.expression_parts import is_long, with_unknowns
from convcost.symbolic.factors import common_in_front, fraction, is_divided, product_of_sums
from convcost.symbolic.long_text import long_program

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
MOST_FLOORS = 8
"""Each rounding is one more unknown where common factors are sought, which takes ever longer."""

LONGEST_FRACTION = 100
"""Of a sum with more parts, fractions stay apart."""

BATCH_LIKE = ("B", "S", "N")

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
    return 2 * sum(map(_is_negative, total.args)) > len(total.args)


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


@lru_cache(maxsize=2_000)
def people(formula: Any) -> str:
    """`formula` as it is, written for people."""
    match formula:
        case Add():
            return _sum(formula)
        case Mul():
            return _product(formula)
        case Pow(base=base, exp=exponent):
            return _power(base, exponent)
        case floor(args=(inner,)):
            return f"⌊{_over_one_line(inner)}⌋"
        case Abs():
            return f"|{people(formula.args[0])}|"
        case Max():
            return f"max({', '.join(sorted(map(people, formula.args), key=lambda text: (len(text), text)))})"
        case Rational() if formula.q != 1:
            return f"{formula.p}/{formula.q}".replace("-", "−")
    return str(formula).replace("-", "−")


def _over_one_line(formula: Any) -> str:
    """A sum of fractions as one fraction, if it is not long."""
    numerator, denominator = (formula, 1) if is_long(formula, LONGEST_FRACTION) else fraction(formula)
    if denominator == 1:
        return people(numerator)
    return f"{_bracketed(numerator)}/{_bracketed(denominator, Mul)}"


def _sum(formula: Any) -> str:
    terms = sorted(formula.args, key=_rank)
    signed = [(people(-term), " − ") if _is_negative(term) else (people(term), " + ") for term in terms]
    (first, sign), *rest = (
        sorted(signed, key=lambda part: part[1] == " − ") if _is_negative(terms[0]) else signed
    )
    return ("−" if sign == " − " else "") + first + "".join(sign + text for text, sign in rest)


def _rank(term: Any) -> tuple[bool, int, bool, str]:
    """Numbers last, high powers first, what is added before what is taken away, and then by name."""
    rest = term.as_coeff_Mul()[1]
    powers = [int(part.exp) if isinstance(part, Pow) else 1 for part in Mul.make_args(rest)]
    return bool(term.is_number), -sum(powers), _is_negative(term), people(rest)


def _is_negative(term: Any) -> bool:
    return bool(term.as_coeff_Mul()[0] < 0)


def _product(formula: Any) -> str:
    numerator, denominator = formula.as_numer_denom()
    if denominator != 1:
        return f"{_bracketed(numerator)}/{_bracketed(denominator, Mul)}"
    coefficient, rest = formula.as_coeff_Mul()
    if coefficient == -1:
        return f"−{_bracketed(rest)}"
    shown = [_bracketed(factor) for factor in sorted(Mul.make_args(rest), key=_order)]
    return "·".join(shown if coefficient == 1 else [people(coefficient), *shown])


def _order(factor: Any) -> tuple[int, str]:
    base = factor.base if isinstance(factor, Pow) else factor
    if not isinstance(base, Symbol):
        return 2, "".join(filter(str.isalpha, people(base)))
    return (0 if base.name in BATCH_LIKE else 1), base.name


def _power(base: Any, exponent: Any) -> str:
    if exponent.is_Integer and exponent > 0:
        return f"{_bracketed(base, Mul)}{str(exponent).translate(SUPERSCRIPTS)}"
    if exponent.is_negative:
        return f"1/{_bracketed(base**-exponent, Mul)}"
    return f"√{_bracketed(base, Mul)}" if exponent == S.Half else f"{_bracketed(base, Mul)}^({exponent})"


def _bracketed(formula: Any, *kinds: type) -> str:
    text = people(formula)
    return f"({text})" if isinstance(formula, (Add, *kinds)) else text

"""Formulas as people write them, as programs read them, and as LaTeX."""

from __future__ import annotations

from functools import cache
from typing import Any

from sympy import Add, Mul, Pow, Rational, Symbol, cancel, factor_terms, floor, latex

from convcost.symbols.tidy import MOST_OPERATIONS, plain, tidy

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
MOST_FLOORS = 8
"""Each rounding is one more unknown where common factors are sought, which takes ever longer."""

BATCH_LIKE = ("B", "S", "N")


@cache
def shortest(formula: Any) -> Any:
    """`formula` multiplied out, or with its common factors in front, whichever is shorter."""
    expanded = tidy(formula).formula
    if expanded.count_ops() > MOST_OPERATIONS:
        return expanded
    if expanded.as_numer_denom()[1].free_symbols:
        return factor_terms(cancel(expanded))
    factored = factor_terms(expanded, fraction=False)
    return min(expanded, factored, key=lambda form: len(people(form)))


@cache
def lowest_terms(formula: Any) -> Any:
    """A quotient of formulas with what numerator and denominator share cancelled."""
    if formula.count_ops() > MOST_OPERATIONS or len(formula.atoms(floor)) > MOST_FLOORS:
        return plain(formula)
    return plain(factor_terms(cancel(tidy(formula).formula)))


def program(formula: Any) -> str:
    """`20*B*E**2*S`, floor divisions as `floor(L/2)`."""
    return str(shortest(formula))


def readable(formula: Any) -> str:
    """20·B·S·E², ⌊(L + 1) / 2⌋."""
    return people(shortest(formula))


def as_latex(formula: Any) -> str:
    r"""20 B E^{2} S, \left\lfloor\frac{L}{2}\right\rfloor."""
    return str(latex(shortest(formula)))


@cache
def people(formula: Any) -> str:
    """`formula` as it is, written for people."""
    match formula:
        case Add():
            return _sum(formula)
        case Mul():
            return _product(formula)
        case Pow(base=base, exp=exponent):
            return _power(base, exponent)
        case floor():
            return f"⌊{people(formula.args[0].expand().together())}⌋"
        case Rational() if formula.q != 1:
            return f"{formula.p}/{formula.q}"
    return str(formula)


def _sum(formula: Any) -> str:
    terms = sorted(formula.args, key=lambda term: (not term.free_symbols, -_degree(term), people(term)))
    signed = [(people(-term), " − ") if _is_negative(term) else (people(term), " + ") for term in terms]
    (first, sign), *rest = (
        sorted(signed, key=lambda part: part[1] == " − ") if _is_negative(terms[0]) else signed
    )
    return ("−" if sign == " − " else "") + first + "".join(sign + text for text, sign in rest)


def _degree(term: Any) -> int:
    return sum(int(factor.exp) if isinstance(factor, Pow) else 1 for factor in Mul.make_args(term))


def _is_negative(term: Any) -> bool:
    return bool(term.as_coeff_Mul()[0] < 0)


def _product(formula: Any) -> str:
    numerator, denominator = formula.as_numer_denom()
    if denominator != 1:
        return f"{_bracketed(numerator)}/{_bracketed(denominator, Mul)}"
    coefficient, rest = formula.as_coeff_Mul()
    if coefficient == -1:
        return f"−{_bracketed(rest)}"
    factors = sorted(Mul.make_args(rest), key=_order)
    shown = [_bracketed(factor) for factor in factors]
    return "·".join(shown if coefficient == 1 else [str(coefficient).replace("-", "−"), *shown])


def _order(factor: Any) -> tuple[int, bool, str]:
    base = factor.base if isinstance(factor, Pow) else factor
    if not isinstance(base, Symbol):
        return 2, False, str(base)
    return (0 if base.name in BATCH_LIKE else 1), False, base.name


def _power(base: Any, exponent: Any) -> str:
    if exponent.is_Integer and exponent > 0:
        return f"{_bracketed(base, Mul)}{str(exponent).translate(SUPERSCRIPTS)}"
    return f"1/{_bracketed(base**-exponent, Mul)}" if exponent.is_negative else f"{base}^{exponent}"


def _bracketed(formula: Any, *kinds: type) -> str:
    text = people(formula)
    return f"({text})" if isinstance(formula, (Add, *kinds)) else text

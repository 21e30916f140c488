"""Writes formulas as they stand, in a notation: Unicode for people, or LaTeX."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from sympy import Abs, Add, Expr, Max, Mul, Pow, Rational, S, Symbol, floor

from convcost.core.cost import BATCH_LIKE
from convcost.core.escapes import latex_name
from convcost.symbolic.factorization import fraction
from convcost.symbolic.sympy_expressions import is_long

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

LONGEST_FRACTION = 100
"""A longer sum of fractions is not written as one fraction."""


class Notation(NamedTuple):
    """How formulas are written, with `{}` for a part.

    Attributes:
        product: Joins factors.
        power: An integer exponent.
        root: A square root; its argument needs no brackets if `root_encloses` it.
    """

    minus: str
    product: Callable[[list[str]], str]
    name: Callable[[str], str]
    power: Callable[[str], str]
    other_power: str
    root: str
    root_encloses: bool
    rounding: str
    maximum: str


PRETTY = Notation(
    minus="−",
    product="·".join,
    name=str,
    power=lambda exponent: exponent.translate(SUPERSCRIPTS),
    other_power="^({})",
    root="√{}",
    root_encloses=False,
    rounding="⌊{}⌋",
    maximum="max({})",
)


def _latex_product(factors: list[str]) -> str:
    r"""Apart by a thin space, and a dot where a number follows."""
    first, *others = factors
    signs = (r"\cdot " if factor[0].isdigit() else r"\," for factor in others)
    return first + "".join(sign + factor for sign, factor in zip(signs, others, strict=True))


LATEX = Notation(
    minus="-",
    product=_latex_product,
    name=latex_name,
    power="^{{{}}}".format,
    other_power="^{{{}}}",
    root=r"\sqrt{{{}}}",
    root_encloses=True,
    rounding=r"\lfloor {}\rfloor",
    maximum=r"\max({})",
)


def pretty(formula: Expr) -> str:
    """`formula` as it is, written for people."""
    return write(formula, PRETTY)


@lru_cache(maxsize=4_000)
def write(formula: Expr, notation: Notation) -> str:
    """`formula` as it is, in a notation."""
    match formula:
        case Symbol():
            return notation.name(formula.name)
        case Add():
            return _sum(formula, notation)
        case Mul():
            return _product(formula, notation)
        case Pow(base=base, exp=exponent):
            return _power(base, exponent, notation)
        case floor(args=(inner,)):
            return notation.rounding.format(_as_one_fraction(inner, notation))
        case Abs():
            return f"|{write(formula.args[0], notation)}|"
        case Max():
            ordered = sorted(formula.args, key=lambda each: (len(pretty(each)), pretty(each)))
            return notation.maximum.format(", ".join(write(each, notation) for each in ordered))
        case Rational() if formula.q != 1:
            return f"{formula.p}/{formula.q}".replace("-", notation.minus)
    return str(formula).replace("-", notation.minus)


def _as_one_fraction(formula: Expr, notation: Notation) -> str:
    """A sum of fractions as one fraction, if it is not long."""
    numerator, denominator = (formula, 1) if is_long(formula, LONGEST_FRACTION) else fraction(formula)
    if denominator == 1:
        return write(numerator, notation)
    return f"{_parenthesized(numerator, notation)}/{_parenthesized(denominator, notation, Mul)}"


def _sum(formula: Expr, notation: Notation) -> str:
    terms = sorted(formula.args, key=_term_key)
    signed = [(-term, True) if is_negative(term) else (term, False) for term in terms]
    (first, is_first_negative), *rest = sorted(signed, key=lambda part: part[1]) if signed[0][1] else signed
    others = (f" {notation.minus if minus else '+'} {write(term, notation)}" for term, minus in rest)
    return (notation.minus if is_first_negative else "") + write(first, notation) + "".join(others)


def _term_key(term: Expr) -> tuple[bool, int, bool, str]:
    """Sorts numbers last, high powers first, positive terms before negative ones, and then by name."""
    rest = term.as_coeff_Mul()[1]
    powers = [int(part.exp) if isinstance(part, Pow) else 1 for part in Mul.make_args(rest)]
    return bool(term.is_number), -sum(powers), is_negative(term), pretty(rest)


def is_negative(term: Expr) -> bool:
    """Whether a term of a sum is negative."""
    return bool(term.as_coeff_Mul()[0] < 0)


def _product(formula: Expr, notation: Notation) -> str:
    numerator, denominator = formula.as_numer_denom()
    if denominator != 1:
        return f"{_parenthesized(numerator, notation)}/{_parenthesized(denominator, notation, Mul)}"
    coefficient, rest = formula.as_coeff_Mul()
    if coefficient == -1:
        return f"{notation.minus}{_parenthesized(rest, notation)}"
    factors = [_parenthesized(factor, notation) for factor in sorted(Mul.make_args(rest), key=_factor_key)]
    return notation.product(factors if coefficient == 1 else [write(coefficient, notation), *factors])


def _factor_key(factor: Expr) -> tuple[int, str]:
    base = factor.base if isinstance(factor, Pow) else factor
    if not isinstance(base, Symbol):
        return 2, "".join(filter(str.isalpha, pretty(base)))
    return (0 if base.name in BATCH_LIKE else 1), base.name


def _power(base: Expr, exponent: Expr, notation: Notation) -> str:
    if exponent.is_negative:
        return f"1/{_parenthesized(base**-exponent, notation, Mul)}"
    if exponent == S.Half:
        inner = write(base, notation) if notation.root_encloses else _parenthesized(base, notation, Mul)
        return notation.root.format(inner)
    is_whole = exponent.is_Integer
    written = notation.power(str(exponent)) if is_whole else notation.other_power.format(exponent)
    return f"{_parenthesized(base, notation, Mul)}{written}"


def _parenthesized(formula: Expr, notation: Notation, *kinds: type) -> str:
    text = write(formula, notation)
    return f"({text})" if isinstance(formula, (Add, *kinds)) else text

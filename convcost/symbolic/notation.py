"""Writes formulas in a notation: Unicode text, LaTeX, or MathML, without simplifying them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from html import escape
from typing import NamedTuple

from sympy import Abs, Add, Expr, Max, Mul, Pow, Rational, S, Symbol, floor

from convcost.core.cost import BATCH_LIKE
from convcost.core.escapes import SUPERSCRIPTS, latex_name
from convcost.symbolic.factorization import fraction
from convcost.symbolic.sympy_expressions import is_long

LONGEST_FRACTION = 100
"""A longer sum of fractions is not written as one fraction."""


class Notation(NamedTuple):
    """A notation for formulas; templates have `{}` for a part.

    Attributes:
        product: Joins factors.
        power: A base with an integer exponent.
        other_power: A base with another exponent.
        root: A square root; its argument needs no brackets if `root_encloses`.
        between_terms: The sign between two terms.
        quotient: A numerator and a denominator; they need no brackets if `quotient_encloses`.
    """

    number: Callable[[str], str]
    plus: str
    minus: str
    between_terms: str
    product: Callable[[list[str]], str]
    name: Callable[[str], str]
    power: Callable[[str, str], str]
    other_power: str
    root: str
    root_encloses: bool
    quotient: str
    quotient_encloses: bool
    brackets: Callable[[str], str]
    rounding: str
    absolute: str
    maximum: str
    comma: str = ", "


PRETTY = Notation(
    number=str,
    plus="+",
    minus="−",
    between_terms=" {} ",
    product="·".join,
    name=str,
    power=lambda base, exponent: base + exponent.translate(SUPERSCRIPTS),
    other_power="{}^({})",
    root="√{}",
    root_encloses=False,
    quotient="{}/{}",
    quotient_encloses=False,
    brackets="({})".format,
    rounding="⌊{}⌋",
    absolute="|{}|",
    maximum="max({})",
)


def _latex_product(factors: list[str]) -> str:
    r"""Factors separated by thin spaces, or by a dot before a number."""
    first, *others = factors
    signs = (r"\cdot " if factor[0].isdigit() else r"\," for factor in others)
    return first + "".join(sign + factor for sign, factor in zip(signs, others, strict=True))


LATEX = PRETTY._replace(
    minus="-",
    product=_latex_product,
    name=latex_name,
    power="{}^{{{}}}".format,
    other_power="{}^{{{}}}",
    root=r"\sqrt{{{}}}",
    root_encloses=True,
    rounding=r"\lfloor {}\rfloor",
    maximum=r"\max({})",
)


def _mathml_operator(sign: str) -> str:
    return f"<mo>{sign}</mo>"


def _mathml_enclosed(opening: str, closing: str) -> str:
    return f"<mrow>{_mathml_operator(opening)}{{}}{_mathml_operator(closing)}</mrow>"


def _mathml_brackets(inner: str) -> str:
    """Brackets of normal size, or stretched around a fraction."""
    size = "" if "<mfrac>" in inner else ' stretchy="false"'
    return f"<mrow><mo{size}>(</mo>{inner}<mo{size}>)</mo></mrow>"


MATHML = Notation(
    number=lambda digits: f"<mn>{escape(digits)}</mn>",
    plus=_mathml_operator("+"),
    minus=_mathml_operator("−"),
    between_terms="{}",
    product=_mathml_operator("·").join,
    name=lambda name: f"<mi>{escape(name)}</mi>",
    power="<msup><mrow>{}</mrow><mn>{}</mn></msup>".format,
    other_power="<msup><mrow>{}</mrow><mrow>{}</mrow></msup>",
    root="<msqrt>{}</msqrt>",
    root_encloses=True,
    quotient="<mfrac><mrow>{}</mrow><mrow>{}</mrow></mfrac>",
    quotient_encloses=True,
    brackets=_mathml_brackets,
    rounding=_mathml_enclosed("⌊", "⌋"),
    absolute=_mathml_enclosed("|", "|"),
    maximum=f"<mi>max</mi>{_mathml_enclosed('(', ')')}",
    comma=_mathml_operator(","),
)
"""The content of `<math>`, a sequence of elements. Source: MathML Core, W3C."""


def pretty(formula: Expr) -> str:
    """`formula` as Unicode text, not simplified."""
    return write(formula, PRETTY)


@lru_cache(maxsize=4_000)
def write(formula: Expr, notation: Notation) -> str:
    """`formula` in a notation, not simplified."""
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
            return notation.absolute.format(write(formula.args[0], notation))
        case Max():
            ordered = sorted(formula.args, key=lambda each: (len(pretty(each)), pretty(each)))
            arguments = (write(each, notation) for each in ordered)
            return notation.maximum.format(notation.comma.join(arguments))
        case Rational() if formula < 0:
            return notation.minus + write(-formula, notation)
        case Rational() if formula.q != 1:
            return notation.quotient.format(notation.number(str(formula.p)), notation.number(str(formula.q)))
    return notation.number(str(formula))


def _as_one_fraction(formula: Expr, notation: Notation) -> str:
    """A sum of fractions as one fraction, if it is not long."""
    numerator, denominator = (formula, 1) if is_long(formula, LONGEST_FRACTION) else fraction(formula)
    return write(numerator, notation) if denominator == 1 else _quotient(numerator, denominator, notation)


def _quotient(numerator: Expr, denominator: Expr, notation: Notation) -> str:
    if notation.quotient_encloses:
        return notation.quotient.format(write(numerator, notation), write(denominator, notation))
    return notation.quotient.format(
        _parenthesized(numerator, notation), _parenthesized(denominator, notation, Mul)
    )


def _sum(formula: Expr, notation: Notation) -> str:
    terms = sorted(formula.args, key=_term_key)
    signed = [(-term, True) if is_negative(term) else (term, False) for term in terms]
    (first, is_first_negative), *rest = sorted(signed, key=lambda part: part[1]) if signed[0][1] else signed
    signs = (notation.between_terms.format(notation.minus if minus else notation.plus) for _, minus in rest)
    others = (sign + write(term, notation) for sign, (term, _) in zip(signs, rest, strict=True))
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
        return _quotient(numerator, denominator, notation)
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
        return _quotient(S.One, base**-exponent, notation)
    if exponent == S.Half:
        inner = write(base, notation) if notation.root_encloses else _parenthesized(base, notation, Mul)
        return notation.root.format(inner)
    base_text = _parenthesized(base, notation, Mul)
    if exponent.is_Integer:
        return notation.power(base_text, str(exponent))
    return notation.other_power.format(base_text, write(exponent, notation))


def _parenthesized(formula: Expr, notation: Notation, *kinds: type) -> str:
    text = write(formula, notation)
    return notation.brackets(text) if isinstance(formula, (Add, *kinds)) else text

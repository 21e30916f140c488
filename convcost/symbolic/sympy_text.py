"""Formulas as text in their shortest form: Unicode, LaTeX, MathML, and Python notation."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from sympy import Abs, Add, Expr, Mul, cancel, factor_terms, floor
from sympy.printing.str import StrPrinter

from convcost.symbolic.factorization import common_in_front, is_divided, product_of_sums
from convcost.symbolic.notation import LATEX, MATHML, PRETTY, Notation, is_negative, pretty, write
from convcost.symbolic.sympy_bridge import canonicalize
from convcost.symbolic.sympy_expressions import apply_outside_floors, is_long, postorder, python_number

MOST_FLOORS = 8
"""With more floors, common factors are not searched for: each floor is another unknown."""

PRINTED_ONCE = (Add, Mul, Abs, floor)

MOST_PRINTED = 2_000

LONG_NUMBER = re.compile(r"(?<!\w)\d{4,}")


@lru_cache(maxsize=2_000)
def shortest_form(formula: Expr) -> Expr:
    """`formula` expanded, or with its common factors factored out, whichever is shorter."""
    expanded = canonicalize(formula)
    if is_long(expanded):
        return expanded
    if expanded.as_numer_denom()[1].free_symbols:
        return _with_factored_sums(_lowest_terms(expanded))
    factored = common_in_front(expanded)
    return min(expanded, factored, _with_factored_sums(factored), key=lambda form: len(pretty(form)))


def _with_factored_sums(product: Expr) -> Expr:
    """`product` with its sums factored, and signs moved out of mostly negative sums."""
    sign, parts = 1, []
    for part in Mul.make_args(product):
        base, exponent = part.as_base_exp()
        for each in Mul.make_args(product_of_sums(base) if isinstance(base, Add) else base):
            is_negated = isinstance(each, Add) and _is_mostly_negative(each)
            sign *= (-1) ** exponent if is_negated else 1
            parts.append((-each if is_negated else each) ** exponent)
    return sign * Mul(*parts)


def _is_mostly_negative(total: Expr) -> bool:
    return 2 * sum(map(is_negative, total.args)) > len(total.args)


@lru_cache(maxsize=2_000)
def lowest_terms(formula: Expr) -> Expr:
    """A quotient of formulas in lowest terms."""
    if is_long(formula) or len(formula.atoms(floor)) > MOST_FLOORS or not is_divided(formula):
        return python_number(formula)
    return python_number(_lowest_terms(canonicalize(formula)))


def _lowest_terms(quotient: Expr) -> Expr:
    return apply_outside_floors(quotient, lambda simple: factor_terms(cancel(simple)))


@lru_cache(maxsize=2_000)
def program(formula: Expr) -> str:
    """The formula in Python notation: `20*B*E**2*S`, `floor(L/2)`."""
    return long_program(formula) if is_long(formula) else str(shortest_form(formula))


class _Printer(StrPrinter):  # type: ignore[misc]
    """sympy's printer, without sorting terms, and with a cache of equal parts."""

    def __init__(self) -> None:
        super().__init__({"order": "none"})
        self.known: dict[Expr, str] = {}

    def _print(self, expr: Expr, **settings: object) -> str:
        if not isinstance(expr, PRINTED_ONCE):
            return str(super()._print(expr, **settings))
        if expr not in self.known:
            self.known[expr] = str(super()._print(expr, **settings))
        return self.known[expr]


@cache
def _printer() -> _Printer:
    return _Printer()


def long_program(formula: Expr) -> str:
    """`formula` in Python notation, neither simplified nor sorted, as that is slow for long formulas."""
    printer = _printer()
    if len(printer.known) > MOST_PRINTED:
        printer.known.clear()
    for part in postorder(formula, printer.known):
        printer.doprint(part)
    return str(printer.doprint(formula))


def readable(formula: Expr, *, grouped: bool = True) -> str:
    """The formula as Unicode text: 1,280·B·S·E², ⌊(L + 1)/2⌋; `grouped` adds thousands separators."""
    return _written(formula, PRETTY, "," if grouped else "")


def latex_expression(formula: Expr, *, grouped: bool = True) -> str:
    r"""The formula for LaTeX math mode: 1{,}280\,B\,S\,E^{2}."""
    return _written(formula, LATEX, "{,}" if grouped else "")


def mathml_expression(formula: Expr, *, grouped: bool = True) -> str:
    """The formula in MathML, as the content of `<math>`."""
    return _written(formula, MATHML, "," if grouped else "")


def _written(formula: Expr, notation: Notation, separator: str) -> str:
    """`formula` in its shortest form, with thousands separators."""
    text = write(shortest_form(formula), notation)
    return LONG_NUMBER.sub(lambda number: f"{int(number[0]):,}".replace(",", separator), text)

"""Long formulas as programs read them."""

from __future__ import annotations

from functools import cache
from typing import Any

from sympy import Abs, Add, Mul, floor
from sympy.printing.str import StrPrinter

from convcost.symbolic.expression_parts import inner_first

KEPT = (Add, Mul, Abs, floor)

MOST_KEPT = 2_000


class _Printer(StrPrinter):  # type: ignore[misc]
    """sympy's own, which leaves terms as they stand, and writes only once what occurs again."""

    def __init__(self) -> None:
        super().__init__({"order": "none"})
        self.known: dict[Any, str] = {}

    def _print(self, expr: Any, **settings: Any) -> str:
        if not isinstance(expr, KEPT):
            return str(super()._print(expr, **settings))
        if expr not in self.known:
            self.known[expr] = str(super()._print(expr, **settings))
        return self.known[expr]


@cache
def _printer() -> _Printer:
    return _Printer()


def long_program(formula: Any) -> str:
    """`formula` as it stands, with its terms in no special order."""
    printer = _printer()
    if len(printer.known) > MOST_KEPT:
        printer.known.clear()
    for part in inner_first(formula, printer.known):
        printer.doprint(part)
    return str(printer.doprint(formula))

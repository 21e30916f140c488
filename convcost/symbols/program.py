"""Long formulas as programs read them."""

from __future__ import annotations

from functools import cache
from typing import Any

from sympy import Add, Mul
from sympy.printing.str import StrPrinter

KEPT = (Add, Mul)


class _Printer(StrPrinter):  # type: ignore[misc]
    """sympy's own, which leaves terms as they stand, and writes only once what occurs again."""

    def __init__(self) -> None:
        super().__init__({"order": "none"})
        self._known: dict[Any, str] = {}

    def _print(self, expr: Any, **settings: Any) -> str:
        if not isinstance(expr, KEPT):
            return str(super()._print(expr, **settings))
        if expr not in self._known:
            self._known[expr] = str(super()._print(expr, **settings))
        return self._known[expr]


@cache
def _printer() -> _Printer:
    return _Printer()


def long_program(formula: Any) -> str:
    """`formula` as it stands, with its terms in no special order."""
    return str(_printer().doprint(formula))

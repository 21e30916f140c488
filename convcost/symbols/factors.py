"""What a formula is a product of."""

from __future__ import annotations

from typing import Any

from sympy import Mul, Pow

from convcost.symbols.tidy import plain


def factors(formula: Any) -> tuple[Any, ...]:
    """B*E**2 is B, E and E; a sum is a factor of its own."""
    parts = [part for factor in Mul.make_args(formula) for part in _written_out(factor)]
    return tuple(map(plain, parts))


def _written_out(factor: Any) -> tuple[Any, ...]:
    if isinstance(factor, Pow) and factor.exp.is_Integer and factor.exp > 0:
        return (factor.base,) * int(factor.exp)
    return (factor,)

"""Poolings: one operation for each tap of each window; adaptive ones for each input element."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convcost.core import arithmetic
from convcost.core.cost import Cost, Size
from convcost.operators.interface import Operand, Operator, size


def over_windows(self: Operand, kernel_size: Any, output: Operand, **_: Any) -> Cost:
    """Windows count whole, with their padding."""
    return Cost(elementwise=_taps(self, kernel_size, output) * size(output))


def of_powers(input: Operand, kernel_size: Any, output: Operand, **_: Any) -> Cost:
    """A power and a sum for each tap, a root for each output."""
    return Cost(elementwise=(2 * _taps(input, kernel_size, output) + 1) * size(output))


def adaptive(self: Operand, **_: Any) -> Cost:
    """One operation for each input element."""
    return Cost(elementwise=size(self))


def _taps(input: Operand, kernel_size: Any, output: Operand) -> Size:
    """A single kernel size stands for each dimension that the pooling changes or may change."""
    if isinstance(kernel_size, Sequence) and len(kernel_size) > 1:
        return arithmetic.elements(tuple(kernel_size))
    side = kernel_size[0] if isinstance(kernel_size, Sequence) else kernel_size
    return arithmetic.elements((side,) * 1)


def _spatial(dimensions: int, rule: Any) -> Operator:
    """`rule` with a kernel size for each of `dimensions`."""

    def cost(kernel_size: Any, **arguments: Any) -> Cost:
        sides = tuple(kernel_size) if isinstance(kernel_size, Sequence) else (kernel_size,)
        found: Cost = rule(kernel_size=sides * dimensions if len(sides) == 1 else sides, **arguments)
        return found

    return Operator(cost)


WINDOWED = {
    1: ("quantized_max_pool1d", "max_pool1d", "max_pool1d_with_indices", "avg_pool1d"),
    **{
        n: (
            *(f"max_pool{n}d", f"max_pool{n}d_with_indices", f"avg_pool{n}d", f"mkldnn_max_pool{n}d"),
            *(f"fractional_max_pool{n}d", f"quantized_max_pool{n}d"),
        )
        for n in (2, 3)
    },
}

ADAPTIVE = tuple(
    f"{start}adaptive_{kind}_pool{dimensions}d"
    for start in ("", "_")
    for kind in ("avg", "max")
    for dimensions in (1, 2, 3)
)

OPERATORS = {
    **{name: _spatial(dimensions, over_windows) for dimensions, names in WINDOWED.items() for name in names},
    **{f"lp_pool{dimensions}d": _spatial(dimensions, of_powers) for dimensions in (1, 2, 3)},
    **dict.fromkeys(ADAPTIVE, Operator(adaptive)),
}

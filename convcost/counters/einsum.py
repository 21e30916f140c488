"""An einsum of several operands, which torch takes in pairs and counters in other orders."""

from __future__ import annotations

from collections.abc import Sequence

from convcost.counters.notes import Shares


def order_share(equation: str, shapes: Sequence[Sequence[int]], amount: int, each_mac: int) -> Shares:
    """What `amount` has beside pairs from left to right, of which each MAC counts `each_mac`."""
    from convcost.operators.contraction import einsum
    from convcost.operators.interface import Sized

    if len(shapes) < 3:
        return ()
    operands = [Sized(tuple(shape)) for shape in shapes]
    return (("order", amount - each_mac * einsum(equation, operands).macs),)

"""Matrix products of groups, as mixtures of experts run them: torch's grouped_mm, plain and scaled."""

from __future__ import annotations

from typing import Any

from convcost.core.cost import Cost, Shape
from convcost.operators.interface import Operand, contraction, size


def grouped(self: Operand, mat2: Operand, output: Operand, bias: Operand | None = None, **_: Any) -> Cost:
    """By the dimension that `offs` cuts into groups:

    rows: [m, k] by [g, k, n] is m·k·n, as each row meets the matrix of its group;
    columns: [g, m, k] by [k, n] is m·k·n; what is summed over: [m, k] by [k, n] is m·k·n;
    none: [g, m, k] by [g, k, n] is g·m·k·n.

    All rows, columns or terms count, those past the last group too.
    """
    macs = size(self) * mat2.shape[-1] if len(mat2.shape) == 3 else self.shape[-2] * size(mat2)
    return Cost(macs, macs, 0 if bias is None else size(output))


def grouped_shape(self: Operand, mat2: Operand, offs: Operand | None = None, **_: Any) -> Shape | None:
    """[m, n], with groups in front where these are neither rows nor columns; in any dtype, as on the CPU."""
    if self.shape[-1] != mat2.shape[-2]:
        return None
    groups: Shape = ()
    if len(self.shape) == len(mat2.shape):
        groups = self.shape[:-2] if offs is None else offs.shape
    return (*groups, self.shape[-2], mat2.shape[-1])


OPERATORS = {
    "_grouped_mm": contraction(grouped, grouped_shape),
    **dict.fromkeys(("_scaled_grouped_mm", "_scaled_grouped_mm_v2"), contraction(grouped)),
}

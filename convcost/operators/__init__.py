"""Operators by ATen name, or by full name for other namespaces.

To add an operator, add a line to the file of its family.
"""

from __future__ import annotations

from convcost.operators import (
    attention,
    attention_kernels,
    backward,
    contraction,
    convolution,
    elementwise,
    free,
    linear_algebra,
    losses,
    normalization,
    pooling,
    prims,
    quantized,
    recurrent,
    sparse,
)
from convcost.operators.interface import Operator

OPERATORS: dict[str, Operator] = {
    **free.OPERATORS,
    **backward.OPERATORS,
    **elementwise.OPERATORS,
    **losses.OPERATORS,
    **pooling.OPERATORS,
    **normalization.OPERATORS,
    **recurrent.OPERATORS,
    **attention.OPERATORS,
    **attention_kernels.OPERATORS,
    **convolution.OPERATORS,
    **contraction.OPERATORS,
    **quantized.OPERATORS,
    **sparse.OPERATORS,
    **linear_algebra.OPERATORS,
    **prims.OPERATORS,
}

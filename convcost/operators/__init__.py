"""The operators by ATen's names, or by their full names if they are of another namespace.

A new operator is a line in its family's file.
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

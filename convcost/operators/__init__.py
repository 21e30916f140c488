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
    decompositions,
    dropout,
    elementwise,
    fourier,
    free,
    grouped,
    losses,
    normalization,
    pooling,
    prims,
    quantized,
    recurrent,
    sampling,
    sparse,
)
from convcost.operators.interface import Operator

OPERATORS: dict[str, Operator] = {
    **free.OPERATORS,
    **backward.OPERATORS,
    **elementwise.OPERATORS,
    **dropout.OPERATORS,
    **losses.OPERATORS,
    **pooling.OPERATORS,
    **normalization.OPERATORS,
    **sampling.OPERATORS,
    **fourier.OPERATORS,
    **recurrent.OPERATORS,
    **attention.OPERATORS,
    **attention_kernels.OPERATORS,
    **convolution.OPERATORS,
    **contraction.OPERATORS,
    **quantized.OPERATORS,
    **grouped.OPERATORS,
    **sparse.OPERATORS,
    **decompositions.OPERATORS,
    **prims.OPERATORS,
}

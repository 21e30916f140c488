"""Fourier transforms, estimated: (n/2)·⌈log₂ n⌉ butterflies a transform, each 10 FLOPs, that is 5 MACs.

A butterfly is a complex product (4 products, 2 sums) and two complex sums (4 sums). Real input or output
halves it. Source: the convention 5 n log₂ n of https://www.fftw.org/speed/method.html.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convcost.core import arithmetic
from convcost.core.cost import Cost, Shape
from convcost.operators.interface import Operand, Operator, outputs

MACS_PER_BUTTERFLY = 5


def transform(shape: Shape, dimensions: Sequence[int], parts: int) -> Cost:
    """`shape` transformed along `dimensions`; `parts` is 2 for complex numbers on both sides, else 1."""
    levels = sum((shape[dimension] - 1).bit_length() for dimension in dimensions)
    macs = MACS_PER_BUTTERFLY * arithmetic.elements(shape) * levels * parts // 4
    return Cost(macs, macs)


def complex_to_complex(self: Operand, dim: Sequence[int], **_: Any) -> Cost:
    """aten::_fft_c2c."""
    return transform(self.shape, dim, 2)


def real_to_complex(self: Operand, dim: Sequence[int], **_: Any) -> Cost:
    """aten::_fft_r2c."""
    return transform(self.shape, dim, 1)


def complex_to_real(dim: Sequence[int], output: Operand, **_: Any) -> Cost:
    """aten::_fft_c2r."""
    return transform(output.shape, dim, 1)


def _estimated(rule: Any) -> Operator:
    return Operator(rule, activations=outputs, estimated=True, counts_real=True)


OPERATORS = {
    "_fft_c2c": _estimated(complex_to_complex),
    "_fft_r2c": _estimated(real_to_complex),
    "_fft_c2r": _estimated(complex_to_real),
}

"""Size arithmetic: each formula once, for all kinds of numbers.

Formulas use only `+ - * //` and `abs`, so they work on ints, NumPy arrays, sympy expressions and torch
SymInts. Whether sizes are valid is checked elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TypeVar

from convcost.core.cost import Cost, Shape, Size

Item = TypeVar("Item", Size, Cost)


def ceil_div(numerator: Size, denominator: Size) -> Size:
    """⌈numerator / denominator⌉."""
    return -(-numerator // denominator)


def positive_part(value: Size) -> Size:
    """max(value, 0), as (value + |value|) / 2."""
    return (value + abs(value)) // 2


def smaller(first: Size, second: Size) -> Size:
    """min(first, second)."""
    return first - positive_part(first - second)


def larger(first: Size, second: Size) -> Size:
    """max(first, second)."""
    return first + positive_part(second - first)


def convolution_length(length: Size, kernel_size: Size, stride: Size, padding: Size, dilation: Size) -> Size:
    """⌊(length + padding − dilation·(kernel_size − 1) − 1) / stride⌋ + 1.

    `padding` is the sum of both sides. Source: torch.nn.Conv1d.
    """
    return (length + (padding - dilation * (kernel_size - 1) - 1)) // stride + 1


def transposed_length(
    length: Size,
    kernel_size: Size,
    stride: Size,
    padding: Size,
    output_padding: Size,
    dilation: Size,
) -> Size:
    """(length − 1)·stride − padding + dilation·(kernel_size − 1) + output_padding + 1.

    `padding` is the sum of both sides. Source: torch.nn.ConvTranspose1d.
    """
    return (length - 1) * stride - padding + dilation * (kernel_size - 1) + output_padding + 1


def pooling_length(
    length: Size, kernel_size: Size, stride: Size, padding: Size, dilation: Size, ceil_mode: bool
) -> Size:
    """`convolution_length`, rounded up with `ceil_mode`, where no window starts in the right padding.

    With `ceil_mode`: ⌈min(length + 2·padding − span + stride, length + padding) / stride⌉, where the kernel
    spans dilation·(kernel_size − 1) + 1. `padding` is that of one side. Source: torch.nn.MaxPool1d and
    ATen's `pooling_output_shape`.
    """
    if not ceil_mode:
        return convolution_length(length, kernel_size, stride, 2 * padding, dilation)
    beyond = dilation * (kernel_size - 1) + 1 - padding - stride
    return ceil_div(length + padding - positive_part(beyond), stride)


def linear_macs(positions: Size, in_features: Size, out_features: Size) -> Size:
    """positions · in_features · out_features."""
    return positions * in_features * out_features


def bilinear_macs(positions: Size, in1: Size, in2: Size, out_features: Size) -> Size:
    """positions · out_features · in2 · (in1 + 1): x1ᵀ·A for each output, then (+ 1) its product with x2.

    Source: y = x1ᵀ A x2 in the documentation of torch.nn.Bilinear.
    """
    return positions * out_features * in2 * (in1 + 1)


def convolution_macs(batch: Size, in_channels: Size, out_channels: Size, groups: Size, taps: Size) -> Size:
    """batch · out_channels · (in_channels / groups) · taps.

    `taps` is output positions × kernel positions, or only those on data. For a transposed convolution it is
    *input* positions × kernel positions.
    """
    return batch * in_channels * (out_channels // groups) * taps


def elements(shape: Shape) -> Size:
    """The number of elements; 1 for a scalar."""
    return prod(shape)


def total(parts: Sequence[Item], nothing: Item) -> Item:
    """The sum of `parts`, by halves: adding formulas one by one would sort all terms each time."""
    if len(parts) < 3:
        return sum(parts, nothing)
    middle = len(parts) // 2
    return total(parts[:middle], nothing) + total(parts[middle:], nothing)

"""Size arithmetic: every formula once, over every kind of number.

Only `+ - * //` and `abs` touch a size, so that ints, NumPy arrays, sympy expressions and torch
SymInts all pass through; whether the sizes make sense is checked elsewhere, on ints.
"""

from __future__ import annotations

from math import prod

from convcost.quantities import Shape, Size


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

    `padding` is that of both sides together. Source: torch.nn.Conv1d.
    """
    return (length + padding - dilation * (kernel_size - 1) - 1) // stride + 1


def transposed_length(
    length: Size,
    kernel_size: Size,
    stride: Size,
    padding: Size,
    output_padding: Size,
    dilation: Size,
) -> Size:
    """(length − 1)·stride − padding + dilation·(kernel_size − 1) + output_padding + 1.

    `padding` is that of both sides together. Source: torch.nn.ConvTranspose1d.
    """
    return (length - 1) * stride - padding + dilation * (kernel_size - 1) + output_padding + 1


def pooling_length(
    length: Size, kernel_size: Size, stride: Size, padding: Size, dilation: Size, ceil_mode: bool
) -> Size:
    """As `convolution_length`; `ceil_mode` rounds up, but no window starts beyond the left-padded data.

    `padding` is that of one side. Source: torch.nn.MaxPool1d and ATen's `pooling_output_shape`.
    """
    if not ceil_mode:
        return convolution_length(length, kernel_size, stride, 2 * padding, dilation)
    rounded_up = ceil_div(length + 2 * padding - dilation * (kernel_size - 1) - 1, stride) + 1
    return smaller(rounded_up, ceil_div(length + padding, stride))


def linear_macs(positions: Size, in_features: Size, out_features: Size) -> Size:
    """positions · in_features · out_features."""
    return positions * in_features * out_features


def bilinear_macs(positions: Size, in1: Size, in2: Size, out_features: Size) -> Size:
    """positions · out_features · in2 · (in1 + 1): x1ᵀ·A for each output, then its product with x2.

    Source: y = x1ᵀ A x2 as torch.nn.Bilinear states it; the second contraction is the + 1.
    """
    return positions * out_features * in2 * (in1 + 1)


def convolution_macs(batch: Size, in_channels: Size, out_channels: Size, groups: Size, taps: Size) -> Size:
    """batch · out_channels · (in_channels / groups) · taps.

    `taps` is output positions × kernel positions, or the part of them that reads data. A transposed
    convolution has one at each of its *input* positions × kernel positions.
    """
    return batch * in_channels * (out_channels // groups) * taps


def valid_taps(
    length: Size, windows: Size, kernel_size: Size, stride: Size, padding: Size, dilation: Size
) -> Size:
    """#{(w, k) : 0 ≤ w·stride + k·dilation − padding < length}, w < windows, k < kernel_size.

    The taps along one dimension that read data, with `padding` zeros before it.
    """
    reach, span = stride * windows, dilation * kernel_size
    steps = _smaller_first(stride, dilation)
    return _pairs_below(length + padding, reach, span, steps) - _pairs_below(padding, reach, span, steps)


def _pairs_below(limit: Size, reach: Size, span: Size, steps: tuple[Size, Size]) -> Size:
    """#{(w, k) : w·stride + k·dilation < limit}, w·stride < reach, k·dilation < span.

    By inclusion and exclusion over the points without these two bounds.
    """
    return (
        _lattice_points(limit, *steps)
        - _lattice_points(limit - reach, *steps)
        - _lattice_points(limit - span, *steps)
        + _lattice_points(limit - reach - span, *steps)
    )


def _smaller_first(first: Size, second: Size) -> tuple[Size, Size]:
    if isinstance(first, int) and (not isinstance(second, int) or first <= second):
        return first, second
    return second, first


def _lattice_points(limit: Size, step: Size, other: Size) -> Size:
    """#{(a, b) ≥ 0 : a·step + b·other < limit}; `step` has to be an int.

    For each residue r of b modulo `step`, the points are the sum of an arithmetic progression.
    """
    if step == 1:
        return _progression(limit, 1, other)
    return sum(_progression(limit - other * residue, step, other) for residue in range(step))


def _progression(limit: Size, step: Size, other: Size) -> Size:
    """Σ ⌈(limit − other·step·q) / step⌉ over the q ≥ 0 whose term is positive."""
    rounded_up = -(-limit // (other * step))
    terms = (rounded_up + abs(rounded_up)) // 2
    return terms * -(-limit // step) - other * (terms * (terms - 1) // 2)


def elements(shape: Shape) -> Size:
    """The product of the dimensions; 1 for a scalar."""
    return prod(shape)

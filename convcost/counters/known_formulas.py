"""Inexact formulas that counters use, recognized by their figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import floor, prod

from convcost.core.cost import FLOPS_PER_MAC, Shape
from convcost.core.diagnosis import CauseKind
from convcost.core.trace import Operation
from convcost.counters.interface import base_name

REAL_MACS = 4
"""Real MACs per complex MAC."""

OPERATOR_FAMILIES = (
    ("attention", ("attention", "transformer")),
    ("recurrent", ("lstm", "gru", "rnn")),
    ("convolution", ("conv",)),
    ("bilinear", ("bilinear", "trilinear")),
    ("fourier", ("fft",)),
)
"""Families of operators that torch implements by each other, with parts of their names."""

Additions = tuple[tuple[CauseKind, int], ...]
"""Amounts added to the exact count, in FLOPs, with their causes."""

Figure = tuple[int, Additions]
"""A figure in FLOPs, and its additions to the exact count."""


def operator_family(operator: str) -> str:
    """The family of an operator; "" for matrix products."""
    for name, words in OPERATOR_FAMILIES:
        if any(word in operator for word in words):
            return name
    return ""


def explain_figure(operation: Operation, figure: int, flops_per_add: int) -> Additions | None:
    """The additions that explain `figure`, in FLOPs, for one call of `operation`; None if none do.

    `flops_per_add` is 2 for a counter that counts an addition as a MAC.
    """
    exact = FLOPS_PER_MAC * operation.cost.macs // operation.calls
    extras: Additions = (
        (CauseKind.BIAS_ADDS, flops_per_add * operation.cost.bias_adds // operation.calls),
        (CauseKind.ELEMENTWISE, flops_per_add * operation.cost.elementwise // operation.calls),
    )
    for flops, additions in ((exact, ()), *_known_figures(operation, exact)):
        if flops == figure:
            return additions
        for kind, extra in extras:
            if extra and flops + extra == figure:
                return (*additions, (kind, extra))
    return None


def _known_figures(operation: Operation, exact: int) -> Iterator[Figure]:
    name = base_name(operation.operator)
    if operation.complex:
        yield _figure(CauseKind.COMPLEX_MACS, exact // REAL_MACS, exact)
    match operator_family(name):
        case "convolution":
            yield from (
                _transposed(operation, exact) if "transpose" in name else _convolution(operation, exact)
            )
        case "recurrent":
            yield from _recurrent(operation, exact)
        case "bilinear" if name == "bilinear":
            (*rows, _), (outputs, in1, in2) = operation.inputs[0], operation.inputs[2]
            figure = FLOPS_PER_MAC * prod(rows) * outputs * in1 * in2
            yield _figure(CauseKind.ONE_CONTRACTION, figure, exact)
        case "":
            yield _figure(CauseKind.FIRST_DIMENSION, exact // (prod(operation.output[1:-1]) or 1), exact)
            yield from _matrix_product(operation, exact)


def _figure(kind: CauseKind, figure: int, exact: int) -> Figure:
    return figure, ((kind, figure - exact),)


def _convolution(operation: Operation, exact: int) -> Iterator[Figure]:
    """Channels treated as samples; padding="same" of an even kernel treated as symmetric."""
    data, weight, output = operation.inputs[0], operation.inputs[1], operation.output
    kernel = weight[2:]
    if len(data) < len(weight):
        for samples in (data[0], output[0]):
            figure = FLOPS_PER_MAC * samples * prod(weight) * prod(output[2:])
            yield _figure(CauseKind.UNBATCHED, figure, exact)
    lengths = output[-len(kernel) :]
    shorter = [length - (taps % 2 == 0) for length, taps in zip(lengths, kernel, strict=True)]
    yield _figure(CauseKind.SAME_PADDING, exact // (prod(lengths) or 1) * prod(shorter), exact)


def _transposed(operation: Operation, exact: int) -> Iterator[Figure]:
    """[N, C_in, *] by [C_in, C_out / groups, *kernel]: by output positions; groups ignored or used twice."""
    data, (channels, channels_per_group, *kernel) = operation.inputs[:2]
    data_lengths, output_lengths = data[-len(kernel) :], operation.output[-len(kernel) :]
    groups = operation.output[-len(kernel) - 1] // channels_per_group
    flops_per_position = FLOPS_PER_MAC * prod(data[: -len(kernel) - 1]) * channels * prod(kernel)
    by_outputs = flops_per_position * channels_per_group * prod(output_lengths)
    yield _figure(CauseKind.OUTPUT_POSITIONS, by_outputs, exact)
    additions: Additions = (
        (CauseKind.OUTPUT_POSITIONS, by_outputs - exact),
        (CauseKind.GROUPS_IGNORED, (groups - 1) * by_outputs),
    )
    yield groups * by_outputs, additions
    divided = flops_per_position * (channels_per_group // groups) * prod(data_lengths)
    yield _figure(CauseKind.GROUPS_TWICE, divided, exact)


def _recurrent(operation: Operation, exact: int) -> Iterator[Figure]:
    """Features treated as positions, for a cell or unbatched input; projections counted differently."""
    data, output = operation.inputs[0], operation.output
    is_cell = operation.operator.endswith("_cell")
    kind = CauseKind.FEATURES_AS_POSITIONS if is_cell else CauseKind.UNBATCHED
    if len(data) == 2 or 1 in data[:2]:
        for features in (data[-1], output[-1]):
            yield _figure(kind, exact * features, exact)
    weights = [shape for shape in operation.inputs[1:] if len(shape) == 2 and shape[0] != data[0]]
    rows = max((shape[0] for shape in weights), default=0)
    projections = [shape for shape in weights if shape[0] != rows]
    if projections and len(data) == 3:
        flops_per_product = FLOPS_PER_MAC * data[0] * data[1]
        unprojected = exact - flops_per_product * sum(map(prod, projections))
        yield _figure(CauseKind.PROJECTION, unprojected, exact)
        narrow = flops_per_product * _products_as_narrow(weights, projections)
        yield _figure(CauseKind.PROJECTION, narrow, exact)


def _products_as_narrow(weights: Sequence[Shape], projections: Sequence[Shape]) -> int:
    """The products of an LSTM with a hidden size equal to the projection size."""
    width = projections[0][0]
    return sum(4 * width * shape[1] for shape in weights if shape not in projections)


def _matrix_product(operation: Operation, exact: int) -> Iterator[Figure]:
    """By the first operand and the last dimension, or rounded as in numpy's einsum costs."""
    if len(operation.inputs) > 1 and all(operation.inputs[:2]):
        first, second = operation.inputs[:2]
        kind = CauseKind.VECTOR_AS_MATRIX if len(second) == 1 else CauseKind.BROADCASTING
        yield _figure(kind, FLOPS_PER_MAC * prod(first) * second[-1], exact)
    for cost in (exact, exact + 1):
        printed = float(f"{cost:.3e}")
        yield _figure(CauseKind.ROUNDED, int(printed), exact)
        yield _figure(CauseKind.ROUNDED, FLOPS_PER_MAC * floor(printed / FLOPS_PER_MAC), exact)

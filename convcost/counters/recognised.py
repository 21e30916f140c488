"""Figures that counters arrive at by another formula than the exact one: which one it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import floor, prod

from convcost.core.cost import FLOPS_PER_MAC, Shape
from convcost.core.diagnosis import Kind
from convcost.core.trace import Operation
from convcost.counters.families import family
from convcost.counters.interface import bare

REAL_MACS = 4
"""Real MACs of a complex one."""

Parts = tuple[tuple[Kind, int], ...]
"""What is added to the exact count, in FLOPs, and why."""

Reading = tuple[int, Parts]
"""A figure in FLOPs, and what it has beside the exact count."""


def recognised(operation: Operation, figure: int, flops_per_add: int) -> Parts | None:
    """What makes `figure`, in FLOPs, of one call of `operation`; None if nothing known does.

    `flops_per_add` is 2 for a counter that takes an addition for a MAC.
    """
    exact = FLOPS_PER_MAC * operation.cost.macs // operation.calls
    added: tuple[tuple[Kind, int], ...] = (
        ("bias adds", flops_per_add * operation.cost.bias_adds // operation.calls),
        ("elementwise", flops_per_add * operation.cost.elementwise // operation.calls),
    )
    for found, parts in ((exact, ()), *_readings(operation, exact)):
        if found == figure:
            return parts
        for kind, flops in added:
            if flops and found + flops == figure:
                return (*parts, (kind, flops))
    return None


def _readings(operation: Operation, exact: int) -> Iterator[Reading]:
    name = bare(operation.operator)
    if operation.complex:
        yield _one("complex", exact // REAL_MACS, exact)
    match family(name):
        case "convolution":
            yield from _transposed(operation, exact) if "transpose" in name else _plain(operation, exact)
        case "recurrent":
            yield from _recurrent(operation, exact)
        case "bilinear" if name == "bilinear":
            (*rows, _), (outputs, in1, in2) = operation.inputs[0], operation.inputs[2]
            yield _one("one contraction", FLOPS_PER_MAC * prod(rows) * outputs * in1 * in2, exact)
        case "":
            yield _one("first dimension", exact // (prod(operation.output[1:-1]) or 1), exact)
            yield from _product(operation, exact)


def _one(kind: Kind, figure: int, exact: int) -> Reading:
    return figure, ((kind, figure - exact),)


def _plain(operation: Operation, exact: int) -> Iterator[Reading]:
    """Channels taken for samples; padding="same" of an even kernel taken for as much on both sides."""
    given, weight, output = operation.inputs[0], operation.inputs[1], operation.output
    kernel = weight[2:]
    if len(given) < len(weight):
        for samples in (given[0], output[0]):
            yield _one("unbatched", FLOPS_PER_MAC * samples * prod(weight) * prod(output[2:]), exact)
    lengths = output[-len(kernel) :]
    shorter = [length - (taps % 2 == 0) for length, taps in zip(lengths, kernel, strict=True)]
    yield _one("same padding", exact // (prod(lengths) or 1) * prod(shorter), exact)


def _transposed(operation: Operation, exact: int) -> Iterator[Reading]:
    """[N, C_in, *] by [C_in, C_out / groups, *kernel]: by output positions, groups left out or twice."""
    given, (channels, each, *kernel) = operation.inputs[:2]
    lengths, results = given[-len(kernel) :], operation.output[-len(kernel) :]
    groups = operation.output[-len(kernel) - 1] // each
    tap = FLOPS_PER_MAC * prod(given[: -len(kernel) - 1]) * channels * prod(kernel)
    everywhere = tap * each * prod(results)
    yield _one("output positions", everywhere, exact)
    together: Parts = (("output positions", everywhere - exact), ("groups", (groups - 1) * everywhere))
    yield groups * everywhere, together
    yield _one("groups twice", tap * (each // groups) * prod(lengths), exact)


def _recurrent(operation: Operation, exact: int) -> Iterator[Reading]:
    """Features taken for positions, of a cell or of one sample; a projected hidden state not projected."""
    given, output = operation.inputs[0], operation.output
    kind: Kind = "width" if operation.operator.endswith("_cell") else "unbatched"
    if len(given) == 2 or 1 in given[:2]:
        for factor in (given[-1], output[-1]):
            yield _one(kind, exact * factor, exact)
    weights = [shape for shape in operation.inputs[1:] if len(shape) == 2 and shape[0] != given[0]]
    rows = max((shape[0] for shape in weights), default=0)
    projections = [shape for shape in weights if shape[0] != rows]
    if projections and len(given) == 3:
        steps = FLOPS_PER_MAC * given[0] * given[1]
        yield _one("projection", exact - steps * sum(map(prod, projections)), exact)
        yield _one("projection", steps * _as_if_hidden(weights, projections), exact)


def _as_if_hidden(weights: Sequence[Shape], projections: Sequence[Shape]) -> int:
    """The products of an LSTM whose hidden state is as wide as the projection of this one."""
    width = projections[0][0]
    return sum(4 * width * shape[1] for shape in weights if shape not in projections)


def _product(operation: Operation, exact: int) -> Iterator[Reading]:
    """By the first operand and the last dimension, or as numpy prints the cost of an einsum."""
    if len(operation.inputs) > 1 and all(operation.inputs[:2]):
        first, second = operation.inputs[:2]
        kind: Kind = "vector" if len(second) == 1 else "broadcast"
        yield _one(kind, FLOPS_PER_MAC * prod(first) * second[-1], exact)
    for cost in (exact, exact + 1):
        printed = float(f"{cost:.3e}")
        yield _one("rounded", int(printed), exact)
        yield _one("rounded", FLOPS_PER_MAC * floor(printed / FLOPS_PER_MAC), exact)

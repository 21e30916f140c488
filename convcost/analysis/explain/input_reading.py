"""How a layer reads its inputs: shapes, origins, and inner loops."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from convcost.analysis.explain.layer_group import LayerGroup
from convcost.analysis.explain.steps import (
    DerivationLine,
    DerivationStep,
    Equation,
    Sentence,
    names_in,
    number,
)
from convcost.core.cost import Shape
from convcost.core.row import LayerLike, Row
from convcost.layers.attention import ScaledDotProductAttention
from convcost.layers.convolution import Conv1d, Conv2d, Conv3d
from convcost.layers.dense import Bilinear, Linear
from convcost.layers.joins import einsum, matmul
from convcost.layers.recurrent import GRU, LSTM, RNN
from convcost.layers.transposed import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d

FIRST_INPUT = -1
"""The source of a row that reads the design's first input."""

LAST_DIMENSION = "{} works on the last dimension; every other dimension is a position."

CONCATENATED = f"{LAST_DIMENSION} Its two inputs are concatenated along the last one."

SEQUENCE = (
    "{} runs position by position. The features of each gate are the input and the previous state, over "
    "all layers."
)


def input_step(group: LayerGroup, read: InputReading) -> DerivationStep:
    """The step about the input or inputs, by names of sizes and by values."""
    if not group.row.further_inputs:
        return DerivationStep(
            "input", (shape_equation(group.named.input, group.row.input), *arrangement(group, read))
        )
    shapes = zip(_shapes(group.named), _shapes(group.row), strict=True)
    origins = group.origins or [""] * len(_shapes(group.row))
    lines = (shape_equation(*pair, origin) for pair, origin in zip(shapes, origins, strict=True))
    return DerivationStep("inputs", tuple(lines))


def _shapes(row: Row) -> tuple[Shape, ...]:
    return (row.input, *(tensor.shape for tensor in row.further_inputs))


def shape_equation(named: Shape, shape: Shape, name: str = "") -> DerivationLine:
    """A shape by names of sizes and by values."""
    return Equation((number(named), number(shape)), name)


def arrangement(group: LayerGroup, read: InputReading) -> Iterator[DerivationLine]:
    """The input that the layer expects, and the dimensions merged for it."""
    if read.expects:
        yield Sentence(read.expects, (group.row.kind,))
    if FIRST_INPUT not in group.row.sources:
        return
    for size in group.named.input:
        if len(merged := names_in(size)) > 1:
            listed = " and ".join((", ".join(["{}"] * (len(merged) - 1)), "{}"))
            yield Sentence(f"{listed} are merged into one dimension.", merged)


class InputReading(NamedTuple):
    """How a layer reads its input: in words, with the number of inner loops per element."""

    expects: str = ""
    inner_loops: int = 0
    element: str = "output"
    spatial: int = 0
    unread: str = ""
    taps: str = "taps"
    unread_title: str = "padding"


def input_reading(layer: LayerLike) -> InputReading:
    """How `layer` reads its input; an empty InputReading if that is not known."""
    match layer:
        case Linear():
            return InputReading(LAST_DIMENSION, 1)
        case Bilinear():
            return InputReading(CONCATENATED, 2)
        case Conv1d() | Conv2d() | Conv3d():
            return InputReading(
                _wanted(layer.names), 1 + layer.spatial, "output", layer.spatial, "multiply padding"
            )
        case ConvTranspose1d() | ConvTranspose2d() | ConvTranspose3d():
            unread = "end where padding crops the output"
            return InputReading(_wanted(layer.names), 1 + layer.spatial, "input", layer.spatial, unread)
        case ScaledDotProductAttention():
            pairs = "pairs of a query and a key"
            return InputReading(spatial=1, unread="are masked", taps=pairs, unread_title="mask")
        case matmul():
            return InputReading(inner_loops=1)
        case einsum():
            return InputReading(inner_loops=len(layer.summed))
        case RNN() | LSTM() | GRU():
            return InputReading(SEQUENCE)
    return InputReading()


def _wanted(names: tuple[str, ...]) -> str:
    shape = f"[batch, channels, {', '.join(names)}]"
    return f"{{}} takes {shape}: permute channels-last data first."

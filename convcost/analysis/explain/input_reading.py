"""How each kind of layer reads its input, for its derivation."""

from __future__ import annotations

from typing import NamedTuple

from convcost.core.report import LayerLike
from convcost.layers.attention import ScaledDotProductAttention
from convcost.layers.convolution import Conv1d, Conv2d, Conv3d
from convcost.layers.dense import Bilinear, Linear
from convcost.layers.recurrent import GRU, LSTM, RNN
from convcost.layers.transposed import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d

LAST_DIMENSION = "{} works on the last dimension; every other dimension is a position."

BOTH = f"{LAST_DIMENSION} Its two inputs come joined along the last one."

SEQUENCE = (
    "{} reads a position at a time: its input, and the state after the position before. Both, of all its "
    "layers, are features of each gate."
)


class InputReading(NamedTuple):
    """How a layer reads its input: in words, by how many loops for each element, and of what."""

    wants: str = ""
    inner_loops: int = 0
    element: str = "output element"
    spatial: int = 0
    unread: str = ""
    taps: str = "taps"
    unread_title: str = "padding"


def input_reading(layer: LayerLike) -> InputReading:
    """How `layer` reads its input; nothing where that is not known."""
    match layer:
        case Linear():
            return InputReading(LAST_DIMENSION, 1)
        case Bilinear():
            return InputReading(BOTH, 2)
        case Conv1d() | Conv2d() | Conv3d():
            return InputReading(
                _wanted(layer.names), 1 + layer.spatial, "output element", layer.spatial, "multiply padding"
            )
        case ConvTranspose1d() | ConvTranspose2d() | ConvTranspose3d():
            unread = "end where padding crops the output"
            return InputReading(
                _wanted(layer.names), 1 + layer.spatial, "input element", layer.spatial, unread
            )
        case ScaledDotProductAttention():
            pairs = "pairs of a query and a key"
            return InputReading(spatial=1, unread="are masked", taps=pairs, unread_title="mask")
        case RNN() | LSTM() | GRU():
            return InputReading(SEQUENCE)
    return InputReading()


def _wanted(names: tuple[str, ...]) -> str:
    shape = f"[batch, channels, {', '.join(names)}]"
    return f"{{}} takes {shape}: permute channels-last data first."

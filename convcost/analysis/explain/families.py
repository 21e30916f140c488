"""What each family of contractions wants of its input, and what one of its elements takes."""

from __future__ import annotations

from typing import NamedTuple

from convcost.core.report import Described
from convcost.layers.convolution import Conv1d, Conv2d, Conv3d
from convcost.layers.dense import Bilinear, Linear
from convcost.layers.transposed import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d

LAST_DIMENSION = "{} works on the last dimension; every other dimension is a position."

BOTH = f"{LAST_DIMENSION} Its two inputs come joined along the last one."


class Reading(NamedTuple):
    """How a layer reads its input: in words, by how many loops for each element, and of what."""

    wants: str = ""
    inner_loops: int = 0
    element: str = "output element"
    spatial: int = 0
    unread: str = ""


def reading(layer: Described) -> Reading:
    """How `layer` reads its input; nothing where that is not known."""
    match layer:
        case Linear():
            return Reading(LAST_DIMENSION, 1)
        case Bilinear():
            return Reading(BOTH, 2)
        case Conv1d() | Conv2d() | Conv3d():
            return Reading(
                _wanted(layer.names), 1 + layer.spatial, "output element", layer.spatial, "multiply padding"
            )
        case ConvTranspose1d() | ConvTranspose2d() | ConvTranspose3d():
            unread = "end where padding crops the output"
            return Reading(_wanted(layer.names), 1 + layer.spatial, "input element", layer.spatial, unread)
    return Reading()


def _wanted(names: tuple[str, ...]) -> str:
    shape = f"[batch, channels, {', '.join(names)}]"
    return f"{{}} takes {shape}: data with its channels last has to be permuted first."

"""What autograd keeps of a layer's forward until its backward."""

from __future__ import annotations

from typing import NamedTuple

from convcost.core.cost import Size


class SavedTensors(NamedTuple):
    """The layer's input or output, which a neighbour may keep too, and what is its own.

    `elements` are of the dtype, `statistics` of at least four bytes each, `masks` of one byte, `indices` of
    eight. Parameters, which are there anyway, are not in it. As torch keeps it on a CUDA device.
    """

    input: bool = False
    output: bool = False
    elements: Size = 0
    statistics: Size = 0
    masks: Size = 0
    indices: Size = 0

    def own_bytes(self, itemsize: int) -> Size:
        """Bytes beside the input and the output, at `itemsize` bytes an element."""
        wide = max(itemsize, STATISTIC)
        return self.elements * itemsize + self.statistics * wide + self.masks + self.indices * INDEX


STATISTIC = 4
"""Bytes of a mean or a deviation: float32, even of data in 16 bits."""

INDEX = 8

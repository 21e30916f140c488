"""Rows of a report: the shapes, parameters and cost of a layer or submodule. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from convcost.core import arithmetic
from convcost.core.cost import Cost, Gradients, Shape, Size
from convcost.core.dtypes import ITEMSIZES
from convcost.core.tensor_bytes import ElementType, TensorBytes


class LayerLike(Protocol):
    """The layer of a row: str() describes it, and it has formulas for output lengths and loops."""

    def length_formulas(self, shape: Shape) -> tuple[tuple[str, str, tuple[Size, ...]], ...]:
        """For each spatial dimension of the output: its name, a formula, and the sizes to fill in for {}."""

    def loops(self, shape: Shape) -> tuple[tuple[str, Size], ...]:
        """The loops around a multiply–accumulate: name and extent; empty if there is none."""


class InputShape(NamedTuple):
    """The shape of an input, and its dtype if that is not the design's."""

    shape: Shape
    dtype: str = ""

    def bytes(self, itemsize: int) -> Size:
        """Bytes of the input, at `itemsize` bytes per element of the design's dtype."""
        return arithmetic.elements(self.shape) * (ITEMSIZES[self.dtype] if self.dtype else itemsize)


class Row(NamedTuple):
    """One layer or submodule: its path, kind, shapes, parameters by name, and cost.

    `cost` and `activations`, the output elements of its contractions, are totals of all `calls`. A submodule
    has its own element types, and `stored` bytes of parameters; a layer has the dtype of its design, except
    for indices. `frozen` names the parameters that do not require a gradient.

    A layer of a design may have `further_inputs`. `sources` has for each input the number of the row that
    made it, or −1 for the first input of the design, −2 for the second, and so on; `branch_source` is the
    source of the tensor that its branches start from. `gradients` is None unless the backward is counted.
    """

    path: str
    kind: str
    layer: LayerLike
    input: Shape
    output: Shape
    parameters: Mapping[str, Shape]
    cost: Cost
    activations: Size
    input_type: ElementType | None = None
    calls: int = 1
    output_type: ElementType | None = None
    stored: TensorBytes | None = None
    frozen: tuple[str, ...] = ()
    further_inputs: tuple[InputShape, ...] = ()
    sources: tuple[int, ...] = ()
    branch_source: int | None = None
    gradients: Gradients | None = None
    warnings: tuple[str, ...] = ()

    @property
    def params(self) -> Size:
        """The number of parameters, trainable or not."""
        return sum(map(arithmetic.elements, self.parameters.values()))

    @property
    def trainable_params(self) -> Size:
        """The number of parameters that are not frozen."""
        trainable = (shape for name, shape in self.parameters.items() if name not in self.frozen)
        return sum(map(arithmetic.elements, trainable))

    @property
    def contracts(self) -> bool:
        """Whether it multiplies and accumulates."""
        return self.activations != 0

    def bytes(self, itemsize: int) -> Size:
        """Bytes of input, parameters and output, each once; `itemsize` applies where no other is known."""
        return self.input_bytes(itemsize) + self.parameter_bytes(itemsize) + self.output_bytes(itemsize)

    def input_bytes(self, itemsize: int) -> Size:
        """Bytes of its inputs."""
        return sum(self._bytes_of_inputs(itemsize))

    def bytes_by_source(self, itemsize: int) -> dict[int, Size]:
        """Bytes of each tensor that it reads, by source; x * x reads one tensor."""
        sizes = self._bytes_of_inputs(itemsize)
        return dict(zip(self.sources or range(len(sizes)), sizes, strict=True))

    def _bytes_of_inputs(self, itemsize: int) -> list[Size]:
        first = arithmetic.elements(self.input) * (self.input_type.itemsize if self.input_type else itemsize)
        return [first, *(tensor.bytes(itemsize) for tensor in self.further_inputs)]

    def output_bytes(self, itemsize: int) -> Size:
        """Bytes of its output."""
        return arithmetic.elements(self.output) * self.output_itemsize(itemsize)

    def output_itemsize(self, itemsize: int) -> int:
        """Bytes per element of its output; `itemsize` if it has no type of its own."""
        return self.output_type.itemsize if self.output_type else itemsize

    def parameter_bytes(self, itemsize: int) -> Size:
        """Bytes of its parameters."""
        return self.params * itemsize if self.stored is None else self.stored.total

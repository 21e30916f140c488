"""One layer or submodule of a report: its shapes, its parameters, its cost. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from convcost.core import arithmetic
from convcost.core.cost import Cost, Gradients, Shape, Size
from convcost.core.dtypes import ITEMSIZES


class LayerLike(Protocol):
    """What a row is about: it says what it is as text, how its output's lengths come about, and its loops."""

    def length_formulas(self, shape: Shape) -> tuple[tuple[str, str, tuple[Size, ...]], ...]:
        """For each spatial dimension of the output its name, a formula, and the sizes for its `{}`."""

    def loops(self, shape: Shape) -> tuple[tuple[str, Size], ...]:
        """The loops around a multiply–accumulate, by name; nothing where there is none."""


class InputShape(NamedTuple):
    """An input, with its dtype if that is not the design's."""

    shape: Shape
    dtype: str = ""

    def bytes(self, itemsize: int) -> Size:
        """What it takes, at `itemsize` bytes an element of the design's dtype."""
        return arithmetic.elements(self.shape) * (ITEMSIZES[self.dtype] if self.dtype else itemsize)


class Row(NamedTuple):
    """One layer: where it is, what it is, its shapes, its parameters by name, its cost.

    `activations` are the output elements of its contractions; `cost` and they are of all `calls` together.
    A module has `stored` bytes of parameters, and sizes of elements of its own; a layer's are of its design's
    dtype, but for indices.
    `frozen` are the names of the parameters that are not trained. A layer of a design may have
    `further_inputs`; `sources` has for each of its inputs the number of the row that made it, or −1 for the
    first input of the design, −2 for its second, and `branch_source` that of what its branches start from;
    `gradients` if the backward is counted. `warnings` say what may not be meant.
    """

    path: str
    kind: str
    layer: LayerLike
    input: Shape
    output: Shape
    parameters: Mapping[str, Shape]
    cost: Cost
    activations: Size
    input_itemsize: int | None = None
    calls: int = 1
    output_itemsize: int | None = None
    stored: Size | None = None
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
        """The number of parameters that are trained: those that are not frozen."""
        trained = (shape for name, shape in self.parameters.items() if name not in self.frozen)
        return sum(map(arithmetic.elements, trained))

    @property
    def contracts(self) -> bool:
        """Whether it multiplies and accumulates."""
        return self.activations != 0

    def bytes(self, itemsize: int) -> Size:
        """Input, parameters and output, each once, at `itemsize` bytes an element where no other is known."""
        return self.input_bytes(itemsize) + self.parameter_bytes(itemsize) + self.output_bytes(itemsize)

    def input_bytes(self, itemsize: int) -> Size:
        """What its inputs take."""
        return sum(self._bytes_of_inputs(itemsize))

    def bytes_by_source(self, itemsize: int) -> dict[int, Size]:
        """What each tensor takes that it reads, by its source; x * x reads one."""
        sizes = self._bytes_of_inputs(itemsize)
        return dict(zip(self.sources or range(len(sizes)), sizes, strict=True))

    def _bytes_of_inputs(self, itemsize: int) -> list[Size]:
        first = arithmetic.elements(self.input) * (self.input_itemsize or itemsize)
        return [first, *(tensor.bytes(itemsize) for tensor in self.further_inputs)]

    def output_bytes(self, itemsize: int) -> Size:
        """What its output takes."""
        return arithmetic.elements(self.output) * (self.output_itemsize or itemsize)

    def parameter_bytes(self, itemsize: int) -> Size:
        """What its parameters take."""
        return self.params * itemsize if self.stored is None else self.stored

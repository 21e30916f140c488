"""Layers that are made of others: their cost is that of their parts."""

from __future__ import annotations

from typing import NamedTuple

from convcost.core import arithmetic
from convcost.core.cost import Cost, Gradients, Shape, Size
from convcost.layers.interface import Layer, MultipleInputLayer


class Part(NamedTuple):
    """A layer inside another: what it does there, and the shape of its input.

    `sources` has for each of its inputs the number of the whole layer's input that it is, or None where it
    is what another part yields.
    """

    name: str
    layer: Layer
    input: Shape
    sources: tuple[int | None, ...] = (None,)

    @property
    def cost(self) -> Cost:
        """What it costs."""
        return self.layer.cost(self.input)

    def gradients(self, needed: tuple[bool, ...]) -> Gradients:
        """What its backward costs; by another part's output there always is a gradient."""
        by_input = tuple(source is None or needed[source] for source in self.sources)
        return self.layer.gradients(self.input, self.cost, by_input)


class CompositeLayer(MultipleInputLayer):
    """A layer whose work is that of its `parts`, each of which states its own formulas."""

    contracts = True

    def parts(self, shape: Shape) -> tuple[Part, ...]:
        """The layers that it runs on an input of `shape`, in their order."""
        raise NotImplementedError

    def cost(self, shape: Shape) -> Cost:
        return arithmetic.total([part.cost for part in self.parts(shape)], Cost())

    def activations(self, shape: Shape, output: Shape) -> Size:
        return sum(
            part.layer.activations(part.input, part.layer.output(part.input)) for part in self.parts(shape)
        )

    def gradients(self, shape: Shape, forward: Cost, needed: tuple[bool, ...]) -> Gradients:
        found = [part.gradients(needed) for part in self.parts(shape)]
        return Gradients(
            arithmetic.total([part.by_input for part in found], Cost()),
            arithmetic.total([part.by_weight for part in found], Cost()),
        )


def prefixed(name: str, parameters: dict[str, Shape]) -> dict[str, Shape]:
    """The parameters of a module called `name`: weight is name.weight."""
    return {f"{name}.{parameter}": shape for parameter, shape in parameters.items()}

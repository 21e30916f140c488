"""Layers made of other layers. Their cost is the sum over their parts."""

from __future__ import annotations

from typing import NamedTuple

from convcost.core import arithmetic
from convcost.core.cost import Cost, Gradients, Shape, Size
from convcost.layers.interface import Layer, MultipleInputLayer


class Part(NamedTuple):
    """A layer inside a composite one: its role, and the shape of its input.

    `sources` says where each of its inputs comes from: an input of the composite layer, by number, or None
    for the output of another part.
    """

    name: str
    layer: Layer
    input: Shape
    sources: tuple[int | None, ...] = (None,)

    @property
    def cost(self) -> Cost:
        """The cost of a forward pass."""
        return self.layer.cost(self.input)

    def gradients(self, needed: tuple[bool, ...]) -> Gradients:
        """The cost of its backward pass; the output of another part always needs a gradient."""
        by_input = tuple(source is None or needed[source] for source in self.sources)
        return self.layer.gradients(self.input, self.cost, by_input)


class CompositeLayer(MultipleInputLayer):
    """A layer whose cost is the sum of the costs of its `parts`."""

    contracts = True

    def parts(self, shape: Shape) -> tuple[Part, ...]:
        """The layers that run on an input of `shape`, in order."""
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
    """The parameters of a submodule `name`: weight becomes name.weight."""
    return {f"{name}.{parameter}": shape for parameter, shape in parameters.items()}

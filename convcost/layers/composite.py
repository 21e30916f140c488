"""Layers that are made of others: their cost is that of their parts."""

from __future__ import annotations

from typing import NamedTuple

from convcost.core import arithmetic
from convcost.core.cost import Cost, Shape, Size
from convcost.layers.interface import Layer, MultipleInputLayer


class Part(NamedTuple):
    """A layer inside another: what it does there, and the shape of its input."""

    name: str
    layer: Layer
    input: Shape


class CompositeLayer(MultipleInputLayer):
    """A layer whose work is that of its `parts`, each of which states its own formulas."""

    contracts = True

    def parts(self, shape: Shape) -> tuple[Part, ...]:
        """The layers that it runs on an input of `shape`, in their order."""
        raise NotImplementedError

    def cost(self, shape: Shape) -> Cost:
        return arithmetic.total([part.layer.cost(part.input) for part in self.parts(shape)], Cost())

    def activations(self, shape: Shape, output: Shape) -> Size:
        return sum(
            part.layer.activations(part.input, part.layer.output(part.input)) for part in self.parts(shape)
        )


def prefixed(name: str, parameters: dict[str, Shape]) -> dict[str, Shape]:
    """The parameters of a module called `name`: weight is name.weight."""
    return {f"{name}.{parameter}": shape for parameter, shape in parameters.items()}

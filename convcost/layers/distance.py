"""Distances and similarities of two inputs, which broadcast.

Rule: each step of the formula in torch's documentation counts 1 per element, and a norm 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from convcost.core import arithmetic
from convcost.core.constraints import ArgumentCheck, Requirement
from convcost.core.cost import Cost, Shape, Size
from convcost.layers.broadcasting import broadcast_requirements, broadcast_shape, is_broadcast_already, is_one
from convcost.layers.interface import MultipleInputLayer, SavedTensors, has_dimension, without_dimension
from convcost.layers.operation_counts import DISTANCE, NORM, norm_gradient


class _PairLayer(MultipleInputLayer):
    """A layer that broadcasts two inputs."""

    input_counts = range(2, 3)

    def usual_further_inputs(self, shape: Shape) -> tuple[Shape, ...]:
        return (shape,)

    def together(self, shape: Shape) -> Shape:
        """The shape that the inputs broadcast to."""
        [other] = self.further_inputs
        return broadcast_shape(shape, other)

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        [other] = self.further_inputs
        yield from broadcast_requirements(shape, other, 1)

    def sums_of_repeated(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        """Sums that reduce the gradient to the shape of an input that was repeated: one per element."""
        together = self.together(shape)
        inputs = zip((shape, *self.further_inputs), needed, strict=True)
        repeated = sum(is_needed and not is_broadcast_already(each, together) for each, is_needed in inputs)
        return repeated * arithmetic.elements(together)


@dataclass(frozen=True, repr=False)
class CosineSimilarity(_PairLayer):
    """x1·x2 / (max(‖x1‖, eps) · max(‖x2‖, eps)) along `dim`: 8 operations per element, 2 per output."""

    inferred_input = ("B", "E")

    dim: int = 1
    eps: float = 1e-8

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield ArgumentCheck(self.eps >= 0, f"eps is {self.eps}; it must be at least 0", "eps")
        yield from super().requirements(shape)
        yield has_dimension(self.together(shape), self.dim, "dim")

    def output(self, shape: Shape) -> Shape:
        return without_dimension(self.together(shape), self.dim)

    def cost(self, shape: Shape) -> Cost:
        """Per element: two norms, two quotients, a product and a sum. Per output element: two maxima."""
        each = 2 * NORM + 2 + 2
        elements = arithmetic.elements(self.together(shape))
        return Cost(elementwise=each * elements + 2 * arithmetic.elements(self.output(shape)))

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        """Ten operations per element and input. One is a sum along `dim`, omitted if that has size 1."""
        together = self.together(shape)
        each = 9 if is_one(together[self.dim]) else 10
        return each * sum(needed) * arithmetic.elements(together) + self.sums_of_repeated(shape, needed)

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """The input, the other input divided by its norm, and both norms, if the other needs no gradient."""
        elements = arithmetic.elements(self.together(shape))
        return SavedTensors(input=True, elements=elements + 2 * arithmetic.elements(output))


@dataclass(frozen=True, repr=False)
class PairwiseDistance(_PairLayer):
    """‖x1 − x2 + eps‖, the p-norm over the last dimension: 4 operations per element."""

    inferred_input = ("B", "E")

    p: float = 2.0
    eps: float = 1e-6
    keepdim: bool = False

    def output(self, shape: Shape) -> Shape:
        together = self.together(shape)
        return (*together[:-1], *((1,) if self.keepdim else ()))

    def cost(self, shape: Shape) -> Cost:
        """Per element: a difference, a sum, and a norm (2)."""
        return Cost(elementwise=DISTANCE * arithmetic.elements(self.together(shape)))

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        """The gradient of the norm, and its negative for the second input.

        With p = 0 the norm counts elements, and its gradient is zero.
        """
        if not any(needed) or self.p == 0:
            return 0
        together = self.together(shape)
        each, per_output = norm_gradient(self.p)
        norm = each * arithmetic.elements(together) + per_output * arithmetic.elements(together[:-1])
        return norm + needed[1] * arithmetic.elements(together) + self.sums_of_repeated(shape, needed)

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """The difference and its norm."""
        return SavedTensors(output=True, elements=arithmetic.elements(self.together(shape)))

"""The base class of losses: an input and a target, with an optional reduction to one number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from convcost.core import arithmetic
from convcost.core.constraints import Requirement
from convcost.core.cost import Cost, Shape, Size
from convcost.layers.broadcasting import equal_shapes
from convcost.layers.interface import MultipleInputLayer, SavedTensors

Reduction = Literal["mean", "sum", "none"]


class Loss(MultipleInputLayer):
    """A loss of inputs of equal shape; without reduction, the output has that shape too.

    A reduction is one more operation per loss. Only the first input needs a gradient: targets are data.
    """

    input_counts = range(2, 3)
    inferred_input = ("B", "C")

    operations: ClassVar[int]
    """Operations per element of the input."""

    operations_of_loss: ClassVar[int] = 0
    """Operations per loss, for losses over several elements."""

    gradients_of_loss: ClassVar[int] = 0
    """Operations of the backward pass per loss; `gradient_operations` are per element."""

    divides_gradient: ClassVar[bool] = True
    """Whether a mean divides the gradient in a separate step, once per loss."""

    saves: ClassVar[SavedTensors] = SavedTensors()
    """Tensors that autograd saves per element."""

    saves_of_loss: ClassVar[SavedTensors] = SavedTensors()
    """Tensors that autograd saves per loss."""

    reduction: str

    def usual_further_inputs(self, shape: Shape) -> tuple[Shape, ...]:
        return (shape,) * (self.input_counts[0] - 1)

    def losses(self, shape: Shape) -> Shape:
        """The shape of the losses before they are reduced."""
        return shape

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        for number, other in enumerate(self.further_inputs, start=1):
            yield from equal_shapes(shape, other, number)

    def output(self, shape: Shape) -> Shape:
        return self.losses(shape) if self.reduction == "none" else ()

    def cost(self, shape: Shape) -> Cost:
        each_loss = self.operations_of_loss + (self.reduction != "none")
        losses = arithmetic.elements(self.losses(shape))
        return Cost(elementwise=self.operations * arithmetic.elements(shape) + each_loss * losses)

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        each_loss = self.gradients_of_loss + (self.divides_gradient and self.reduction == "mean")
        losses = arithmetic.elements(self.losses(shape))
        return self.gradient_operations * arithmetic.elements(shape) + each_loss * losses

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        sizes = arithmetic.elements(shape), arithmetic.elements(self.losses(shape))
        parts = self.saves, self.saves_of_loss
        return SavedTensors(
            input=self.saves.input,
            elements=sum(part.elements * size for part, size in zip(parts, sizes, strict=True)),
            masks=sum(part.masks * size for part, size in zip(parts, sizes, strict=True)),
            indices=sum(part.indices * size for part, size in zip(parts, sizes, strict=True)),
        )

"""What losses share: an input and what it is compared with, reduced to one number or not."""

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
    """Its inputs have one shape, which its output has too where it is not reduced.

    A reduction is one operation more for each loss. Gradients are those by the first input: targets are data.
    """

    input_counts = range(2, 3)
    inferred_input = ("B", "C")

    operations: ClassVar[int]
    """For each element of the input."""

    operations_of_loss: ClassVar[int] = 0
    """For each loss, where one is of several elements."""

    gradients_of_loss: ClassVar[int] = 0
    """Elementwise operations of its backward for each loss; `gradient_operations` are for each element."""

    divides_gradient: ClassVar[bool] = True
    """Whether a mean divides the gradient in a step of its own, for each loss."""

    saves: ClassVar[SavedTensors] = SavedTensors()
    """What autograd saves for each element."""

    saves_of_loss: ClassVar[SavedTensors] = SavedTensors()
    """What it saves for each loss."""

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

"""Losses of each element and of classes.

Rule: each operation of the formula on the loss's page of torch.nn counts 1; where that has two branches, the
longer. A sum or mean is one operation more for each loss. Tensors of weights are not among the arguments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from convcost.core import arithmetic
from convcost.core.constraints import ArgumentCheck, Equals, Rank, Requirement
from convcost.core.cost import Cost, Shape, Size
from convcost.layers.interface import DERIVATIVE_AND_PRODUCT, INDEX_DTYPE, MOST_DIMENSIONS, SavedTensors
from convcost.layers.loss_interface import Loss, Reduction
from convcost.layers.operation_counts import LOG_SIGMOID, SOFTMAX, SOFTMAX_GRADIENT

BOTH = SavedTensors(input=True, elements=1)
"""The input and the target."""


@dataclass(frozen=True, repr=False)
class _StandardLoss(Loss):
    """torch's arguments of most losses; two are from before `reduction`, and only None here."""

    size_average: None = None
    reduce: None = None
    reduction: Reduction = "mean"


class L1Loss(_StandardLoss):
    """|x − t|: 2 for each element."""

    operations = 2
    gradient_operations = DERIVATIVE_AND_PRODUCT
    saves = SavedTensors(elements=1)


class _FusedGradientLoss(Loss):
    """Its gradient is one kernel, which divides by the number of elements too."""

    gradient_operations = DERIVATIVE_AND_PRODUCT
    divides_gradient = False
    saves = BOTH


@dataclass(frozen=True, repr=False)
class MSELoss(_FusedGradientLoss, _StandardLoss):
    """(x − t)²: 2 for each element."""

    operations = 2


@dataclass(frozen=True, repr=False)
class SmoothL1Loss(_FusedGradientLoss, _StandardLoss):
    """(x − t)²·(½ / β), or |x − t| − ½·β: 3 for each element, as ½·β is one number."""

    operations = 3

    beta: float = 1.0

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        message = f"beta is {self.beta}; more than 0 is needed"
        yield ArgumentCheck(self.beta > 0, message, "beta", "With 0 it is L1Loss().")
        yield from super().requirements(shape)


@dataclass(frozen=True, repr=False)
class HuberLoss(_FusedGradientLoss):
    """½·(x − t)², or δ·(|x − t| − ½·δ): 4 for each element, as ½·δ is one number."""

    operations = 4

    reduction: Reduction = "mean"
    delta: float = 1.0

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield ArgumentCheck(self.delta > 0, f"delta is {self.delta}; more than 0 is needed", "delta")
        yield from super().requirements(shape)


@dataclass(frozen=True, repr=False)
class SoftMarginLoss(_FusedGradientLoss, _StandardLoss):
    """log(1 + exp(−t·x)): 5 for each element."""

    operations = 5


@dataclass(frozen=True, repr=False)
class BCELoss(_FusedGradientLoss):
    """−(t·log x + (1 − t)·log(1 − x)): 8 for each element."""

    operations = 8

    weight: None = None
    size_average: None = None
    reduce: None = None
    reduction: Reduction = "mean"


@dataclass(frozen=True, repr=False)
class BCEWithLogitsLoss(Loss):
    """max(x, 0) − t·x + log(1 + exp(−|x|)): 9 for each element."""

    operations = 9
    gradient_operations = 6
    saves = BOTH

    weight: None = None
    size_average: None = None
    reduce: None = None
    reduction: Reduction = "mean"
    pos_weight: None = None


@dataclass(frozen=True, repr=False)
class KLDivLoss(Loss):
    """t·(log t − x), or exp(t)·(t − x) of a target that is a logarithm: 3 for each element."""

    operations = 3
    gradient_operations = DERIVATIVE_AND_PRODUCT
    saves = SavedTensors(elements=1)

    size_average: None = None
    reduce: None = None
    reduction: Literal["mean", "sum", "none", "batchmean"] = "mean"
    log_target: bool = False

    def cost(self, shape: Shape) -> Cost:
        """A mean over the batch is a sum and one quotient."""
        return super().cost(shape) + Cost(elementwise=int(self.reduction == "batchmean"))

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        return super().elementwise_gradient(shape, needed) + (self.reduction == "batchmean")


@dataclass(frozen=True, repr=False)
class PoissonNLLLoss(Loss):
    """exp(x) − t·x: 3 for each element; x − t·log(x + eps): 4; with Stirling's approximation 8 more."""

    gradient_operations = 2 * DERIVATIVE_AND_PRODUCT
    saves = SavedTensors(elements=2)

    log_input: bool = True
    full: bool = False
    size_average: None = None
    eps: float = 1e-8
    reduce: None = None
    reduction: Reduction = "mean"

    @property
    def operations(self) -> int:  # type: ignore[override]
        return (3 if self.log_input else 4) + 8 * self.full


@dataclass(frozen=True, repr=False)
class MultiLabelSoftMarginLoss(Loss):
    """−mean of t·log σ(x) + (1 − t)·log σ(−x) over the classes, the last dimension.

    For each element two logarithms of sigmoids, and 7 operations; for each loss a quotient.
    """

    operations = 2 * LOG_SIGMOID + 7
    operations_of_loss = 1
    gradient_operations = 9
    gradients_of_loss = 1
    saves = SavedTensors(input=True, elements=5)

    weight: None = None
    size_average: None = None
    reduce: None = None
    reduction: Reduction = "mean"

    def losses(self, shape: Shape) -> Shape:
        return shape[:-1]

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield Rank(shape, tuple(range(1, MOST_DIMENSIONS + 1)), "[..., classes]")
        yield from super().requirements(shape)


class _ClassificationLoss(Loss):
    """[batch, classes, ...] and a class for each position: [batch, ...]."""

    input_dtypes = ("", INDEX_DTYPE)
    ranks: ClassVar[tuple[int, ...]] = tuple(range(2, MOST_DIMENSIONS + 1))

    def usual_further_inputs(self, shape: Shape) -> tuple[Shape, ...]:
        return (self.losses(shape),)

    def losses(self, shape: Shape) -> Shape:
        return (*shape[:1], *shape[2:])

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield Rank(shape, self.ranks, "[batch, classes, ...]")
        expected, [target] = self.losses(shape), self.further_inputs
        yield Rank(target, (len(expected),), f"{len(expected)}, one less than the input,", "", "inputs[1]")
        for size, wanted in zip(target, expected, strict=True):
            yield Equals(size, wanted, "a dimension of the target", "that of the input", "inputs[1]")


@dataclass(frozen=True, repr=False)
class NLLLoss(_ClassificationLoss):
    """−x of the target class: a look-up and a negation per target."""

    operations = 0
    operations_of_loss = 1
    gradient_operations = DERIVATIVE_AND_PRODUCT
    divides_gradient = False

    weight: None = None
    size_average: None = None
    ignore_index: int = -100
    reduce: None = None
    reduction: Reduction = "mean"

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """The input, the targets, and the weight of all together."""
        return SavedTensors(input=True, elements=1, indices=arithmetic.elements(self.losses(shape)))


@dataclass(frozen=True, repr=False)
class CrossEntropyLoss(_ClassificationLoss):
    """NLLLoss of a log-softmax; targets are class indices.

    Smooth labels take one sum more for each element, and 3 operations for each loss and 3 at the end.
    """

    operations = SOFTMAX
    operations_of_loss = 1
    gradient_operations = SOFTMAX_GRADIENT + DERIVATIVE_AND_PRODUCT
    divides_gradient = False

    weight: None = None
    size_average: None = None
    ignore_index: int = -100
    reduce: None = None
    reduction: Reduction = "mean"
    label_smoothing: float = 0.0

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        message = f"label_smoothing is {self.label_smoothing}; a number from 0 to 1 is needed"
        yield ArgumentCheck(0 <= self.label_smoothing <= 1, message, "label_smoothing")
        yield from super().requirements(shape)

    def cost(self, shape: Shape) -> Cost:
        """A softmax for each element, a look-up and a negative for each loss."""
        return super().cost(shape) + Cost(elementwise=self._smoothing(shape, forward=True))

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        return super().elementwise_gradient(shape, needed) + self._smoothing(shape, forward=False)

    def _smoothing(self, shape: Shape, forward: bool) -> Size:
        """A sum over the classes, its negative, and the sum of both losses, each times its share."""
        if self.label_smoothing == 0:
            return 0
        elements, losses = arithmetic.elements(shape), arithmetic.elements(self.losses(shape))
        if self.reduction == "none":
            return elements + (4 if forward else 3) * losses
        at_end = (3 if forward else 2) + (self.reduction == "mean")
        return elements + (2 if forward else 1) * losses + at_end

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """The softmax's logarithm, the targets and the weight of all together; which ones are ignored."""
        losses, is_smooth = arithmetic.elements(self.losses(shape)), self.label_smoothing > 0
        return SavedTensors(
            elements=arithmetic.elements(shape) + 1,
            masks=losses if is_smooth else 0,
            indices=losses + (is_smooth and self.reduction == "mean"),
        )


@dataclass(frozen=True, repr=False)
class MultiMarginLoss(_ClassificationLoss):
    """Σ max(0, margin − x_t + x) over the classes of each sample: 4 per element."""

    operations = 4
    gradient_operations = DERIVATIVE_AND_PRODUCT
    divides_gradient = False
    ranks = (2,)
    saves = SavedTensors(input=True)
    saves_of_loss = SavedTensors(indices=1)

    p: int = 1
    margin: float = 1.0
    weight: None = None
    size_average: None = None
    reduce: None = None
    reduction: Reduction = "mean"

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield ArgumentCheck(self.p in (1, 2), f"p is {self.p}; 1 or 2 is needed", "p")
        yield from super().requirements(shape)

    def cost(self, shape: Shape) -> Cost:
        """A comparison, a difference and two sums for each element, whatever the reduction."""
        return Cost(elementwise=self.operations * arithmetic.elements(shape))

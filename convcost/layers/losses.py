"""Elementwise and classification losses.

Rule: each operation of the formula in torch's documentation counts 1; of two branches, the longer one counts.
A sum or mean is one more operation per loss. Weight tensors are not supported.
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

INPUT_AND_TARGET = SavedTensors(input=True, elements=1)


@dataclass(frozen=True, repr=False)
class _StandardLoss(Loss):
    """The arguments of most losses in torch; the two deprecated ones must be None."""

    size_average: None = None
    reduce: None = None
    reduction: Reduction = "mean"


class L1Loss(_StandardLoss):
    """|x − t|: 2 operations per element."""

    operations = 2
    gradient_operations = DERIVATIVE_AND_PRODUCT
    saves = SavedTensors(elements=1)


class _FusedGradientLoss(Loss):
    """A loss whose gradient is one kernel, which also divides by the number of elements."""

    gradient_operations = DERIVATIVE_AND_PRODUCT
    divides_gradient = False
    saves = INPUT_AND_TARGET


@dataclass(frozen=True, repr=False)
class MSELoss(_FusedGradientLoss, _StandardLoss):
    """(x − t)²: 2 operations per element."""

    operations = 2


@dataclass(frozen=True, repr=False)
class SmoothL1Loss(_FusedGradientLoss, _StandardLoss):
    """(x − t)²·(½ / β), or |x − t| − ½·β, with ½·β as one constant: 3 operations per element."""

    operations = 3

    beta: float = 1.0

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        message = f"beta is {self.beta}; it must be greater than 0"
        yield ArgumentCheck(self.beta > 0, message, "beta", "For beta=0, use L1Loss().")
        yield from super().requirements(shape)


@dataclass(frozen=True, repr=False)
class HuberLoss(_FusedGradientLoss):
    """½·(x − t)², or δ·(|x − t| − ½·δ), with ½·δ as one constant: 4 operations per element."""

    operations = 4

    reduction: Reduction = "mean"
    delta: float = 1.0

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield ArgumentCheck(self.delta > 0, f"delta is {self.delta}; it must be greater than 0", "delta")
        yield from super().requirements(shape)


@dataclass(frozen=True, repr=False)
class SoftMarginLoss(_FusedGradientLoss, _StandardLoss):
    """log(1 + exp(−t·x)): 5 operations per element."""

    operations = 5


@dataclass(frozen=True, repr=False)
class BCELoss(_FusedGradientLoss):
    """−(t·log x + (1 − t)·log(1 − x)): 8 operations per element."""

    operations = 8

    weight: None = None
    size_average: None = None
    reduce: None = None
    reduction: Reduction = "mean"


@dataclass(frozen=True, repr=False)
class BCEWithLogitsLoss(Loss):
    """max(x, 0) − t·x + log(1 + exp(−|x|)): 9 operations per element."""

    operations = 9
    gradient_operations = 6
    saves = INPUT_AND_TARGET

    weight: None = None
    size_average: None = None
    reduce: None = None
    reduction: Reduction = "mean"
    pos_weight: None = None


@dataclass(frozen=True, repr=False)
class KLDivLoss(Loss):
    """t·(log t − x), or exp(t)·(t − x) with `log_target`: 3 operations per element."""

    operations = 3
    gradient_operations = DERIVATIVE_AND_PRODUCT
    saves = SavedTensors(elements=1)

    size_average: None = None
    reduce: None = None
    reduction: Literal["mean", "sum", "none", "batchmean"] = "mean"
    log_target: bool = False

    def cost(self, shape: Shape) -> Cost:
        """`batchmean` is a sum and one quotient."""
        return super().cost(shape) + Cost(elementwise=int(self.reduction == "batchmean"))

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        return super().elementwise_gradient(shape, needed) + (self.reduction == "batchmean")


@dataclass(frozen=True, repr=False)
class PoissonNLLLoss(Loss):
    """exp(x) − t·x: 3 operations per element; x − t·log(x + eps): 4. `full` adds 8."""

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

    Per element: two log-sigmoids and 7 further operations. Per loss: a quotient.
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
    """A loss of scores [batch, classes, ...] and class indices [batch, ...]."""

    input_dtypes = ("", INDEX_DTYPE)
    ranks: ClassVar[tuple[int, ...]] = tuple(range(2, MOST_DIMENSIONS + 1))

    def usual_further_inputs(self, shape: Shape) -> tuple[Shape, ...]:
        return (self.losses(shape),)

    def losses(self, shape: Shape) -> Shape:
        return (*shape[:1], *shape[2:])

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield Rank(shape, self.ranks, "[batch, classes, ...]")
        expected, [target] = self.losses(shape), self.further_inputs
        yield Rank(target, (len(expected),), f"{len(expected)}, one less than the input", "", "inputs[1]")
        for size, wanted in zip(target, expected, strict=True):
            yield Equals(size, wanted, "a dimension of the target", "that of the input", "inputs[1]")


@dataclass(frozen=True, repr=False)
class NLLLoss(_ClassificationLoss):
    """−x at the target class: a lookup (not counted) and a negation per target."""

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
        """The input, the targets, and the total weight."""
        return SavedTensors(input=True, elements=1, indices=arithmetic.elements(self.losses(shape)))


@dataclass(frozen=True, repr=False)
class CrossEntropyLoss(_ClassificationLoss):
    """NLLLoss of log-softmax; targets are class indices.

    `label_smoothing` adds a sum per element, 2 operations per loss and 3 at the end (without reduction, 4 per
    loss).
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
        message = f"label_smoothing is {self.label_smoothing}; it must be from 0 to 1"
        yield ArgumentCheck(0 <= self.label_smoothing <= 1, message, "label_smoothing")
        yield from super().requirements(shape)

    def cost(self, shape: Shape) -> Cost:
        """Per element: a softmax. Per loss: a lookup (not counted) and a negation."""
        return super().cost(shape) + Cost(elementwise=self._smoothing(shape, forward=True))

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        return super().elementwise_gradient(shape, needed) + self._smoothing(shape, forward=False)

    def _smoothing(self, shape: Shape, forward: bool) -> Size:
        """A sum over the classes, its negation, and the weighted sum of both losses."""
        if self.label_smoothing == 0:
            return 0
        elements, losses = arithmetic.elements(shape), arithmetic.elements(self.losses(shape))
        if self.reduction == "none":
            return elements + (4 if forward else 3) * losses
        at_end = (3 if forward else 2) + (self.reduction == "mean")
        return elements + (2 if forward else 1) * losses + at_end

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """The log-softmax, the targets, and the total weight; with smoothing, a mask of ignored targets."""
        losses, is_smooth = arithmetic.elements(self.losses(shape)), self.label_smoothing > 0
        return SavedTensors(
            elements=arithmetic.elements(shape) + 1,
            masks=losses if is_smooth else 0,
            indices=losses + (is_smooth and self.reduction == "mean"),
        )


@dataclass(frozen=True, repr=False)
class MultiMarginLoss(_ClassificationLoss):
    """Σ max(0, margin − x_t + x) per sample: 4 operations per element."""

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
        yield ArgumentCheck(self.p in (1, 2), f"p is {self.p}; it must be 1 or 2", "p")
        yield from super().requirements(shape)

    def cost(self, shape: Shape) -> Cost:
        """Per element: a comparison, a difference and two sums, whatever the reduction."""
        return Cost(elementwise=self.operations * arithmetic.elements(shape))

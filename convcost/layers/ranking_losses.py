"""Ranking losses, which compare inputs with each other: margins and distances.

Rule: each step of the formula in torch's documentation counts 1 per element, and a norm 2. A sum or mean is
one more operation per loss.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from convcost.core import arithmetic
from convcost.core.constraints import ArgumentCheck, Equals, Rank, Requirement
from convcost.core.cost import Shape, Size
from convcost.layers.interface import DERIVATIVE_AND_PRODUCT, MOST_DIMENSIONS, SavedTensors
from convcost.layers.loss_interface import Loss, Reduction
from convcost.layers.operation_counts import DISTANCE, norm_gradient


@dataclass(frozen=True, repr=False)
class HingeEmbeddingLoss(Loss):
    """x, or max(0, margin − x), by the sign of the target: 3 operations per element."""

    operations = 3
    gradient_operations = DERIVATIVE_AND_PRODUCT
    saves = SavedTensors(elements=1, masks=2)

    margin: float = 1.0
    size_average: None = None
    reduce: None = None
    reduction: Reduction = "mean"


@dataclass(frozen=True, repr=False)
class MarginRankingLoss(Loss):
    """max(0, −t·(x1 − x2) + margin): 5 operations per element."""

    input_counts = range(3, 4)
    operations = 5
    gradient_operations = 1
    saves = SavedTensors(elements=2)

    margin: float = 0.0
    size_average: None = None
    reduce: None = None
    reduction: Reduction = "mean"


@dataclass(frozen=True, repr=False)
class CosineEmbeddingLoss(Loss):
    """1 − cos(x1, x2), or max(0, cos(x1, x2) − margin), by the sign of each row's target.

    Three products and three sums per element; 9 operations per loss.
    """

    input_counts = range(3, 4)
    operations = 6
    operations_of_loss = 9
    gradient_operations = 5
    gradients_of_loss = 10
    saves = SavedTensors(input=True, elements=1)
    saves_of_loss = SavedTensors(elements=4, masks=2)

    margin: float = 0.0
    size_average: None = None
    reduce: None = None
    reduction: Reduction = "mean"

    def usual_further_inputs(self, shape: Shape) -> tuple[Shape, ...]:
        return (shape, shape[:-1])

    def losses(self, shape: Shape) -> Shape:
        return shape[:-1]

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield Rank(shape, (2,), "[batch, features]")
        other, target = self.further_inputs
        for number, sizes in enumerate((other, target), start=1):
            wanted = shape[: 3 - number]
            yield Rank(sizes, (len(wanted),), f"{len(wanted)}", argument=f"inputs[{number}]")
            for size, expected in zip(sizes, wanted, strict=True):
                name = f"a dimension of input {number + 1}"
                yield Equals(size, expected, name, "that of input 1", f"inputs[{number}]")


class _Triplet(Loss):
    """max(0, d(a, p) − d(a, n) + margin) for an anchor, a positive and a negative.

    With `swap`, the distance of the negative is the smaller of those to the anchor and to the positive.
    """

    input_counts = range(3, 4)
    p: float
    margin: float
    swap: bool

    @property
    def operations(self) -> int:  # type: ignore[override]
        """A distance per pair."""
        return DISTANCE * (2 + self.swap)

    @property
    def operations_of_loss(self) -> int:  # type: ignore[override]
        """A difference, a sum, a maximum, and with `swap` a minimum of two distances."""
        return 3 + self.swap

    def losses(self, shape: Shape) -> Shape:
        return shape[:-1]

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield ArgumentCheck(self.margin > 0, f"margin is {self.margin}; it must be greater than 0", "margin")
        yield Rank(shape, tuple(range(1, MOST_DIMENSIONS + 1)), "[..., features]")
        yield from super().requirements(shape)

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        """The gradient by the anchor: those of two norms, and their sum."""
        each, each_norm = norm_gradient(self.p) if self.p else (0, 0)
        each_loss = 1 + self.swap + (self.reduction == "mean") + 2 * each_norm
        elements, losses = arithmetic.elements(shape), arithmetic.elements(shape[:-1])
        return (2 * each + 1) * elements + each_loss * losses

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """Two differences with their norms, and the losses; with `swap` also the third norm."""
        elements, losses = arithmetic.elements(shape), arithmetic.elements(shape[:-1])
        return SavedTensors(elements=2 * elements + (3 + self.swap) * losses)


@dataclass(frozen=True, repr=False)
class TripletMarginLoss(_Triplet):
    """max(0, ‖a − p‖ − ‖a − n‖ + margin), with the p-norm: 8 operations per element, 3 per loss."""

    margin: float = 1.0
    p: float = 2.0
    eps: float = 1e-6
    swap: bool = False
    size_average: None = None
    reduce: None = None
    reduction: Reduction = "mean"


@dataclass(frozen=True, repr=False, kw_only=True)
class TripletMarginWithDistanceLoss(_Triplet):
    """TripletMarginLoss with torch's default distance function, the 2-norm."""

    p = 2.0

    distance_function: None = None
    margin: float = 1.0
    swap: bool = False
    reduction: Reduction = "mean"

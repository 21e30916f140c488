"""Activation functions: elementwise operations, counted by the formula in torch's documentation.

Rule: each arithmetic operation, comparison with selection, and elementary function (exp, log, tanh, erf)
counts 1 per element. Constants that fold into one (1/√2) count once. Source: documentation of torch.nn,
which has the formula stated for each class.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from convcost.core import arithmetic
from convcost.core.constraints import ArgumentCheck, Divides, Equals, Rank, Requirement
from convcost.core.cost import Cost, Shape, Size
from convcost.layers.interface import DERIVATIVE_AND_PRODUCT, Layer, SavedTensors, at_least, has_dimension
from convcost.layers.operation_counts import LOG_SIGMOID, SOFTMAX, SOFTMAX_GRADIENT


class _Elementwise(Layer):
    """`operations` per element; the output has the input's shape.

    The backward pass needs the input, or the output if `saves_output`. With `inplace`, the input is copied
    first, unless the gradient can be computed from the output (`is_invertible`).
    """

    operations: ClassVar[int]
    gradient_operations = DERIVATIVE_AND_PRODUCT
    saves_output: ClassVar[bool] = False
    is_invertible: ClassVar[bool] = False

    def cost(self, shape: Shape) -> Cost:
        return Cost(elementwise=self.operations * arithmetic.elements(shape))

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        if self.saves_output:
            return SavedTensors(output=True)
        is_copied = self.shares_memory(True) and not self.is_invertible
        return SavedTensors(elements=arithmetic.elements(shape)) if is_copied else SavedTensors(input=True)


@dataclass(frozen=True, repr=False)
class _WithoutArguments(_Elementwise):
    """An activation without arguments."""


@dataclass(frozen=True, repr=False)
class _InPlace(_Elementwise):
    """An activation that can run in place."""

    inplace: bool = False


class ReLU(_InPlace):
    """max(0, x)."""

    operations = 1
    saves_output = True


class ReLU6(_InPlace):
    """min(max(0, x), 6)."""

    operations = 2


class Hardsigmoid(_InPlace):
    """min(max(0, x/6 + 1/2), 1): a product, a sum, two comparisons."""

    operations = 4


class Hardswish(_InPlace):
    """x · min(max(0, x + 3), 6) / 6."""

    operations = 5


class SiLU(_InPlace):
    """x · σ(x): a sigmoid and a product."""

    operations = 5


class Mish(_InPlace):
    """x · tanh(log(1 + exp(x))): exp, sum, log, tanh, product."""

    operations = 5


class SELU(_InPlace):
    """scale · (max(0, x) + min(0, α·(exp(x) − 1))): exp, −, ·, max, min, +, and · by the scale."""

    operations = 7
    is_invertible = True


class Sigmoid(_WithoutArguments):
    """1 / (1 + exp(−x))."""

    operations = 4
    saves_output = True


class Tanh(_WithoutArguments):
    """tanh(x)."""

    operations = 1
    saves_output = True


class LogSigmoid(_WithoutArguments):
    """log(1 / (1 + exp(−x))). Saves the input for the backward pass; on the CPU also exp(−|x|)."""

    operations = LOG_SIGMOID


class Softsign(_WithoutArguments):
    """x / (1 + |x|). The backward pass takes eight operators, as torch has no kernel for it."""

    operations = 3
    gradient_operations = 8

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """The input, and 1 + |x|."""
        return SavedTensors(input=True, elements=arithmetic.elements(shape))


class Tanhshrink(_WithoutArguments):
    """x − tanh(x). The backward pass is that of tanh, plus a sign and a sum."""

    operations = 2
    gradient_operations = 2 + DERIVATIVE_AND_PRODUCT

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """tanh(x)."""
        return SavedTensors(elements=arithmetic.elements(shape))


@dataclass(frozen=True, repr=False)
class LeakyReLU(_Elementwise):
    """x where x ≥ 0, else negative_slope · x: a comparison and a product."""

    operations = 2
    is_invertible = True

    negative_slope: float = 0.01
    inplace: bool = False


@dataclass(frozen=True, repr=False)
class RReLU(_Elementwise):
    """x where x ≥ 0, else a · x: a comparison and a product.

    During training `a` is random; generating it is not counted.
    """

    operations = 2

    lower: float = 1 / 8
    upper: float = 1 / 3
    inplace: bool = False

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        message = f"lower is {self.lower}; it must be at most upper, which is {self.upper}"
        yield ArgumentCheck(self.lower <= self.upper, message, "lower")

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """The input (with `inplace` the output), and the random slopes."""
        return SavedTensors(input=True, elements=arithmetic.elements(shape))


@dataclass(frozen=True, repr=False)
class ELU(_Elementwise):
    """x where x > 0, else α · (exp(x) − 1): comparison, exp, difference, product."""

    operations = 4
    is_invertible = True

    alpha: float = 1.0
    inplace: bool = False


@dataclass(frozen=True, repr=False)
class CELU(_Elementwise):
    """max(0, x) + min(0, α · (exp(x/α) − 1)): quotient, exp, difference, product, two comparisons, sum."""

    operations = 7
    is_invertible = True

    alpha: float = 1.0
    inplace: bool = False

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield ArgumentCheck(self.alpha != 0, "alpha is 0, but CELU divides by alpha", "alpha")


@dataclass(frozen=True, repr=False)
class GELU(_Elementwise):
    """x · Φ(x): x · ½ · (1 + erf(x/√2)); with tanh: ½x · (1 + tanh(√(2/π) · (x + 0.044715·x³)))."""

    approximate: Literal["none", "tanh"] = "none"

    @property
    def operations(self) -> int:  # type: ignore[override]
        return 9 if self.approximate == "tanh" else 5


@dataclass(frozen=True, repr=False)
class Hardtanh(_Elementwise):
    """min(max(min_val, x), max_val)."""

    operations = 2

    min_val: float = -1.0
    max_val: float = 1.0
    inplace: bool = False

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        message = f"max_val is {self.max_val}; it must be greater than min_val, which is {self.min_val}"
        yield ArgumentCheck(self.max_val > self.min_val, message, "max_val")


@dataclass(frozen=True, repr=False)
class Hardshrink(_Elementwise):
    """x where |x| > λ, else 0: absolute value and comparison."""

    operations = 2

    lambd: float = 0.5


@dataclass(frozen=True, repr=False)
class Softshrink(_Elementwise):
    """x ∓ λ where |x| > λ, else 0: absolute value, comparison, difference."""

    operations = 3

    lambd: float = 0.5

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield ArgumentCheck(self.lambd >= 0, f"lambd is {self.lambd}; it must be at least 0", "lambd")


@dataclass(frozen=True, repr=False)
class Softplus(_Elementwise):
    """log(1 + exp(β·x)) / β, or x above the threshold: product, exp, sum, log, quotient, comparison."""

    operations = 6

    beta: float = 1.0
    threshold: float = 20.0


@dataclass(frozen=True, repr=False)
class Threshold(_Elementwise):
    """x where x > threshold, else value."""

    operations = 1

    threshold: float
    value: float
    inplace: bool = False


@dataclass(frozen=True, repr=False)
class PReLU(_Elementwise):
    """x where x ≥ 0, else a · x, with one learned `a`, or one per channel."""

    has_dtype = True
    operations = 2

    num_parameters: Size = 1
    init: float = 0.25

    def parameters(self) -> dict[str, Shape]:
        return {"weight": (self.num_parameters,)}

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield at_least(1, num_parameters=self.num_parameters)
        if self.num_parameters != 1:
            channels = shape[1] if len(shape) > 1 else 1
            what = "the input's channel dimension"
            yield Equals(channels, self.num_parameters, what, "num_parameters", "num_parameters")

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        """A derivative and a product per element, and a sum if elements share a parameter."""
        elements = arithmetic.elements(shape)
        sums = elements if elements != self.num_parameters else 0
        return super().elementwise_gradient(shape, needed) + sums


@dataclass(frozen=True, repr=False)
class GLU(Layer):
    """a · σ(b) for the halves a, b of dimension `dim`: 5 operations per output element."""

    gradient_operations = DERIVATIVE_AND_PRODUCT

    dim: int = -1

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield has_dimension(shape, self.dim, "dim")
        yield Divides(2, shape[self.dim], "2", f"dimension {self.dim}", argument="dim")

    def output(self, shape: Shape) -> Shape:
        dim = self.dim % len(shape)
        return (*shape[:dim], shape[dim] // 2, *shape[dim + 1 :])

    def cost(self, shape: Shape) -> Cost:
        return Cost(elementwise=(Sigmoid.operations + 1) * arithmetic.elements(self.output(shape)))

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        return SavedTensors(input=True)


@dataclass(frozen=True, repr=False)
class _SoftmaxBase(_Elementwise):
    """Per element: maximum (1), difference (1), exp (1), sum (1), quotient (1)."""

    operations = SOFTMAX
    gradient_operations = SOFTMAX_GRADIENT
    saves_output = True

    dim: int | None = None

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        if self.dim is not None:
            yield has_dimension(shape, self.dim, "dim")


class Softmax(_SoftmaxBase):
    """exp(x − max x) / Σ exp(x − max x)."""


class Softmin(_SoftmaxBase):
    """Softmax of −x."""

    operations = SOFTMAX + 1
    gradient_operations = SOFTMAX_GRADIENT + 1


class LogSoftmax(_SoftmaxBase):
    """(x − max x) − log Σ exp(x − max x). The logarithm, one per sum, is not counted."""


class Softmax2d(_WithoutArguments):
    """Softmax over the channels of [batch, channels, height, width]."""

    operations = SOFTMAX
    gradient_operations = SOFTMAX_GRADIENT
    saves_output = True

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield Rank(shape, (3, 4), "[batch, channels, height, width] or the same without batch")

"""Normalization layers, counted as in evaluation mode.

Rule: per element 2 to subtract the mean and multiply by the reciprocal deviation, 3 to compute these
statistics if they come from the input, and 1 each for weight and bias.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from convcost.core import arithmetic
from convcost.core.constraints import ArgumentCheck, AtLeast, Divides, Equals, Rank, Requirement
from convcost.core.cost import Cost, Shape, Size
from convcost.layers.interface import DERIVATIVE_AND_PRODUCT, Layer, SavedTensors, Sizes, at_least

SCALE_BY_STATISTICS = 2
"""Per element, given the statistics: subtract the mean, multiply by the reciprocal deviation."""

COMPUTE_STATISTICS = 3
"""Per element: a sum for the mean; a square and a sum for the variance."""

NORMALIZATION_GRADIENT = 10
"""(γ/σ)·(dy − mean dy − x̂·mean(dy·x̂)): x̂ 2, ·γ 1, two sums and a product 3, the differences 3, ·1/σ 1."""


class _PerChannel(Layer):
    """A normalization of channels, the second dimension."""

    gradient_operations = NORMALIZATION_GRADIENT

    has_dtype = True
    ranks: ClassVar[tuple[int, ...]]
    wanted: ClassVar[str]
    num_features: Size
    affine: bool
    track_running_stats: bool
    bias: bool

    def parameters(self) -> dict[str, Shape]:
        return _affine((self.num_features,), self.affine, self.bias)

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield at_least(1, num_features=self.num_features)
        yield Rank(shape, self.ranks, self.wanted)
        yield Equals(
            self.channels(shape),
            self.num_features,
            "the input's channel dimension",
            "num_features",
            argument="num_features",
        )
        if not self.track_running_stats:
            yield AtLeast(self.samples(shape), 2, "the number of values per mean")

    def samples(self, shape: Shape) -> Size:
        """The number of values in each mean and variance of the input."""
        raise NotImplementedError

    def channels(self, shape: Shape) -> Size:
        """The channel dimension of the input."""
        return shape[1]

    def cost(self, shape: Shape) -> Cost:
        """Without running statistics, those of the input are computed, even in evaluation mode."""
        statistics = 0 if self.track_running_stats else COMPUTE_STATISTICS
        per_element = statistics + SCALE_BY_STATISTICS + len(self.parameters())
        return Cost(elementwise=per_element * arithmetic.elements(shape))


@dataclass(frozen=True, repr=False)
class _BatchNorm(_PerChannel):
    num_features: Size
    eps: float = 1e-5
    momentum: float | None = 0.1
    affine: bool = True
    track_running_stats: bool = True
    _: KW_ONLY
    bias: bool = True

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield from super().requirements(shape)
        yield ArgumentCheck(self.eps >= 0, f"eps is {self.eps}; it must be at least 0", "eps")
        is_so = self.track_running_stats or self.eps > 0
        yield ArgumentCheck(is_so, "eps is 0; it must be greater than 0 without running statistics", "eps")

    def samples(self, shape: Shape) -> Size:
        return arithmetic.elements((shape[0], *shape[2:]))

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """The input, and a mean and a deviation per channel; without cuDNN's reserve for channels-last."""
        return SavedTensors(input=True, statistics=2 * self.num_features)


class BatchNorm1d(_BatchNorm):
    """[batch, channels(, length)]: 2 operations per element, plus 1 each for weight and bias.

    Without running statistics, 3 more operations per element.
    """

    ranks = (2, 3)
    wanted = "[batch, channels] or [batch, channels, length]"
    inferred_input = ("B*S", "num_features", "L")


class BatchNorm2d(_BatchNorm):
    """[batch, channels, height, width]: 2 operations per element, plus 1 each for weight and bias."""

    ranks = (4,)
    wanted = "[batch, channels, height, width]"
    inferred_input = ("B", "num_features", "H", "W")


class BatchNorm3d(_BatchNorm):
    """[batch, channels, depth, height, width]: 2 operations per element, plus 1 each for weight and bias."""

    ranks = (5,)
    wanted = "[batch, channels, depth, height, width]"
    inferred_input = ("B", "num_features", "D", "H", "W")


@dataclass(frozen=True, repr=False)
class _InstanceNorm(_PerChannel):
    spatial: ClassVar[int]

    num_features: Size
    eps: float = 1e-5
    momentum: float = 0.1
    affine: bool = False
    track_running_stats: bool = False
    _: KW_ONLY
    bias: bool = True

    def channels(self, shape: Shape) -> Size:
        return shape[-self.spatial - 1]

    def samples(self, shape: Shape) -> Size:
        return arithmetic.elements(shape[-self.spatial :])

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        """torch repeats the parameters for each sample of a batch, and sums their gradients."""
        batch = shape[: -self.spatial - 1]
        repeated = 0 if batch in ((), (1,)) else len(self.parameters())
        sums = repeated * arithmetic.elements(shape[: -self.spatial])
        return super().elementwise_gradient(shape, needed) + sums

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """torch repeats the weight and running statistics for each sample, and treats samples as channels."""
        channels = arithmetic.elements(shape[: -self.spatial])
        repeated = (1 if self.affine else 0) + (2 if self.track_running_stats else 0)
        return SavedTensors(input=True, elements=repeated * channels, statistics=2 * channels)


class InstanceNorm1d(_InstanceNorm):
    """[batch, channels, length] or without batch: 5 operations per element, plus 1 each for weight and bias.

    With running statistics, 3 fewer operations per element.
    """

    spatial = 1
    ranks = (2, 3)
    wanted = "[batch, channels, length] or the same without batch"
    inferred_input = ("B*S", "num_features", "L")


class InstanceNorm2d(_InstanceNorm):
    """Images, with or without a batch: 5 operations per element, plus 1 each for weight and bias."""

    spatial = 2
    ranks = (3, 4)
    wanted = "[batch, channels, height, width] or the same without batch"
    inferred_input = ("B", "num_features", "H", "W")


class InstanceNorm3d(_InstanceNorm):
    """Volumes, with or without a batch: 5 operations per element, plus 1 each for weight and bias."""

    spatial = 3
    ranks = (4, 5)
    wanted = "[batch, channels, depth, height, width] or the same without batch"
    inferred_input = ("B", "num_features", "D", "H", "W")


class _OverLastDimensions(Layer):
    gradient_operations = NORMALIZATION_GRADIENT
    has_dtype = True
    inferred_input = ("B", "S", "normalized_shape")
    normalized_shape: Sizes

    def normalized(self) -> Shape:
        """The normalized dimensions."""
        shape = self.normalized_shape
        return shape if isinstance(shape, tuple) else (shape,)

    def groups(self, shape: Shape) -> Size:
        """The number of means."""
        return arithmetic.elements(shape[: len(shape) - len(self.normalized())])

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield at_least(1, normalized_shape=self.normalized_shape)
        normalized = self.normalized()
        ranks = tuple(range(len(normalized), len(shape) + 1))
        yield Rank(shape, ranks, f"[*, {', '.join(map(str, normalized))}]")
        for size, expected in zip(shape[len(shape) - len(normalized) :], normalized, strict=True):
            what = "the input's normalized dimension"
            yield Equals(size, expected, what, "normalized_shape", "normalized_shape")


@dataclass(frozen=True, repr=False)
class LayerNorm(_OverLastDimensions):
    """Normalizes the last dimensions: 5 operations per element, plus 1 each for weight and bias."""

    normalized_shape: Sizes
    eps: float = 1e-5
    elementwise_affine: bool = True
    bias: bool = True

    def parameters(self) -> dict[str, Shape]:
        return _affine(self.normalized(), self.elementwise_affine, self.bias)

    def cost(self, shape: Shape) -> Cost:
        per_element = COMPUTE_STATISTICS + SCALE_BY_STATISTICS + len(self.parameters())
        return Cost(elementwise=per_element * arithmetic.elements(shape))

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        return SavedTensors(input=True, statistics=2 * self.groups(shape))


@dataclass(frozen=True, repr=False)
class RMSNorm(_OverLastDimensions):
    """x / √(mean x² + eps) · γ: square, sum and product per element, plus 1 for the weight."""

    normalized_shape: Sizes
    eps: float | None = None
    elementwise_affine: bool = True

    def parameters(self) -> dict[str, Shape]:
        return {"weight": self.normalized()} if self.elementwise_affine else {}

    def cost(self, shape: Shape) -> Cost:
        return Cost(elementwise=(3 + len(self.parameters())) * arithmetic.elements(shape))

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """As in the CUDA kernel. The CPU also saves the normalized input, if there is a weight."""
        return SavedTensors(input=True, statistics=self.groups(shape))


@dataclass(frozen=True, repr=False)
class GroupNorm(Layer):
    """[batch, channels, *], in groups: 5 operations per element, plus 1 each for weight and bias."""

    gradient_operations = NORMALIZATION_GRADIENT
    has_dtype = True
    inferred_input = ("B*S", "num_channels", "L")

    num_groups: Size
    num_channels: Size
    eps: float = 1e-5
    affine: bool = True
    _: KW_ONLY
    bias: bool = True

    def parameters(self) -> dict[str, Shape]:
        return _affine((self.num_channels,), self.affine, self.bias)

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield at_least(1, num_groups=self.num_groups, num_channels=self.num_channels)
        names = ("num_groups", "num_channels")
        yield Divides(self.num_groups, self.num_channels, *names, argument="num_groups")
        yield Rank(shape, tuple(range(2, len(shape) + 1)), "[batch, channels, *]")
        what = "the input's channel dimension"
        yield Equals(shape[1], self.num_channels, what, "num_channels", "num_channels")
        samples = arithmetic.elements((shape[0], shape[1] // self.num_groups, *shape[2:]))
        yield AtLeast(samples, 2, "batch x channels of a group x positions")

    def cost(self, shape: Shape) -> Cost:
        per_element = COMPUTE_STATISTICS + SCALE_BY_STATISTICS + len(self.parameters())
        return Cost(elementwise=per_element * arithmetic.elements(shape))

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        return SavedTensors(input=True, statistics=2 * shape[0] * self.num_groups)


@dataclass(frozen=True, repr=False)
class LocalResponseNorm(Layer):
    """x / (k + α · mean of x² over `size` channels)^β.

    Per element: the square, `size` operations for the mean, product, sum, power, quotient.
    """

    inferred_input = ("B", "C", "H", "W")

    size: Size
    alpha: float = 1e-4
    beta: float = 0.75
    k: float = 1.0

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield at_least(1, size=self.size)
        yield Rank(shape, tuple(range(3, len(shape) + 1)), "[batch, channels, length, *]")

    def cost(self, shape: Shape) -> Cost:
        return Cost(elementwise=(self.size + 5) * arithmetic.elements(shape))

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """The input, the squares padded along the channels, and the divisor before and after its power."""
        return SavedTensors(input=True, elements=self._padded(shape) + 2 * arithmetic.elements(shape))

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        """Thirteen operators, as in torch's implementation, and the mean over the padded squares."""
        return 13 * arithmetic.elements(shape) + DERIVATIVE_AND_PRODUCT * self._padded(shape)

    def _padded(self, shape: Shape) -> Size:
        return arithmetic.elements((shape[0], shape[1] + self.size - 1, *shape[2:]))


def _affine(shape: Shape, affine: bool, bias: bool) -> dict[str, Shape]:
    if not affine:
        return {}
    return {"weight": shape, "bias": shape} if bias else {"weight": shape}

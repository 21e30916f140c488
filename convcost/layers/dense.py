"""Linear and Bilinear on the last dimension; Embedding and EmbeddingBag, which look up rows of a table.

MACs: one per weight and position; for Bilinear also those of the product with the second input. A bias is
one addition per output element. A lookup has no MACs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from convcost.core import arithmetic
from convcost.core.constraints import ArgumentCheck, AtLeast, AtMost, Equals, Rank, Requirement
from convcost.core.cost import Cost, Gradients, Shape, Size
from convcost.layers.interface import INDEX_DTYPE, Layer, SavedTensors, at_least, tensor_limits


@dataclass(frozen=True, repr=False)
class Linear(Layer):
    """y = x Wᵀ + b on the last dimension: [*, in_features] → [*, out_features]."""

    has_dtype = True

    contracts = True
    inferred_input = ("B", "S", "in_features")

    in_features: Size
    out_features: Size
    bias: bool = True

    def parameters(self) -> dict[str, Shape]:
        weight = {"weight": (self.out_features, self.in_features)}
        return weight | ({"bias": (self.out_features,)} if self.bias else {})

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield at_least(1, in_features=self.in_features, out_features=self.out_features)
        yield Rank(shape, tuple(range(1, len(shape) + 1)), "[*, in_features]")
        yield Equals(
            shape[-1],
            self.in_features,
            "the input's last dimension",
            "in_features",
            hint="Linear works on the last dimension: change in_features, or rearrange the input.",
        )

    def output(self, shape: Shape) -> Shape:
        return (*shape[:-1], self.out_features)

    def cost(self, shape: Shape) -> Cost:
        positions = arithmetic.elements(shape[:-1])
        macs = arithmetic.linear_macs(positions, self.in_features, self.out_features)
        return Cost(macs, macs, positions * self.out_features if self.bias else 0)

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        return SavedTensors(input=True)

    def loops(self, shape: Shape) -> tuple[tuple[str, Size], ...]:
        return (
            ("position", arithmetic.elements(shape[:-1])),
            ("out_feature", self.out_features),
            ("in_feature", self.in_features),
        )


@dataclass(frozen=True, repr=False)
class Bilinear(Layer):
    """y = x1ᵀ A x2 + b.

    The input is x1 and x2 concatenated along the last dimension: [*, in1_features + in2_features].
    """

    has_dtype = True

    contracts = True
    inferred_input = ("B", "S", "in1_features+in2_features")

    in1_features: Size
    in2_features: Size
    out_features: Size
    bias: bool = True

    def parameters(self) -> dict[str, Shape]:
        weight = {"weight": (self.out_features, self.in1_features, self.in2_features)}
        return weight | ({"bias": (self.out_features,)} if self.bias else {})

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield at_least(1, in1_features=self.in1_features, in2_features=self.in2_features)
        yield at_least(1, out_features=self.out_features)
        yield Rank(shape, tuple(range(1, len(shape) + 1)), "[*, in1_features + in2_features]")
        yield Equals(
            shape[-1],
            self.in1_features + self.in2_features,
            "the input's last dimension",
            "in1_features + in2_features",
            hint="Concatenate the two inputs of Bilinear along the last dimension.",
        )

    def output(self, shape: Shape) -> Shape:
        return (*shape[:-1], self.out_features)

    def cost(self, shape: Shape) -> Cost:
        positions = arithmetic.elements(shape[:-1])
        macs = arithmetic.bilinear_macs(positions, self.in1_features, self.in2_features, self.out_features)
        return Cost(macs, macs, positions * self.out_features if self.bias else 0)

    def gradients(self, shape: Shape, forward: Cost, needed: tuple[bool, ...]) -> Gradients:
        """The gradient by each of the two inputs costs as much as the forward pass."""
        gradients = super().gradients(shape, forward, needed)
        return Gradients(gradients.by_input + gradients.by_input, gradients.by_weight)

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        return SavedTensors(input=True)

    def loops(self, shape: Shape) -> tuple[tuple[str, Size], ...]:
        """For each feature of x2, x1ᵀ·A takes in1_features steps, and the product with x2 one more."""
        return (
            ("position", arithmetic.elements(shape[:-1])),
            ("out_feature", self.out_features),
            ("in2_feature", self.in2_features),
            ("in1_feature_then_x2", self.in1_features + 1),
        )


class _Table(Layer):
    """Looks up rows of a table by index."""

    has_dtype = True
    inferred_input = ("B", "S")
    input_dtypes = (INDEX_DTYPE,)

    num_embeddings: Size
    embedding_dim: Size
    padding_idx: Size | None

    def parameters(self) -> dict[str, Shape]:
        return {"weight": (self.num_embeddings, self.embedding_dim)}

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield at_least(1, num_embeddings=self.num_embeddings, embedding_dim=self.embedding_dim)
        if self.padding_idx is not None:
            hint = "padding_idx is a row of the table; a negative one counts from the end."
            limits = self.padding_idx, -self.num_embeddings, self.num_embeddings - 1
            yield AtLeast(*limits[:2], "padding_idx", "padding_idx", hint)
            yield AtMost(*limits[::2], "padding_idx", "padding_idx", hint)
        yield from tensor_limits(self.output(shape))

    def elements_looked_up(self, shape: Shape) -> Size:
        """One row per index."""
        return arithmetic.elements(shape) * self.embedding_dim


@dataclass(frozen=True, repr=False)
class Embedding(_Table):
    """Looks up one row of the table per index: [*] → [*, embedding_dim]."""

    num_embeddings: Size
    embedding_dim: Size
    padding_idx: Size | None = None
    max_norm: float | None = None
    norm_type: float = 2.0
    scale_grad_by_freq: bool = False
    sparse: bool = False

    def output(self, shape: Shape) -> Shape:
        return (*shape, self.embedding_dim)

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        """One addition to the row per element looked up; none with `sparse`, which lists the gradients."""
        return 0 if self.sparse else self.elements_looked_up(shape)

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        return SavedTensors(input=True)


BagMode = Literal["sum", "mean", "max"]


def bag_operations(mode: BagMode, looked_up: Size, outputs: Size) -> Size:
    """One sum or comparison per element looked up; for a mean also one quotient per output element.

    Padding rows count too: where they occur depends on the data.
    """
    return looked_up + (outputs if mode == "mean" else 0)


def bag_gradient_operations(mode: BagMode, looked_up: Size, outputs: Size, sparse: bool) -> Size:
    """One addition per element looked up, or per output element for a maximum; for a mean also the quotients.

    No additions with `sparse`, which lists the gradients.
    """
    sums = 0 if sparse else outputs if mode == "max" else looked_up
    return sums + (outputs if mode == "mean" else 0)


@dataclass(frozen=True, repr=False)
class EmbeddingBag(_Table):
    """The sum, mean or maximum of the rows of each bag: [batch, indices] → [batch, embedding_dim].

    Counts 1 per element looked up, and for a mean 1 per output element. Each row of the input is a bag, so
    `include_last_offset` has no effect, as in torch.
    """

    num_embeddings: Size
    embedding_dim: Size
    max_norm: float | None = None
    norm_type: float = 2.0
    scale_grad_by_freq: bool = False
    mode: BagMode = "mean"
    sparse: bool = False
    include_last_offset: bool = False
    padding_idx: Size | None = None

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        for argument in ("scale_grad_by_freq", "sparse"):
            is_so = self.mode != "max" or not getattr(self, argument)
            yield ArgumentCheck(is_so, f"{argument} is not possible with mode=max", argument)
        hint = "For bags of different lengths, count torch's module with offsets: convcost model file.py:Net."
        yield Rank(shape, (2,), "[batch, indices of a bag]", hint)
        yield from super().requirements(shape)

    def output(self, shape: Shape) -> Shape:
        return (shape[0], self.embedding_dim)

    def cost(self, shape: Shape) -> Cost:
        outputs = arithmetic.elements(self.output(shape))
        return Cost(elementwise=bag_operations(self.mode, self.elements_looked_up(shape), outputs))

    def elementwise_gradient(self, shape: Shape, needed: tuple[bool, ...]) -> Size:
        outputs = arithmetic.elements(self.output(shape))
        return bag_gradient_operations(self.mode, self.elements_looked_up(shape), outputs, self.sparse)

    def saved_tensors(self, shape: Shape, output: Shape) -> SavedTensors:
        """The bag of each index, the start and length of each bag, and the rows of the maxima.

        Source: ATen's cuda/EmbeddingBag.cu.
        """
        maxima = arithmetic.elements(output) if self.mode == "max" else 0
        return SavedTensors(input=True, indices=arithmetic.elements(shape) + 2 * shape[0] + maxima)

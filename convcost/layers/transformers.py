"""Transformers: residual blocks of attention and of two linear layers, with normalization."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, TypeVar

from convcost.core.constraints import AtMost, Divides, Equals, NumberNeeded, Rank, Requirement
from convcost.core.cost import Shape, Size
from convcost.layers.activation import GELU, ReLU
from convcost.layers.attention import MultiheadAttention, batch_first_warning, equal_leading
from convcost.layers.composite import CompositeLayer, Part, prefixed
from convcost.layers.dense import Linear
from convcost.layers.interface import Layer, at_least, probability
from convcost.layers.joins import add
from convcost.layers.normalization import LayerNorm

Activation = Literal["relu", "gelu"]

MOST_LAYERS = 1_000
"""The most layers of a Transformer; bounds the number of parameter names."""

Layered = TypeVar("Layered", bound="_TransformerLayer")


class _Transformer(CompositeLayer):
    """Common arguments and requirements of a Transformer and its layers."""

    has_dtype = True
    unknown_memory = "no rule for the saved tensors of {}; write it as a chain of layers"

    d_model: Size
    nhead: Size
    dim_feedforward: Size
    dropout: float
    activation: Activation
    layer_norm_eps: float
    batch_first: bool
    norm_first: bool
    bias: bool

    def _norm(self) -> LayerNorm:
        return LayerNorm(self.d_model, self.layer_norm_eps, bias=self.bias)

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        yield at_least(1, d_model=self.d_model, nhead=self.nhead, dim_feedforward=self.dim_feedforward)
        yield Divides(self.nhead, self.d_model, "nhead", "d_model", argument="nhead")
        yield probability(self.dropout, "dropout")
        order = "batch, positions" if self.batch_first else "positions, batch"
        yield Rank(shape, (2, 3), f"[{order}, d_model] or the same without batch")
        yield Equals(shape[-1], self.d_model, "the input's last dimension", "d_model", "d_model")
        for number, other in enumerate(self.further_inputs, start=1):
            name = f"input {number + 1}"
            yield from equal_leading(other, shape, 0, name, "the first input", number)
            for dim in ((0, 2) if self.batch_first else (1, 2)) if len(shape) == 3 else (1,):
                what, expected = f"dimension {dim} of {name}", "that of the first input"
                yield Equals(other[dim], shape[dim], what, expected, f"inputs[{number}]")

    def warnings(self, shape: Shape) -> Iterator[str]:
        yield from batch_first_warning(self, shape, self.batch_first)


@dataclass(frozen=True, repr=False)
class _TransformerLayer(_Transformer):
    """A layer of residual blocks: attention and linear layers. Parts have torch's names."""

    inferred_input = ("L", "d_model")
    attentions: ClassVar[tuple[str, ...]]

    d_model: Size
    nhead: Size
    dim_feedforward: Size = 2048
    dropout: float = 0.1
    activation: Activation = "relu"
    layer_norm_eps: float = 1e-5
    batch_first: bool = False
    norm_first: bool = False
    bias: bool = True

    def _attention(self) -> MultiheadAttention:
        dropout, bias = self.dropout, self.bias
        return MultiheadAttention(self.d_model, self.nhead, dropout, bias, batch_first=self.batch_first)

    def parameters(self) -> dict[str, Shape]:
        parts: dict[str, Layer] = {
            **{name: self._attention() for name in self.attentions},
            "linear1": Linear(self.d_model, self.dim_feedforward, self.bias),
            "linear2": Linear(self.dim_feedforward, self.d_model, self.bias),
            **{f"norm{number + 1}": self._norm() for number in range(len(self.attentions) + 1)},
        }
        return {
            key: shape
            for name, part in parts.items()
            for key, shape in prefixed(name, part.parameters()).items()
        }

    def _self_attention(self, shape: Shape) -> Part:
        return Part("self_attn", self._attention(), shape, (None if self.norm_first else 0,))

    def _feed_forward(self, shape: Shape) -> tuple[Part, ...]:
        hidden = (*shape[:-1], self.dim_feedforward)
        return (
            Part("linear1", Linear(self.d_model, self.dim_feedforward, self.bias), shape),
            Part("activation", ReLU() if self.activation == "relu" else GELU(), hidden),
            Part("linear2", Linear(self.dim_feedforward, self.d_model, self.bias), hidden),
        )

    def _residual(self, shape: Shape, number: int, *block: Part) -> tuple[Part, ...]:
        """x + block(x), with normalization `number` before the block, or after the sum."""
        source = 0 if number == 1 else None
        norm = Part(f"norm{number}", self._norm(), shape, (source if self.norm_first else None,))
        total = Part("add", add(further_inputs=(shape,)), shape, (source, None))
        return (norm, *block, total) if self.norm_first else (*block, total, norm)


class TransformerEncoderLayer(_TransformerLayer):
    """x + self-attention, then x + two linear layers with an activation; each sum is normalized.

    [T, B, d_model], [B, T, d_model] if `batch_first`, or [T, d_model] → the same shape. With `norm_first`,
    the inputs of attention and of the linear layers are normalized instead of the sums. The cost is the sum
    over the parts; a residual sum counts 1 operation per element.
    """

    attentions = ("self_attn",)

    def parts(self, shape: Shape) -> tuple[Part, ...]:
        return (
            *self._residual(shape, 1, self._self_attention(shape)),
            *self._residual(shape, 2, *self._feed_forward(shape)),
        )


class TransformerDecoderLayer(_TransformerLayer):
    """x + self-attention, x + attention to a memory, x + two linear layers; each sum is normalized.

    [T, B, d_model] and a memory [S, B, d_model] (batch first if `batch_first`, or both without batch) → the
    shape of the first. With `norm_first`, the input of each block is normalized instead of the sum. The cost
    is the sum over the parts; a residual sum counts 1 operation per element.
    """

    attentions = ("self_attn", "multihead_attn")
    input_counts = range(2, 3)

    def usual_further_inputs(self, shape: Shape) -> tuple[Shape, ...]:
        return (shape,)

    def parts(self, shape: Shape) -> tuple[Part, ...]:
        to_memory = replace(self._attention(), further_inputs=self.further_inputs)
        return (
            *self._residual(shape, 1, self._self_attention(shape)),
            *self._residual(shape, 2, Part("multihead_attn", to_memory, shape, (None, 1))),
            *self._residual(shape, 3, *self._feed_forward(shape)),
        )


@dataclass(frozen=True, repr=False)
class Transformer(_Transformer):
    """Encoder layers on a source, then decoder layers on a target, with the encoder's output as memory.

    Source [S, B, d_model] and target [T, B, d_model] (batch first if `batch_first`, or both without batch) →
    the shape of the target. The cost is that of the layers, and of one normalization each after the encoder
    and the decoder.
    """

    inferred_input = ("L", "d_model")
    input_counts = range(2, 3)

    d_model: Size = 512
    nhead: Size = 8
    num_encoder_layers: Size = 6
    num_decoder_layers: Size = 6
    dim_feedforward: Size = 2048
    dropout: float = 0.1
    activation: Activation = "relu"
    layer_norm_eps: float = 1e-5
    batch_first: bool = False
    norm_first: bool = False
    bias: bool = True

    def usual_further_inputs(self, shape: Shape) -> tuple[Shape, ...]:
        return (shape,)

    def requirements(self, shape: Shape) -> Iterator[Requirement]:
        for argument in ("num_encoder_layers", "num_decoder_layers"):
            number = getattr(self, argument)
            yield NumberNeeded(number, argument)
            yield at_least(1, **{argument: number})
            yield AtMost(number, MOST_LAYERS, argument, argument)
        yield from super().requirements(shape)

    def output(self, shape: Shape) -> Shape:
        return self.further_inputs[0]

    def _layer(self, kind: type[Layered]) -> Layered:
        return kind(
            self.d_model,
            self.nhead,
            self.dim_feedforward,
            self.dropout,
            self.activation,
            self.layer_norm_eps,
            self.batch_first,
            self.norm_first,
            self.bias,
        )

    def parameters(self) -> dict[str, Shape]:
        encoder, decoder = self._layer(TransformerEncoderLayer), self._layer(TransformerDecoderLayer)
        parameters = _layers_parameters("encoder", encoder, self.num_encoder_layers)
        parameters |= prefixed("encoder.norm", self._norm().parameters())
        parameters |= _layers_parameters("decoder", decoder, self.num_decoder_layers)
        return parameters | prefixed("decoder.norm", self._norm().parameters())

    def parts(self, shape: Shape) -> tuple[Part, ...]:
        encoder = self._layer(TransformerEncoderLayer)
        decoder = replace(self._layer(TransformerDecoderLayer), further_inputs=(shape,))
        target = self.further_inputs[0]
        first, second = Part("encoder", encoder, shape, (0,)), Part("decoder", decoder, target, (1, None))
        return (
            *(first, *(first._replace(sources=(None,)),) * (self.num_encoder_layers - 1)),
            Part("encoder.norm", self._norm(), shape),
            *(second, *(second._replace(sources=(None, None)),) * (self.num_decoder_layers - 1)),
            Part("decoder.norm", self._norm(), target),
        )


def _layers_parameters(name: str, layer: Layer, number: int) -> dict[str, Shape]:
    """The parameters of `number` copies of a layer."""
    parameters: dict[str, Shape] = {}
    for index in range(number):
        parameters |= prefixed(f"{name}.layers.{index}", layer.parameters())
    return parameters

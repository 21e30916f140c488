"""Gradient operators that torch dispatches: exact for contractions, estimated for elementwise work.

Gradients of contractions that a model calls are counted with the call. These formulas are for calls inside
transforms and custom autograd functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convcost.core.cost import Cost, Shape
from convcost.layers.interface import DERIVATIVE_AND_PRODUCT
from convcost.layers.normalization import NORMALIZATION_GRADIENT
from convcost.layers.operation_counts import SOFTMAX_GRADIENT
from convcost.operators import attention, convolution, recurrent
from convcost.operators.interface import Operand, Operator, each_element, outputs, size
from convcost.operators.pooling import INTERPOLATIONS

NORMALIZATIONS = (
    *("native_batch_norm_backward", "native_layer_norm_backward", "native_group_norm_backward"),
    *("batch_norm_backward", "cudnn_batch_norm_backward", "_fused_rms_norm_backward"),
)

DISTANCE_OPERATIONS = 4

COPIES = tuple(
    f"{start}{dimensions}d_backward"
    for start in ("upsample_nearest", "_upsample_nearest_exact", "reflection_pad", "replication_pad")
    for dimensions in (1, 2, 3)
)
"""Each output element copies an input element, so its gradient is one sum."""

SOFTMAXES = (
    *("_softmax_backward_data", "_log_softmax_backward_data"),
    *("_sparse_softmax_backward_data", "_sparse_log_softmax_backward_data"),
)


def convolution_backward(
    grad_output: Operand,
    input: Operand,
    weight: Operand,
    output_mask: Sequence[bool],
    bias_sizes: Shape | None = None,
    **geometry: Any,
) -> Cost:
    """By input and by weight: the MACs of the forward pass each. By bias: a sum per output element."""
    forward = convolution.convolution_layer(input=input, weight=weight, **geometry).cost(tuple(input.shape))
    by_input, by_weight, by_bias = output_mask
    product = Cost(forward.macs, forward.valid_macs)
    sums = Cost(bias_adds=size(grad_output) if by_bias else 0)
    return sum([product] * (by_input + by_weight), sums)


def linear_backward(
    self: Operand, grad_output: Operand, weight: Operand, output_mask: Sequence[bool], **_: Any
) -> Cost:
    """By input and by weight: the MACs of the forward pass each. By bias: a sum per output element."""
    by_input, by_weight, by_bias = output_mask
    macs = size(grad_output) * weight.shape[-1] * (by_input + by_weight)
    return Cost(macs, macs, size(grad_output) if by_bias else 0)


def matmul_backward(grad: Operand, self: Operand, mask: Sequence[bool], **_: Any) -> Cost:
    """By each factor: the MACs of the forward pass."""
    macs = size(grad) * self.shape[-1] * sum(mask)
    return Cost(macs, macs)


def attention_backward(query: Operand, key: Operand, value: Operand, **arguments: Any) -> Cost:
    """Gradients by those of queries, keys and values in `grad_input_mask`."""
    operands = {"query": query, "key": key, "value": value}
    is_causal = arguments.get("is_causal", False)
    forward = attention.scaled_dot_product_attention(query, key, value, is_causal=is_causal)
    mask = arguments.get("grad_input_mask", (True,) * len(operands))
    needed = frozenset(name for name, is_needed in zip(operands, mask, strict=False) if is_needed)
    dropout = arguments.get("dropout_p", 0.0)
    gradients = attention.gradients(needed, forward, **operands, dropout_p=dropout)
    return sum(gradients.values(), Cost())


def interpolation_backward(operations: int) -> Operator:
    """Adds the weighted gradient of each output element to its neighbours."""

    def cost(grad_output: Operand, **_: Any) -> Cost:
        return Cost(elementwise=operations * size(grad_output))

    cost.__doc__ = f"{operations} per element of the output's gradient."
    return Operator(cost, estimated=True)


def onednn_layer_backward(
    input: Operand, weight1: Operand, weight2: Operand, weight3: Operand, weight4: Operand, **options: Any
) -> Cost:
    """By inputs and by weights: the MACs of the forward pass each. By biases: their sums."""
    forward = recurrent.onednn_layer(input, weight1, weight2, weight3, weight4, **options)
    return Cost(2 * forward.macs, 2 * forward.macs, forward.bias_adds)


def normalization_backward(**arguments: Any) -> Cost:
    """10 operations per element of the output's gradient, the first argument."""
    gradient = next(argument for name, argument in arguments.items() if name != "output")
    return Cost(elementwise=NORMALIZATION_GRADIENT * size(gradient))


def embedding_backward(grad_output: Operand, **_: Any) -> Cost:
    """One addition per element looked up."""
    return Cost(elementwise=size(grad_output))


def cdist_backward(x1: Operand, cdist: Operand, **_: Any) -> Cost:
    """Per pair and feature: a difference, a quotient, a product and a sum."""
    return Cost(elementwise=DISTANCE_OPERATIONS * size(cdist) * x1.shape[-1])


def _estimated(operations: int) -> Operator:
    return each_element(operations)._replace(estimated=True)


ESTIMATED_BACKWARD = _estimated(DERIVATIVE_AND_PRODUCT)

OPERATORS = {
    **dict.fromkeys(NORMALIZATIONS, Operator(normalization_backward, estimated=True)),
    "embedding_dense_backward": Operator(embedding_backward),
    **dict.fromkeys(SOFTMAXES, _estimated(SOFTMAX_GRADIENT)),
    **dict.fromkeys(("_thnn_fused_lstm_cell_backward_impl", "_standard_gamma_grad"), ESTIMATED_BACKWARD),
    **{f"{name}_backward": interpolation_backward(count) for name, count in INTERPOLATIONS.items()},
    **dict.fromkeys(COPIES, interpolation_backward(1)),
    "_cdist_backward": Operator(cdist_backward, estimated=True),
    **dict.fromkeys(
        ("convolution_backward", "convolution_backward_overrideable"),
        Operator(convolution_backward, activations=outputs),
    ),
    **dict.fromkeys(
        ("linear_backward", "mkldnn_linear_backward"), Operator(linear_backward, activations=outputs)
    ),
    "mkldnn_rnn_layer_backward": Operator(onednn_layer_backward, activations=outputs),
    "matmul_backward": Operator(matmul_backward, activations=outputs),
    **{
        f"{kernel}_backward": Operator(attention_backward, activations=outputs)
        for kernel in attention.KERNELS
    },
}

CONTRACTING_NAMES = (
    "linear",
    "rnn",
    "lstm",
    "gru",
    "conv",
    "mm",
    "matmul",
    "attention",
    "trilinear",
    "cdist",
)
"""Parts of the names of operators whose backward multiplies matrices; these are never estimated."""


def estimated_backward(name: str) -> Operator | None:
    """An estimate for the backward of elementwise work; None for other operators."""
    is_elementwise = name.endswith("_backward") and not any(part in name for part in CONTRACTING_NAMES)
    return ESTIMATED_BACKWARD if is_elementwise else None

"""Quantized operators: integer products, counted like their floating-point versions.

Rescaling a sum of products when it is stored is not counted; converting a tensor is. Weights are in packed
objects of torch, which can be unpacked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from convcost.core.cost import Cost
from convcost.operators import convolution, elementwise, normalization, recurrent
from convcost.operators.interface import (
    FREE,
    Operand,
    Operator,
    ShapeOperand,
    contraction,
    each_element,
    size,
)

QUANTIZE = 5
"""Per element: a product with 1 / scale, rounding, the zero point, and two comparisons."""

DEQUANTIZE = 2
"""Per element: the zero point, and a product with the scale."""

PACKED = ("packed_weight", "weight", "W_prepack", "qw", "W")
"""Names of the weight argument."""

INPUT = ("qx", "X", "input", "inp")

WeightAndBias = tuple[Operand, Any]


def unpack(packed: Any) -> WeightAndBias:
    """The weight and the bias (or None) in a packed object."""
    weight, bias = packed.unpack()
    return weight, bias


def _first_argument(arguments: dict[str, Any], names: Sequence[str]) -> Any:
    return next(arguments[name] for name in names if name in arguments)


def linear(output: Operand, **arguments: Any) -> Cost:
    """[*, in_features] by [out_features, in_features], with any packing of the weight."""
    weight = next((arguments[name] for name in PACKED if name in arguments), None)
    bias = unpack(weight)[1] if hasattr(weight, "unpack") else arguments.get("bias", arguments.get("B"))
    macs = size(output) * _first_argument(arguments, INPUT).shape[-1]
    return Cost(macs, macs, 0 if bias is None else size(output))


def packed_convolution(**arguments: Any) -> Cost:
    """A convolution, or a transposed one, with the geometry in its packed weight.

    A packed weight in 1d has an additional height of 1.
    """
    shape, packed = tuple(_first_argument(arguments, INPUT).shape), _first_argument(arguments, PACKED)
    spatial = len(shape) - 2
    weight, bias = unpack(packed)
    geometry = {name: getattr(packed, name)()[-spatial:] for name in ("stride", "padding", "dilation")}
    if packed.transpose():
        geometry["output_padding"] = packed.output_padding()[-spatial:]
    layer = convolution.convolution_layer(
        weight=ShapeOperand((*weight.shape[:2], *weight.shape[-spatial:])),
        bias=bias,
        transposed=packed.transpose(),
        groups=packed.groups(),
        **geometry,
    )
    return layer.cost(shape)


def unpacked_convolution(transposed: bool) -> Callable[..., Cost]:
    """A convolution with the weight as a tensor, and the geometry as arguments."""

    def cost(**arguments: Any) -> Cost:
        """The same as the floating-point convolution."""
        geometry = ("stride", "padding", "dilation", "groups", "output_padding")
        layer = convolution.convolution_layer(
            weight=_first_argument(arguments, PACKED),
            bias=arguments.get("bias", arguments.get("B")),
            transposed=transposed,
            **{name: arguments[name] for name in geometry if name in arguments},
        )
        return layer.cost(tuple(_first_argument(arguments, INPUT).shape))

    return cost


def sequence(kind: str) -> Operator:
    """An LSTM or GRU with two packed weights per layer and direction."""

    def cost(params: Sequence[Any], **arguments: Any) -> Cost | None:
        """One MAC per weight and position, and elementwise work for the gates."""
        if any(hasattr(param, "shape") for param in params):
            return None
        steps = arguments["input"] if "input" in arguments else arguments["data"]
        cells = [tensor for param in params for tensor in cell_parameters(param)]
        return recurrent.weights_cost(kind, size(steps) // steps.shape[-1], cells)

    return contraction(cost)._replace(gradients=None)


def cell_parameters(param: Any) -> list[Operand]:
    """Both matrices of a packed cell, and its biases, which may be packed or separate."""
    (_, biases, _, _, packed), _ = param.__getstate__()
    tensors = [tensor for weight in packed for tensor in unpack(weight) if tensor is not None]
    matrices = [tensor for tensor in tensors if len(tensor.shape) == 2]
    return [*matrices, *(biases or (tensor for tensor in tensors if len(tensor.shape) == 1))]


def cell(kind: str) -> Operator:
    """One step, with two packed weights."""

    def cost(input: Operand, w_ih: Any, w_hh: Any, **arguments: Any) -> Cost:
        """One MAC per weight and position, and elementwise work for the gates."""
        matrices = [weight if hasattr(weight, "shape") else unpack(weight)[0] for weight in (w_ih, w_hh)]
        names = ("bias_ih", "bias_hh", "b_ih", "b_hh")
        biases = [arguments[name] for name in names if arguments.get(name) is not None]
        positions = size(input) // input.shape[-1]
        return recurrent.weights_cost(kind, positions, [*matrices, *biases])

    return contraction(cost)


def with_elementwise(rule: Callable[..., Cost], operations: int) -> Operator:
    """A product, followed by `operations` per output element."""

    def cost(output: Operand, **arguments: Any) -> Cost:
        return rule(output=output, **arguments) + Cost(elementwise=operations * size(output))

    cost.__doc__ = f"{rule.__doc__ or ''} Then {operations} per output element.".strip()
    return contraction(cost)


def matmul(qa: Operand, output: Operand, **_: Any) -> Cost:
    """[*, n, k] by [*, k, m]."""
    macs = size(output) * qa.shape[-1]
    return Cost(macs, macs)


def softmax(qx: Operand, dim: int, **_: Any) -> Cost:
    """The same as the floating-point softmax."""
    return elementwise.softmax(qx, dim)


def batch_norm(qx: Operand, weight: Any = None, bias: Any = None, **_: Any) -> Cost:
    """Batch normalization with running statistics."""
    return normalization.mean_variance_norm(qx, weight, bias, running_mean=qx)


def _operations(name: str) -> int:
    found = elementwise.OPERATORS[name].cost(output=ShapeOperand((1,)))
    return found.elementwise if found else 0


ADD, RELU = 1, _operations("relu")
LEAKY_RELU, TANH = _operations("leaky_relu"), _operations("tanh")

LINEAR = {
    **dict.fromkeys(("linear", "linear_dynamic", "linear_dynamic_fp16"), 0),
    **dict.fromkeys(("linear_relu", "linear_relu_dynamic", "linear_relu_dynamic_fp16"), RELU),
    **{"linear_leaky_relu": LEAKY_RELU, "linear_tanh": TANH},
    "linear_with_input_q_dq_qweight_dq_output_fp32": 0,
    "linear_with_input_q_dq_qweight_dq_relu_output_fp32": RELU,
    "linear_dynamic_fp16_unpacked_weight": 0,
}

CONVOLUTIONS = {
    **{f"conv{n}d{end}": 0 for n in (1, 2, 3) for end in ("", "_dynamic")},
    **{f"conv_transpose{n}d{end}": 0 for n in (1, 2, 3) for end in ("", "_dynamic")},
    **{f"conv{n}d_relu": RELU for n in (1, 2, 3)},
    **{"conv2d_add": ADD, "conv2d_add_relu": ADD + RELU},
}

ELEMENTWISE = {
    **{f"{kind}{scalar}": 1 for kind in ("add", "mul") for scalar in ("", "_scalar", "_out", "_scalar_out")},
    **{
        f"{kind}{scalar}_relu{end}": 1 + RELU
        for kind in ("add", "mul")
        for scalar in ("", "_scalar")
        for end in ("", "_out")
    },
    **{"cat_relu": RELU, "cat_relu_out": RELU, "clamp": 2},
    **{
        name: _operations(name)
        for name in ("celu", "elu", "hardswish", "leaky_relu", "prelu", "relu6", "sigmoid", "threshold")
    },
}

FREE_NAMES = (
    *(f"conv{n}d_{what}" for n in (1, 2, 3) for what in ("prepack", "unpack")),
    *(f"conv_transpose{n}d_{what}" for n in (1, 2, 3) for what in ("prepack", "unpack")),
    *("linear_prepack", "linear_prepack_fp16", "linear_unpack", "linear_unpack_fp16", "conv_prepack"),
    *("make_quantized_cell_params", "make_quantized_cell_params_dynamic", "make_quantized_cell_params_fp16"),
    *("embedding_bag_prepack", "embedding_bag_unpack", "cat", "cat_out", "conv_unpack"),
    *("embedding_byte", "embedding_4bit", "dropout"),
)
"""Operators that pack, unpack, move or look up; dropout, which does nothing in evaluation mode."""

LINEAR_KERNELS = (
    *("fbgemm_linear_int8_weight", "fbgemm_linear_int8_weight_fp32_activation"),
    *("fbgemm_linear_fp16_weight", "fbgemm_linear_fp16_weight_fp32_activation"),
    *("_wrapped_quantized_linear_prepacked", "_dyn_quant_matmul_4bit"),
)

CONVERSIONS = {
    **dict.fromkeys(("quantize_per_tensor", "quantize_per_channel", "quantize_per_tensor_dynamic"), QUANTIZE),
    "dequantize": DEQUANTIZE,
    **dict.fromkeys(
        (
            *("fake_quantize_per_tensor_affine_cachemask", "fake_quantize_per_channel_affine_cachemask"),
            *("_fake_quantize_per_tensor_affine_cachemask_tensor_qparams", "_fused_moving_avg_obs_fq_helper"),
            *("_fake_quantize_learnable_per_tensor_affine", "_fake_quantize_learnable_per_channel_affine"),
        ),
        QUANTIZE + DEQUANTIZE,
    ),
}

ATTRIBUTES = (
    *("int_repr", "q_scale", "q_zero_point", "q_per_channel_scales", "q_per_channel_zero_points", "qscheme"),
    *("q_per_channel_axis", "_empty_affine_quantized", "_empty_per_channel_affine_quantized"),
    *("_make_per_tensor_quantized_tensor", "_make_per_channel_quantized_tensor", "empty_quantized"),
)

DECOMPOSED = {
    **{f"quantize_per_{what}": QUANTIZE for what in ("tensor", "channel", "token", "channel_group")},
    **{f"dequantize_per_{what}": DEQUANTIZE for what in ("tensor", "channel", "token", "channel_group")},
    "fake_quant_per_channel": QUANTIZE + DEQUANTIZE,
}


def _in_namespace(namespace: str, operators: dict[str, Operator]) -> dict[str, Operator]:
    return {f"{namespace}::{name}": operator for name, operator in operators.items()}


QUANTIZED = {
    **{name: with_elementwise(linear, operations) for name, operations in LINEAR.items()},
    **{name: with_elementwise(packed_convolution, operations) for name, operations in CONVOLUTIONS.items()},
    **{name: each_element(operations) for name, operations in ELEMENTWISE.items()},
    **dict.fromkeys(FREE_NAMES, FREE),
    **{f"batch_norm{n}": Operator(batch_norm) for n in ("", "1d", "2d", "3d")},
    **{f"quantized_{kind}_cell_dynamic": cell(kind) for kind in recurrent.GATES},
    "matmul": contraction(matmul),
    "softmax": Operator(softmax),
    **dict.fromkeys(
        ("layer_norm", "group_norm", "instance_norm"), Operator(normalization.mean_variance_norm)
    ),
}

ONEDNN = {
    **dict.fromkeys(
        ("qconv_pointwise", "qconv1d_pointwise", "qconv2d_pointwise", "qconv3d_pointwise"),
        contraction(unpacked_convolution(False)),
    ),
    "qlinear_pointwise": contraction(linear),
    **dict.fromkeys(("qconv_prepack", "qlinear_prepack"), FREE),
}

MKLDNN = {
    "_linear_pointwise": contraction(linear),
    "_convolution_pointwise": contraction(unpacked_convolution(False)),
}

OPERATORS = {
    **{name: each_element(operations) for name, operations in CONVERSIONS.items()},
    **dict.fromkeys(ATTRIBUTES, FREE),
    **dict.fromkeys(LINEAR_KERNELS, contraction(linear)),
    **{f"quantized_{kind}": sequence(kind) for kind in ("lstm", "gru")},
    **{f"quantized_{kind}_cell": cell(kind) for kind in recurrent.GATES},
    **_in_namespace("quantized", QUANTIZED),
    **_in_namespace(
        "_quantized",
        {name: QUANTIZED[name] for name in ("linear", "linear_dynamic", "conv2d", "conv2d_relu")},
    ),
    **_in_namespace("onednn", ONEDNN),
    **_in_namespace("mkldnn", MKLDNN),
    **_in_namespace(
        "quantized_decomposed", {name: each_element(count) for name, count in DECOMPOSED.items()}
    ),
}

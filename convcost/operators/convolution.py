"""Convolutions and transposed convolutions, counted by the formulas of the layers of the same name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from convcost.core import arithmetic
from convcost.core.cost import Cost, Shape, Size
from convcost.layers import layer_class
from convcost.layers.network import NUMERIC
from convcost.layers.sliding import SlidingKernel
from convcost.layers.upsampling import LINEAR_INTERPOLATION
from convcost.operators.interface import Operand, Operator, ShapeOperand, contraction, outputs, size


def _layer_argument(value: Any) -> Any:
    """An argument in the form of a layer's: a list of one value applies to all dimensions."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return value
    return value[0] if len(value) == 1 else tuple(value)


@cache
def _layer(kind: str, weight: Shape, groups: Size, has_bias: bool, **geometry: Any) -> SlidingKernel:
    transposed = kind.startswith("ConvTranspose")
    second, first = weight[1] * groups, weight[0]
    channels = (first, second) if transposed else (second, first)
    make: Any = layer_class(kind)
    layer: SlidingKernel = make(*channels, tuple(weight[2:]), groups=groups, bias=has_bias, **geometry)
    return layer


def _make_layer(weight: Operand, bias: Operand | None, transposed: bool, **arguments: Any) -> SlidingKernel:
    kind = f"Conv{'Transpose' if transposed else ''}{len(weight.shape) - 2}d"
    groups = arguments.pop("groups")
    geometry = {name: _layer_argument(value) for name, value in arguments.items()}
    return _layer(kind, tuple(weight.shape), groups, bias is not None, **geometry)


def conv_layer(
    weight: Operand,
    bias: Operand | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: Size = 1,
    **_: Any,
) -> SlidingKernel:
    """The layer for a call of conv1d, conv2d or conv3d."""
    return _make_layer(weight, bias, False, stride=stride, padding=padding, dilation=dilation, groups=groups)


def conv_transpose_layer(
    weight: Operand,
    bias: Operand | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: Size = 1,
    dilation: Any = 1,
    **_: Any,
) -> SlidingKernel:
    """The layer for a call of conv_transpose1d, conv_transpose2d or conv_transpose3d."""
    return _make_layer(
        weight,
        bias,
        True,
        stride=stride,
        padding=padding,
        output_padding=output_padding,
        groups=groups,
        dilation=dilation,
    )


def convolution_layer(transposed: bool = False, output_padding: Any = 0, **arguments: Any) -> SlidingKernel:
    """The layer for a call of aten::convolution."""
    if transposed:
        return conv_transpose_layer(output_padding=output_padding, **arguments)
    return conv_layer(**arguments)


def _operator(layer: Any) -> Operator:
    def cost(**arguments: Any) -> Cost:
        """MACs: batch · output positions · out_channels · (in_channels / groups) · kernel positions.

        Transposed: batch · input positions · in_channels · (out_channels / groups) · kernel positions.
        """
        result: Cost = layer(**arguments).cost(tuple(_input(arguments).shape))
        return result

    def output(**arguments: Any) -> Shape | None:
        shape, weight = tuple(_input(arguments).shape), arguments["weight"]
        if len(shape) not in {len(weight.shape), len(weight.shape) - 1}:
            return None
        convolution = layer(**arguments)
        lengths = convolution.lengths(shape)
        if shape[-len(lengths) - 1] != convolution.in_channels or min(lengths) < 1:
            for requirement in convolution.requirements(shape):
                NUMERIC.require(requirement, 0)
        return (*shape[: -len(lengths) - 1], convolution.out_channels, *lengths)

    return contraction(cost, output)


def _input(arguments: dict[str, Any]) -> Operand:
    operand: Operand = arguments["input"] if "input" in arguments else arguments["self"]
    return operand


def conv_tbc(self: Operand, weight: Operand, pad: Size = 0, **_: Any) -> Cost:
    """[steps, batch, in_channels] by [kernel_size, in_channels, out_channels], as Conv1d with a bias."""
    steps, batch, in_channels = self.shape
    kernel = ShapeOperand((weight.shape[2], in_channels, weight.shape[0]))
    layer = conv_layer(weight=kernel, bias=kernel, padding=pad)
    return layer.cost((batch, in_channels, steps))


INTERPOLATION = LINEAR_INTERPOLATION[2]
"""Per value read between positions: an interpolation of four neighbours."""


def deform_conv2d(input: Operand, weight: Operand, output: Operand, use_mask: bool = True, **_: Any) -> Cost:
    """torchvision's deformable convolution: each tap interpolates each input channel, and may be weighted.

    Positions depend on data, so all MACs count as valid. torchvision always adds a bias.
    """
    window = arithmetic.elements(weight.shape[2:])
    macs = size(output) * weight.shape[1] * window
    taps = size(output) // weight.shape[0] * input.shape[1] * window
    return Cost(macs, macs, size(output), (INTERPOLATION + bool(use_mask)) * taps)


def deform_conv2d_backward(grad: Operand, input: Operand, weight: Operand, **_: Any) -> Cost:
    """By the interpolated values and by the weight: the MACs of the forward pass each."""
    forward = deform_conv2d(input=input, weight=weight, output=grad)
    return Cost(2 * forward.macs, 2 * forward.macs, forward.bias_adds, forward.elementwise)


CONV, CONV_TRANSPOSE, CONVOLUTION = map(_operator, (conv_layer, conv_transpose_layer, convolution_layer))

CONV_KERNELS = (
    *("cudnn_convolution_relu", "cudnn_convolution_add_relu"),
    *("miopen_convolution_relu", "miopen_convolution"),
    *("miopen_convolution_add_relu", "miopen_depthwise_convolution", "_mps_convolution"),
    *("_slow_conv2d_forward", "slow_conv3d_forward", "slow_conv_dilated2d", "slow_conv_dilated3d"),
    "_nnpack_spatial_convolution",
)
CONV_TRANSPOSE_KERNELS = (
    *("cudnn_convolution_transpose", "miopen_convolution_transpose", "_mps_convolution_transpose"),
    *("slow_conv_transpose2d", "slow_conv_transpose3d"),
)
"""Kernels of single backends; other work that they fuse is not counted."""

OPERATORS = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d", "_convolution_mode", "mkldnn_convolution"), CONV),
    **dict.fromkeys(("cudnn_convolution", "_conv_depthwise2d", "conv_depthwise3d"), CONV),
    **dict.fromkeys(CONV_KERNELS, CONV),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), CONV_TRANSPOSE),
    **dict.fromkeys(CONV_TRANSPOSE_KERNELS, CONV_TRANSPOSE),
    **dict.fromkeys(("convolution", "_convolution", "convolution_overrideable"), CONVOLUTION),
    "conv_tbc": contraction(conv_tbc),
    "torchvision::deform_conv2d": contraction(deform_conv2d),
    "torchvision::_deform_conv2d_backward": Operator(
        deform_conv2d_backward, activations=outputs, estimated=True
    ),
}

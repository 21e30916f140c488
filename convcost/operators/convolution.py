"""Convolutions, plain and transposed: by the formulas of the layers of the same name."""

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
    """An argument as the layers take it: a list of one value stands for every dimension."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return value
    return value[0] if len(value) == 1 else tuple(value)


@cache
def _layer(kind: str, weight: Shape, groups: Size, has_bias: bool, **geometry: Any) -> SlidingKernel:
    transposed = kind.startswith("ConvTranspose")
    inside, outside = weight[1] * groups, weight[0]
    channels = (outside, inside) if transposed else (inside, outside)
    made: Any = layer_class(kind)
    layer: SlidingKernel = made(*channels, tuple(weight[2:]), groups=groups, bias=has_bias, **geometry)
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
    """The layer that a call of conv1d, conv2d or conv3d is."""
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
    """The layer that a call of conv_transpose1d, 2d or 3d is."""
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
    """The layer that a call of aten::convolution is."""
    if transposed:
        return conv_transpose_layer(output_padding=output_padding, **arguments)
    return conv_layer(**arguments)


def _operator(layer: Any) -> Operator:
    def cost(**arguments: Any) -> Cost:
        """Output positions · out_channels · (in_channels / groups) · kernel positions, as torch.nn's layer.

        A transposed convolution multiplies at its input positions.
        """
        found: Cost = layer(**arguments).cost(tuple(_input(arguments).shape))
        return found

    def output(**arguments: Any) -> Shape | None:
        shape, weight = tuple(_input(arguments).shape), arguments["weight"]
        if len(shape) not in {len(weight.shape), len(weight.shape) - 1}:
            return None
        made = layer(**arguments)
        lengths = made.lengths(shape)
        if shape[-len(lengths) - 1] != made.in_channels or min(lengths) < 1:
            for requirement in made.requirements(shape):
                NUMERIC.require(requirement, 0)
        return (*shape[: -len(lengths) - 1], made.out_channels, *lengths)

    return contraction(cost, output)


def _input(arguments: dict[str, Any]) -> Operand:
    found: Operand = arguments["input"] if "input" in arguments else arguments["self"]
    return found


def conv_tbc(self: Operand, weight: Operand, pad: Size = 0, **_: Any) -> Cost:
    """conv_tbc: [steps, batch, in] by [kernel_size, in, out], as Conv1d with a bias."""
    steps, batch, inside = self.shape
    kernel = ShapeOperand((weight.shape[2], inside, weight.shape[0]))
    layer = conv_layer(weight=kernel, bias=kernel, padding=pad)
    return layer.cost((batch, inside, steps))


INTERPOLATION = LINEAR_INTERPOLATION[2]
"""For each value read between positions, by its four neighbours."""


def deform_conv2d(input: Operand, weight: Operand, output: Operand, use_mask: bool = True, **_: Any) -> Cost:
    """torchvision's: each tap reads between positions, once for each input channel, and may be weighted.

    Where taps read is decided by data: all count as valid. torchvision adds a bias in any case.
    """
    window = arithmetic.elements(weight.shape[2:])
    macs = size(output) * weight.shape[1] * window
    taps = size(output) // weight.shape[0] * input.shape[1] * window
    return Cost(macs, macs, size(output), (INTERPOLATION + bool(use_mask)) * taps)


def deform_conv2d_backward(grad: Operand, input: Operand, weight: Operand, **_: Any) -> Cost:
    """By what was read and by the weight a product each; by offsets and mask from the first of these."""
    found = deform_conv2d(input=input, weight=weight, output=grad)
    return Cost(2 * found.macs, 2 * found.macs, found.bias_adds, found.elementwise)


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
"""As single backends run them; what they do beside is not counted."""

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

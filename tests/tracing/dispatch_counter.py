"""Multiply-accumulates that torch's dispatcher shows in a run on data: a counter with no part of convcost."""

from math import prod

import torch
from torch.utils._python_dispatch import TorchDispatchMode


def matrices(first, second):
    """[*, n, k] by [*, k, m]; a stored entry of a sparse matrix meets a row or a column of the other."""
    if first.layout is not torch.strided:
        return first._nnz() * second.shape[1]
    if second.layout is not torch.strided:
        return first.shape[0] * second._nnz()
    return first.numel() * second.shape[-1]


def convolution(x, weight, output, is_transposed):
    """Each element on the side of the input, or of the output, meets the weights of one channel there."""
    side = x if is_transposed else output
    return side.numel() * weight[0].numel()


def convolution_gradients(gradient, x, weight, is_transposed, wanted):
    """By the input and by the weight each as the convolution itself."""
    return sum(wanted[:2]) * convolution(x, weight, gradient, is_transposed)


def attention(query, key, value):
    batch, queries = query[..., 0, 0].numel(), query.shape[-2]
    return batch * queries * key.shape[-2] * (query.shape[-1] + value.shape[-1])


def self_attention(x, heads_width, *weights):
    """Scores, their product with the values, and each weight at each position."""
    positions = x[..., 0].numel()
    return 2 * positions * x.shape[1] * heads_width + positions * sum(weight.numel() for weight in weights)


def encoder_layer(x, width, heads, qkv_weight, qkv_bias, proj_weight, *rest):
    weights = [
        each
        for each in rest
        if isinstance(each, torch.Tensor) and each.dim() == 2 and each.is_floating_point()
    ]
    return self_attention(x, width, qkv_weight, proj_weight, *weights)


def packed_shape(packed):
    weight = packed.unpack()[0] if hasattr(packed, "unpack") else packed
    return weight.shape


def trilinear(args):
    """[n, in1] by [out, in1, in2], whose sum over in1 meets [n, in2]."""
    first, weight, second = args[:3]
    return first.shape[0] * weight.numel() + first.shape[0] * weight.shape[0] * second.shape[-1]


RULES = {
    **dict.fromkeys(
        ("aten::mm", "aten::bmm", "aten::_int_mm", "aten::_scaled_mm"), lambda a, out: matrices(a[0], a[1])
    ),
    **dict.fromkeys(("aten::mv", "aten::dot", "aten::vdot"), lambda a, out: a[0].numel()),
    **dict.fromkeys(("aten::addmm", "aten::baddbmm", "aten::addbmm"), lambda a, out: matrices(a[1], a[2])),
    "aten::_sparse_addmm": lambda a, out: matrices(a[1], a[2]),
    "aten::addmv": lambda a, out: a[1].numel(),
    "aten::linear": lambda a, out: a[0].numel() * a[1].shape[0],
    "aten::mkldnn_linear": lambda a, out: a[0].numel() * a[1].shape[0],
    "aten::convolution": lambda a, out: convolution(a[0], a[1], out, a[6]),
    "aten::convolution_backward": lambda a, out: convolution_gradients(a[0], a[1], a[2], a[7], a[-1]),
    "aten::_scaled_dot_product_flash_attention_for_cpu_backward": lambda a, out: 2 * attention(*a[1:4]),
    "aten::_grouped_mm": lambda a, out: a[0].numel() * a[1].shape[-1],
    "aten::_scaled_dot_product_flash_attention_for_cpu": lambda a, out: attention(*a[:3]),
    "aten::_native_multi_head_attention": lambda a, out: self_attention(a[0], a[3], a[5], a[7]),
    "aten::_transformer_encoder_layer_fwd": lambda a, out: encoder_layer(*a),
    "aten::mkldnn_rnn_layer": lambda a, out: a[0][..., 0].numel() * (a[1].numel() + a[2].numel()),
    "aten::_trilinear": lambda a, out: trilinear(a),
    "quantized::linear_dynamic": lambda a, out: a[0].numel() * packed_shape(a[1])[0],
    "quantized::linear": lambda a, out: a[0].numel() * packed_shape(a[1])[0],
    "quantized::conv1d": lambda a, out: out.numel() * prod(packed_shape(a[1])[1:]),
    "quantized::conv2d": lambda a, out: out.numel() * prod(packed_shape(a[1])[1:]),
}


class DispatchCounter(TorchDispatchMode):
    """All dispatched operators that multiply and accumulate; a complex product is four real ones."""

    supports_higher_order_operators = True

    def __init__(self):
        super().__init__()
        self.macs = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if any(kind is not torch.Tensor and not issubclass(kind, torch.nn.Parameter) for kind in types):
            return NotImplemented  # what a subclass does comes back here
        if isinstance(func, torch._ops.HigherOrderOperator):
            return func(*args, **kwargs)
        rule = RULES.get(func._schema.name.removesuffix("_"))
        if rule is None and is_composite(func):
            with self:
                return func.decompose(*args, **kwargs)
        output = func(*args, **kwargs)
        if rule:
            self.macs += rule(args, output) * (4 if args[0].is_complex() else 1)
        return output


def is_composite(func):
    """Whether torch has it for all devices alike, in terms of other operators."""
    has_kernel = torch._C._dispatch_has_kernel_for_dispatch_key
    return torch._C._dispatch_has_kernel(func.name()) and has_kernel(func.name(), "CompositeImplicitAutograd")


def dispatched_macs(model, *inputs, backward=False):
    """What a run of `model` on data shows, and its way back if asked."""
    with torch.compiler.set_stance("force_eager"), DispatchCounter() as counter:
        output = model(*inputs)
        if backward:
            output.sum().backward()
    return counter.macs

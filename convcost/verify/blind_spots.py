"""Known blind spots of counters on single layers, with their conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from convcost.core.cost import Shape
from convcost.core.diagnosis import CauseKind
from convcost.counters.torch_profiler import UNREADABLE
from convcost.layers import FAMILIES
from convcost.layers.attention import MultiheadAttention
from convcost.layers.interface import Layer
from convcost.layers.transformers import Transformer, TransformerDecoderLayer, TransformerEncoderLayer

Condition = Callable[[Layer, Shape], bool]
"""Whether a blind spot applies to a layer on an input of a shape."""


class BlindSpot(NamedTuple):
    """A blind spot of a counter. `subject` is an operator, an error, or an unexplained figure.

    For `model`, convcost's own trace of the module, it is a quantity that a trace does not have. `where` is
    the condition `shows` in words, unless it holds for all layers of a kind.
    """

    counter: str
    subject: str
    shows: Condition
    where: str = ""


def _is_kind(name: str) -> Condition:
    return lambda layer, _: type(layer).__name__ == name


def _is_max_unpool(layer: Layer, _: Shape) -> bool:
    """Whether the layer is a MaxUnpool, which fails in fvcore's trace because sizes are tensors there."""
    return type(layer).__name__ in FAMILIES["unpooling"]


def _is_rnn(nonlinearity: str) -> Condition:
    return lambda layer, _: (
        type(layer).__name__ == "RNN" and getattr(layer, "nonlinearity", "") == nonlinearity
    )


def _is_unreadable_conv2d(layer: Layer, shape: Shape) -> bool:
    """Whether the layer is a Conv2d without a batch, or with padding as a word."""
    if type(layer).__name__ != "Conv2d":
        return False
    arguments = layer.arguments()
    is_word = isinstance(arguments.get("padding"), str) and "padding_mode" not in arguments
    return is_word or len(shape) == 3


def _is_unsupported_layer_norm(layer: Layer, shape: Shape) -> bool:
    """Whether the layer is a LayerNorm on a rank that fvcore does not support: other than 2 to 5."""
    return type(layer).__name__ == "LayerNorm" and not 2 <= len(shape) <= 5


def _is_unbatched(family: str) -> Condition:
    """The condition that a layer of the family has unbatched input, which the counter treats as a batch."""
    return lambda layer, shape: type(layer).__name__ in FAMILIES[family] and _has_no_batch(layer, shape)


def _has_no_batch(layer: Layer, shape: Shape) -> bool:
    return len(shape) == getattr(layer, "spatial", 0) + 1


def _has_window(layer: Layer, _: Shape) -> bool:
    """Whether the layer is attention with a window, which is a mask in torch."""
    return getattr(layer, "window", None) is not None


def _runs_attention(layer: Layer, _: Shape) -> bool:
    return type(layer).__name__ in (*FAMILIES["attention"], *FAMILIES["transformers"])


def _takes_fast_path(layer: Layer, shape: Shape) -> bool:
    """Whether torch runs the self-attention, or its entire layer, as a single operator in evaluation mode."""
    match layer:
        case MultiheadAttention(embed_dim=size, num_heads=heads):
            is_plain = not (layer.add_bias_kv or layer.add_zero_attn)
            is_joint = layer.kdim in (None, size) and layer.vdim in (None, size)
        case TransformerEncoderLayer() | TransformerDecoderLayer() | Transformer():
            heads, is_plain, is_joint = layer.nhead, True, True
        case _:
            return False
    return len(shape) == 3 and layer.batch_first and layer.bias and heads % 2 == 0 and is_plain and is_joint


def _runs_a_fast_layer(layer: Layer, shape: Shape) -> bool:
    return not isinstance(layer, MultiheadAttention) and _takes_fast_path(layer, shape)


def _is_blind_to_attention(layer: Layer, shape: Shape) -> bool:
    """Whether torch.profiler sees a fused kernel; it counts the parts of attention on the fast path."""
    is_counted = isinstance(layer, MultiheadAttention) and _takes_fast_path(layer, shape)
    return _runs_a_fused_kernel(layer, shape) and not is_counted


def _runs_a_fused_kernel(layer: Layer, shape: Shape) -> bool:
    """Whether torch runs attention by a fused CPU kernel, as on [batch, heads, positions, width]."""
    if type(layer).__name__ != "ScaledDotProductAttention":
        return _runs_attention(layer, shape)
    from convcost.tracing.torch_versions import has_fused_attention

    return has_fused_attention(1 + len(shape))


def _is_onednn_lstm(layer: Layer, _: Shape) -> bool:
    """Whether the layer is an LSTM without projection, which oneDNN runs on a CPU."""
    return type(layer).__name__ == "LSTM" and not getattr(layer, "proj_size", 0)


UNEXPLAINED = CauseKind.UNEXPLAINED

FAST_PATH = "on torch's fast path for inference"

ON_CPU = "with torch's fused kernel on the CPU"

WITHOUT_BATCH = "without a batch dimension"

WITHOUT_PROJECTION = "without a projection"

PEER_BLIND_SPOTS = (
    *(
        BlindSpot(counter, "AssertionError", _is_unbatched("convolution"), WITHOUT_BATCH)
        for counter in ("calflops", "calflops_flops", "deepspeed", "deepspeed_flops")
    ),
    *(
        BlindSpot(counter, UNEXPLAINED, _is_unbatched("transposed"), WITHOUT_BATCH)
        for counter in ("ptflops", "torchinfo")
    ),
    BlindSpot("torchinfo", UNEXPLAINED, _is_kind("Bilinear")),
)
"""Blind spots of optional counters: errors, and unexplained figures."""

BLIND_SPOTS = (
    BlindSpot("fvcore", "aten::bilinear", _is_kind("Bilinear")),
    BlindSpot(
        "fvcore",
        "AssertionError",
        _is_unsupported_layer_norm,
        "for inputs of fewer than two or more than five dimensions",
    ),
    BlindSpot("fvcore", "TypeError", _is_max_unpool),
    BlindSpot("fvcore", "aten::lstm", _is_kind("LSTM")),
    BlindSpot("fvcore", "aten::gru", _is_kind("GRU")),
    *(
        BlindSpot("fvcore", f"aten::rnn_{nonlinearity}", _is_rnn(nonlinearity))
        for nonlinearity in ("tanh", "relu")
    ),
    BlindSpot("flop_counter_mode", "aten::_trilinear", _is_kind("Bilinear")),
    BlindSpot("fvcore", "aten::scaled_dot_product_attention", _runs_attention),
    BlindSpot(
        "flop_counter_mode",
        "aten::_scaled_dot_product_flash_attention_for_cpu",
        _runs_a_fused_kernel,
        ON_CPU,
    ),
    BlindSpot(
        "torch_profiler",
        "aten::scaled_dot_product_attention",
        _is_blind_to_attention,
        ON_CPU,
    ),
    *(
        BlindSpot(counter, f"aten::{operator}", _takes_fast_path, FAST_PATH)
        for counter, operator in (
            ("fvcore", "_native_multi_head_attention"),
            ("flop_counter_mode", "_native_multi_head_attention"),
            ("flop_counter_mode", "_transformer_encoder_layer_fwd"),
        )
    ),
    BlindSpot("torch_profiler", "aten::_addmm_activation", _runs_a_fast_layer, FAST_PATH),
    BlindSpot("torch_profiler", UNEXPLAINED, _runs_a_fast_layer, FAST_PATH),
    BlindSpot("model", "valid_macs", _has_window, "masked pairs, as a module's mask is data"),
    BlindSpot("flop_counter_mode", "aten::mkldnn_rnn_layer", _is_onednn_lstm, WITHOUT_PROJECTION),
    BlindSpot("torch_profiler", "aten::lstm", _is_onednn_lstm, WITHOUT_PROJECTION),
    BlindSpot("torch_profiler", "aten::conv1d", _is_kind("Conv1d")),
    BlindSpot("torch_profiler", UNREADABLE["aten::conv2d"], _is_unreadable_conv2d),
    BlindSpot("torch_profiler", "aten::conv3d", _is_kind("Conv3d")),
    *(
        BlindSpot("torch_profiler", f"aten::conv_transpose{spatial}d", _is_kind(f"ConvTranspose{spatial}d"))
        for spatial in (1, 2, 3)
    ),
    *PEER_BLIND_SPOTS,
)
"""Any other blind spot of a counter is a new disagreement."""


def blind_spots(counter: str, layer: Layer, shape: Shape) -> tuple[BlindSpot, ...]:
    """The known blind spots of `counter` for `layer` on an input of `shape`."""
    return tuple(spot for spot in BLIND_SPOTS if spot.counter == counter and spot.shows(layer, shape))

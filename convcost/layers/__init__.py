"""Layers by name: those with formulas, other torch.nn classes, and names used outside PyTorch."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from itertools import chain

from convcost.core.errors import did_you_mean
from convcost.layers.interface import Layer
from convcost.layers.unsupported import CONTAINERS, UNSUPPORTED, reason_unsupported

FAMILIES: dict[str, tuple[str, ...]] = {
    "dense": ("Linear", "Bilinear", "Embedding", "EmbeddingBag"),
    "convolution": ("Conv1d", "Conv2d", "Conv3d"),
    "transposed": ("ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"),
    "normalization": (
        *("BatchNorm1d", "BatchNorm2d", "BatchNorm3d"),
        *("InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"),
        *("LayerNorm", "RMSNorm", "GroupNorm", "LocalResponseNorm"),
    ),
    "activation": (
        *("ReLU", "ReLU6", "LeakyReLU", "RReLU", "PReLU", "ELU", "CELU", "SELU", "GELU", "SiLU"),
        *("Mish", "Sigmoid", "LogSigmoid", "Hardsigmoid", "Hardswish", "Tanh", "Hardtanh"),
        *("Tanhshrink", "Hardshrink", "Softshrink", "Softplus", "Softsign", "Threshold", "GLU"),
        *("Softmax", "Softmin", "LogSoftmax", "Softmax2d"),
    ),
    "pooling": (
        *("MaxPool1d", "MaxPool2d", "MaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d"),
        *("LPPool1d", "LPPool2d", "LPPool3d"),
        *("AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d"),
        *("AdaptiveMaxPool1d", "AdaptiveMaxPool2d", "AdaptiveMaxPool3d"),
    ),
    "fractional_pooling": ("FractionalMaxPool2d", "FractionalMaxPool3d"),
    "unpooling": ("MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"),
    "attention": ("ScaledDotProductAttention", "MultiheadAttention"),
    "transformers": ("TransformerEncoderLayer", "TransformerDecoderLayer", "Transformer"),
    "padding": tuple(
        f"{mode}Pad{number}d"
        for mode in ("Constant", "Zero", "Reflection", "Replication", "Circular")
        for number in (1, 2, 3)
    ),
    "upsampling": ("Upsample", "UpsamplingNearest2d", "UpsamplingBilinear2d"),
    "rearrangement": ("PixelShuffle", "PixelUnshuffle", "ChannelShuffle", "Unfold", "Fold"),
    "distance": ("CosineSimilarity", "PairwiseDistance"),
    "losses": (
        *("L1Loss", "MSELoss", "SmoothL1Loss", "HuberLoss", "SoftMarginLoss", "BCELoss"),
        *("BCEWithLogitsLoss", "KLDivLoss", "PoissonNLLLoss", "MultiLabelSoftMarginLoss"),
        *("NLLLoss", "CrossEntropyLoss", "MultiMarginLoss"),
    ),
    "ranking_losses": (
        *("HingeEmbeddingLoss", "MarginRankingLoss", "CosineEmbeddingLoss", "TripletMarginLoss"),
        "TripletMarginWithDistanceLoss",
    ),
    "recurrent": ("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"),
    "shaping": (
        *("Identity", "Flatten", "Unflatten", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d"),
        *("AlphaDropout", "FeatureAlphaDropout"),
    ),
}

FUNCTIONS: dict[str, tuple[str, ...]] = {
    "functions": ("permute", "transpose", "reshape", "unsqueeze", "squeeze", "select", "mean", "sum"),
    "joins": ("add", "mul", "concat", "matmul", "einsum"),
}
"""Torch functions that a design may call, by module: on one tensor (`functions`), on branches (`joins`)."""

KINDS: tuple[str, ...] = tuple(kind for kinds in FAMILIES.values() for kind in kinds)


@lru_cache(maxsize=1_000)
def layer_class(kind: str) -> type[Layer] | None:
    """The layer or function with torch's name `kind`, or None."""
    for family, kinds in (FAMILIES | FUNCTIONS).items():
        if kind in kinds:
            found: type[Layer] = getattr(import_module(f"convcost.layers.{family}"), kind)
            return found
    return None


def is_function(layer: type[Layer]) -> bool:
    """Whether `layer` is a torch function rather than a module."""
    return layer.__name__ in chain(*FUNCTIONS.values())


def find_layer(kind: str) -> type[Layer] | None:
    """The layer or function named `kind`, ignoring case and resolving aliases: view is reshape."""
    name = FUNCTION_ALIASES.get(kind, kind)
    matches = (known for known in (*KINDS, *chain(*FUNCTIONS.values())) if known.lower() == name.lower())
    return layer_class(next(matches, ""))


FUNCTION_ALIASES = {
    "view": "reshape",
    "cat": "concat",
    "concatenate": "concat",
    "multiply": "mul",
    "bmm": "matmul",
}
"""Aliases of functions."""

TORCH_NN: tuple[str, ...] = tuple(
    name for group in UNSUPPORTED for name in group.names if name not in CONTAINERS and name not in KINDS
)
"""Layers of torch.nn that have no formula here."""

ELSEWHERE = {
    **dict.fromkeys(("dense", "fc", "fullyconnected", "affine", "proj", "projection", "matmul"), "Linear"),
    **dict.fromkeys(("conv", "convolution"), "Conv1d, Conv2d or Conv3d"),
    **dict.fromkeys(("deconv", "convtranspose", "transposedconv"), "ConvTranspose2d"),
    **{"bn": "BatchNorm2d", "ln": "LayerNorm", "gn": "GroupNorm", "swish": "SiLU", "embed": "Embedding"},
    **{"gap": "AdaptiveAvgPool2d", "globalaveragepool": "AdaptiveAvgPool2d", "lrn": "LocalResponseNorm"},
}
"""torch.nn's names of layers, by their names in Keras, Flax and papers."""


UNKNOWN_HINT = "List all layers with convcost layers. To count your own module: convcost model file.py:Net"


MODEL_FAMILIES = (
    *(
        "alexnet",
        "beit",
        "bert",
        "convnext",
        "deit",
        "densenet",
        "efficientnet",
        "googlenet",
        "gpt",
        "inception",
    ),
    *("llama", "maxvit", "mixer", "mobilenet", "mobilevit", "regnet", "resnet", "resnext", "shufflenet"),
    *("squeezenet", "swin", "vgg", "vit_", "wide_resnet"),
)
"""Prefixes of well-known model names in timm and torchvision."""


def is_torch_layer(kind: str) -> bool:
    """Whether torch.nn or another library has a layer of this name, ignoring case."""
    return kind.lower() in map(str.lower, (*KINDS, *TORCH_NN, *ELSEWHERE))


def library_hint(name: str) -> str:
    """How to name a library's model, if `name` looks like one; else ""."""
    if not name.startswith(MODEL_FAMILIES):
        return ""
    return f"For a model, name its library: timm:{name[:40]}, torchvision:{name[:40]} or hf:PATH."


def unknown_layer(kind: str) -> tuple[str, str]:
    """The error message for an unknown layer `kind`, and a hint."""
    group = reason_unsupported(kind)
    if group is not None:
        name = next(name for name in group.names if name.lower() == kind.lower())
        if name in CONTAINERS:
            return f"{name} is not a layer", "Write a chain of layers as A -> B, a repeated one as 2 x A."
        return f"designs have no layer {name}", f"{group.reason} {group.counting_hint(name)}".rstrip()
    if kind.lower() in ELSEWHERE:
        return f"no layer is called {kind[:64]} (did you mean {ELSEWHERE[kind.lower()]}?)", ""
    if way_out := library_hint(kind):
        return f"no layer is called {kind[:64]}", way_out
    near = did_you_mean(kind, (*KINDS, *TORCH_NN))
    return f"no layer is called {kind[:64]}{near}", "" if near else _module_hint(kind)


def _module_hint(kind: str) -> str:
    """How to count a module of the user's, whose place has a dot in place of its colon in `kind`."""
    source, _, name = kind.rpartition(".")
    return f"For a torch module: convcost model {source[:80]}:{name[:80]}" if source else UNKNOWN_HINT

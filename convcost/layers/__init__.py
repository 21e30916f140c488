"""The layers by name. A family's module is imported when one of its layers is asked for."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module

from convcost.layers.interface import Layer

FAMILIES: dict[str, tuple[str, ...]] = {
    "dense": ("Linear", "Bilinear", "Embedding"),
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
    "shaping": (
        *("Identity", "Flatten", "Unflatten", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d"),
        *("AlphaDropout", "FeatureAlphaDropout"),
    ),
}

KINDS: tuple[str, ...] = tuple(kind for kinds in FAMILIES.values() for kind in kinds)


@lru_cache(maxsize=1_000)
def layer_class(kind: str) -> type[Layer] | None:
    """The layer named `kind` as torch.nn names it, or None."""
    for family, kinds in FAMILIES.items():
        if kind in kinds:
            found: type[Layer] = getattr(import_module(f"convcost.layers.{family}"), kind)
            return found
    return None


def find_layer(kind: str) -> type[Layer] | None:
    """The layer named `kind`, in any case: conv1d is Conv1d."""
    same = (known for known in KINDS if known.lower() == kind.lower())
    return layer_class(next(same, ""))

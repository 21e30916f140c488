"""Classes of torch.nn that designs do not support, with the reason and an alternative."""

from __future__ import annotations

from typing import NamedTuple


class UnsupportedLayers(NamedTuple):
    """Classes of torch.nn without a formula, for a common reason."""

    cause: str
    names: tuple[str, ...]
    reason: str


CONTAINERS = (
    *("Module", "Container", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"),
)

UNSUPPORTED = (
    UnsupportedLayers(
        "containers", CONTAINERS, "They only hold layers. Write a chain as A -> B, a repeated layer as 2 x A."
    ),
    UnsupportedLayers(
        "lazy layers",
        (
            "LazyLinear",
            *(f"LazyConv{kind}{number}d" for kind in ("", "Transpose") for number in (1, 2, 3)),
            *(f"Lazy{kind}Norm{number}d" for kind in ("Batch", "Instance") for number in (1, 2, 3)),
        ),
        "They take a size from their first input. Write the layer itself with that size.",
    ),
    UnsupportedLayers(
        "base classes",
        ("RNNBase", "RNNCellBase"),
        "They have no forward. Write RNN, LSTM, GRU or one of their cells.",
    ),
    UnsupportedLayers(
        "stacks",
        ("TransformerEncoder", "TransformerDecoder"),
        "Their first argument is a layer. Write 6 x TransformerEncoderLayer(...), or Transformer(...).",
    ),
    UnsupportedLayers(
        "old names",
        ("CrossMapLRN2d", "NLLLoss2d"),
        "They are deprecated. Use LocalResponseNorm and NLLLoss.",
    ),
    UnsupportedLayers(
        "devices",
        ("DataParallel", "SyncBatchNorm"),
        "They distribute a module over devices. Write the module itself, or BatchNorm2d.",
    ),
    UnsupportedLayers(
        "data-dependent costs",
        ("AdaptiveLogSoftmaxWithLoss", "CTCLoss", "MultiLabelMarginLoss"),
        "Their cost depends on the values of the targets: cluster, length or number.",
    ),
    UnsupportedLayers(
        "value checks",
        ("GaussianNLLLoss",),
        "It checks the values of its variances, so it cannot run on shapes alone.",
    ),
    UnsupportedLayers(
        "compositions",
        ("LinearCrossEntropyLoss",),
        "Write Linear(in_features, num_classes) -> CrossEntropyLoss()(x, [B]).",
    ),
)
"""By reason. Every module class of torch.nn is either here or has a formula."""


def reason_unsupported(name: str) -> UnsupportedLayers | None:
    """Why designs have no layer called `name`, ignoring case; None if it is not an unsupported class."""
    for group in UNSUPPORTED:
        if name.lower() in map(str.lower, group.names):
            return group
    return None

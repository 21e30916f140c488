"""The classes of torch.nn that designs have no layer for, with the reason and what to do instead."""

from __future__ import annotations

from typing import NamedTuple


class UnsupportedLayers(NamedTuple):
    """Classes of torch.nn that have no formula, for one reason."""

    cause: str
    names: tuple[str, ...]
    reason: str


CONTAINERS = (
    *("Module", "Container", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"),
)

UNSUPPORTED = (
    UnsupportedLayers(
        "containers", CONTAINERS, "They only hold layers: a chain is written A -> B, a repeated layer 2 x A."
    ),
    UnsupportedLayers(
        "lazy layers",
        (
            "LazyLinear",
            *(f"LazyConv{kind}{number}d" for kind in ("", "Transpose") for number in (1, 2, 3)),
            *(f"Lazy{kind}Norm{number}d" for kind in ("Batch", "Instance") for number in (1, 2, 3)),
        ),
        "They take a size from their first input: write the layer itself, with that size.",
    ),
    UnsupportedLayers(
        "base classes",
        ("RNNBase", "RNNCellBase"),
        "They have no forward of their own: write RNN, LSTM, GRU or one of their cells.",
    ),
    UnsupportedLayers(
        "stacks",
        ("TransformerEncoder", "TransformerDecoder"),
        "Their first argument is a layer: write 6 x TransformerEncoderLayer(...), or Transformer(...).",
    ),
    UnsupportedLayers(
        "old names",
        ("CrossMapLRN2d", "NLLLoss2d"),
        "Write LocalResponseNorm and NLLLoss instead.",
    ),
    UnsupportedLayers(
        "devices",
        ("DataParallel", "SyncBatchNorm"),
        "They spread work over devices: write the module itself, or BatchNorm2d.",
    ),
    UnsupportedLayers(
        "data-dependent costs",
        ("AdaptiveLogSoftmaxWithLoss", "CTCLoss", "MultiLabelMarginLoss"),
        "The cost depends on the values of the targets.",
    ),
    UnsupportedLayers(
        "value checks",
        ("GaussianNLLLoss",),
        "It checks the values of its variances, so it does not run on shapes alone.",
    ),
    UnsupportedLayers(
        "compositions",
        ("LinearCrossEntropyLoss",),
        "Write Linear(in_features, num_classes) -> CrossEntropyLoss()(x, [B]).",
    ),
)
"""By reason; every class of torch.nn that is a module is among them or has a formula."""


def reason_unsupported(name: str) -> UnsupportedLayers | None:
    """Why designs have no layer called `name`, in any case; None if that is no such name."""
    for group in UNSUPPORTED:
        if name.lower() in map(str.lower, group.names):
            return group
    return None

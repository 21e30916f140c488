"""Classes of torch.nn that designs do not support, with the reason and an alternative."""

from __future__ import annotations

from typing import Literal, NamedTuple


class UnsupportedLayers(NamedTuple):
    """Classes of torch.nn without a formula, for a common reason.

    `built_by` tells how they can be counted as modules: by the class with arguments as texts, or by a
    function of the user's, since they need a module as an argument. It is empty for classes that can't run.
    """

    cause: str
    names: tuple[str, ...]
    reason: str
    built_by: Literal["class", "function", ""] = "class"

    def way_out(self, name: str) -> str:
        """How to count the class `name`; empty if it can't run."""
        if self.built_by == "class":
            return f'Count torch\'s: convcost model torch.nn:{name} --arg NAME=VALUE --input "f32[1,128]"'
        function = 'convcost model file.py:name --input "f32[1,128]"'
        return f"Count torch's by a function that builds it: {function}" if self.built_by else ""


CONTAINERS = (
    *("Module", "Container", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"),
)

UNSUPPORTED = (
    UnsupportedLayers(
        "containers",
        CONTAINERS,
        "They only hold layers. Write a chain as A -> B, a repeated layer as 2 x A.",
        built_by="",
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
        built_by="",
    ),
    UnsupportedLayers(
        "stacks of encoders",
        ("TransformerEncoder",),
        "Its first argument is a layer. Write 6 x TransformerEncoderLayer(...).",
        built_by="function",
    ),
    UnsupportedLayers(
        "stacks of decoders",
        ("TransformerDecoder",),
        "Its first argument is a layer. Write 6 x TransformerDecoderLayer(...)(x, [S, B, E]), with the shape "
        "of the memory; or Transformer(...), which has encoders too.",
        built_by="function",
    ),
    UnsupportedLayers(
        "old names",
        ("CrossMapLRN2d", "NLLLoss2d"),
        "They are deprecated. Use LocalResponseNorm and NLLLoss.",
    ),
    UnsupportedLayers(
        "devices",
        ("DataParallel",),
        "It distributes a module over devices. Write the module itself.",
        built_by="function",
    ),
    UnsupportedLayers(
        "statistics of several devices",
        ("SyncBatchNorm",),
        "Write BatchNorm2d, which has the same arguments.",
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

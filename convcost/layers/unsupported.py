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

    def counting_hint(self, name: str) -> str:
        """How to count the class `name`; empty if it can't run."""
        if self.built_by == "class":
            arguments, inputs = EXAMPLES[name]
            options = (*(f"--arg {each}" for each in arguments), *(f'--input "{each}"' for each in inputs))
            return f"To count torch's module: {' '.join((f'convcost model torch.nn:{name}', *options))}"
        function = 'convcost model file.py:name --input "f32[1,128]"'
        return f"To count torch's module, by a function that builds it: {function}" if self.built_by else ""


class Example(NamedTuple):
    """Arguments and inputs with which a class of torch.nn runs."""

    arguments: tuple[str, ...]
    inputs: tuple[str, ...]


def _images(dimensions: int) -> tuple[str]:
    """An input with three channels and so many spatial dimensions."""
    return (f"f32[1,3{',32' * dimensions}]",)


EXAMPLES: dict[str, Example] = {
    "LazyLinear": Example(("out_features=10",), ("f32[1,128]",)),
    **{
        f"LazyConv{kind}{number}d": Example(("out_channels=10", "kernel_size=3"), _images(number))
        for kind in ("", "Transpose")
        for number in (1, 2, 3)
    },
    **{
        f"Lazy{kind}Norm{number}d": Example((), _images(number))
        for kind in ("Batch", "Instance")
        for number in (1, 2, 3)
    },
    "CrossMapLRN2d": Example(("size=5",), _images(2)),
    "NLLLoss2d": Example((), ("f32[1,10,32,32]", "i64[1,32,32]")),
    "SyncBatchNorm": Example(("num_features=3",), _images(2)),
    "AdaptiveLogSoftmaxWithLoss": Example(
        ("in_features=128", "n_classes=1000", '"cutoffs=[100,500]"'), ("f32[1,128]", "i64[1]")
    ),
    "CTCLoss": Example((), ("f32[50,1,20]", "i64[1,30]", "i64[1]", "i64[1]")),
    "MultiLabelMarginLoss": Example((), ("f32[1,10]", "i64[1,10]")),
    "GaussianNLLLoss": Example((), ("f32[1,128]", "f32[1,128]", "f32[1,128]")),
    "LinearCrossEntropyLoss": Example(("in_features=128", "num_classes=10"), ("f32[1,128]", "i64[1]")),
}
"""For each class that is built by its arguments."""


CONTAINERS = (
    *("Module", "Container", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"),
)

UNSUPPORTED = (
    UnsupportedLayers(
        "containers",
        CONTAINERS,
        "A container only holds layers. Write a chain as A -> B, a repeated layer as 2 x A.",
        built_by="",
    ),
    UnsupportedLayers(
        "lazy layers",
        (
            "LazyLinear",
            *(f"LazyConv{kind}{number}d" for kind in ("", "Transpose") for number in (1, 2, 3)),
            *(f"Lazy{kind}Norm{number}d" for kind in ("Batch", "Instance") for number in (1, 2, 3)),
        ),
        "A lazy layer takes a size from its first input. Write the layer without Lazy in its name, with that "
        "size.",
    ),
    UnsupportedLayers(
        "base classes",
        ("RNNBase", "RNNCellBase"),
        "A base class has no forward. Write RNN, LSTM, GRU or one of their cells.",
        built_by="",
    ),
    UnsupportedLayers(
        "stacks of encoders",
        ("TransformerEncoder",),
        "The first argument of TransformerEncoder is a layer. Write 6 x TransformerEncoderLayer(...).",
        built_by="function",
    ),
    UnsupportedLayers(
        "stacks of decoders",
        ("TransformerDecoder",),
        "The first argument of TransformerDecoder is a layer. Write 6 x TransformerDecoderLayer(...)(x, "
        "[S, B, E]), with the shape of the memory; or Transformer(...), which has encoders too.",
        built_by="function",
    ),
    UnsupportedLayers(
        "old names",
        ("CrossMapLRN2d", "NLLLoss2d"),
        "The name is deprecated. Write LocalResponseNorm for CrossMapLRN2d, NLLLoss for NLLLoss2d.",
    ),
    UnsupportedLayers(
        "devices",
        ("DataParallel",),
        "DataParallel distributes a module over devices. Write the module itself.",
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
        "The cost depends on the values of the targets: cluster, length or number.",
    ),
    UnsupportedLayers(
        "value checks",
        ("GaussianNLLLoss",),
        "GaussianNLLLoss checks the values of its variances, so it cannot run on shapes alone.",
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

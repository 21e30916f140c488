"""Elementwise operators that do not count 1 per element; activations follow the rules of the layers.

Other operators that torch tags as pointwise count 1 per output element, and those tagged as reductions 1 per
input element. Integer comparisons and arithmetic are index computations, and count 0.
"""

from __future__ import annotations

from typing import Any

from convcost.core import arithmetic
from convcost.core.cost import Cost
from convcost.layers import activation, layer_class
from convcost.operators.interface import (
    Operand,
    Operator,
    each_element,
    each_input_element,
    same_shape,
    size,
)

ACTIVATIONS = {
    **{"relu": "ReLU", "relu6": "ReLU6", "hardsigmoid": "Hardsigmoid", "hardswish": "Hardswish"},
    **{"silu": "SiLU", "mish": "Mish", "selu": "SELU", "celu": "CELU", "elu": "ELU", "sigmoid": "Sigmoid"},
    **{"tanh": "Tanh", "log_sigmoid": "LogSigmoid", "log_sigmoid_forward": "LogSigmoid"},
    **{"leaky_relu": "LeakyReLU", "rrelu": "RReLU", "rrelu_with_noise": "RReLU", "prelu": "PReLU"},
    **{"_prelu_kernel": "PReLU", "hardtanh": "Hardtanh", "hardshrink": "Hardshrink"},
    **{"softshrink": "Softshrink", "softplus": "Softplus", "threshold": "Threshold"},
    **{"softmin": "Softmin", "softsign": "Softsign"},
    **{"tanhshrink": "Tanhshrink"},
}
"""The layer with the rule, by ATen name."""

SOFTMAXES = ("softmax", "_softmax", "_safe_softmax", "log_softmax", "_log_softmax")

CHECKED = ("PReLU", "Softmin", "RReLU")
"""Layers whose arguments torch must check."""


def gelu(output: Operand, approximate: Any = "none", **_: Any) -> Cost:
    """The same as layer GELU."""
    return Cost(elementwise=activation.GELU(approximate).operations * size(output))


def glu(output: Operand, **_: Any) -> Cost:
    """The same as layer GLU."""
    return Cost(elementwise=(activation.Sigmoid.operations + 1) * size(output))


def softmax(output: Operand, dim: int, operations: int = activation.Softmax.operations, **_: Any) -> Cost:
    """The same as layer Softmax; IndexError for a dimension that does not exist."""
    if not -len(output.shape) <= dim < max(len(output.shape), 1):
        raise IndexError(f"softmax over dimension {dim} of a tensor of {len(output.shape)} dimensions")
    return Cost(elementwise=operations * size(output))


def _as_layer(kind: str) -> Operator:
    layer: Any = layer_class(kind)
    return each_element(layer.operations, is_like_input=kind not in CHECKED)


OPERATIONS = {
    1: ("rsub", "floor_divide"),
    2: ("addcmul", "addcdiv", "lerp", "clamp", "clip", "hypot", "addr"),
    3: ("logaddexp", "sinc", "linalg_cross"),
    4: ("polar",),
}

REDUCTIONS = {
    1: (
        *("sum", "mean", "amax", "amin", "nansum", "cumsum", "cumprod", "prod", "max", "min", "median"),
        *("nanmedian", "cummax", "cummin"),
        "col2im",
    ),
    2: ("norm", "linalg_vector_norm", "logsumexp", "logcumsumexp", "native_norm"),
    3: ("var", "std", "var_mean", "std_mean", "dist", "renorm"),
}


WEIGHT_NORM = 3
"""g · v / ‖v‖, per element: a square, a sum, a product."""


def cdist(x1: Operand, output: Operand, **_: Any) -> Cost:
    """Per pair and feature: a difference, a power and a sum."""
    return Cost(elementwise=3 * size(output) * x1.shape[-1])


def pdist(self: Operand, output: Operand, **_: Any) -> Cost:
    """Per pair of rows and feature: a difference, a power and a sum."""
    return Cost(elementwise=3 * size(output) * self.shape[-1])


def trace(self: Operand, **_: Any) -> Cost:
    """One addition per element of the diagonal."""
    return Cost(elementwise=arithmetic.smaller(*self.shape))


def accumulate(output: Operand, **arguments: Any) -> Cost:
    """One addition per element added; none for `values` without `accumulate`, which replace elements."""
    source = arguments.get("source", arguments.get("src", arguments.get("values")))
    adds = arguments.get("accumulate", "values" not in arguments) and hasattr(source, "shape")
    return Cost(elementwise=size(source) if adds and source is not None else 0)


def add_values(values: Operand, **_: Any) -> Cost:
    """One addition per value."""
    return Cost(elementwise=size(values))


def zeros_and_scatter(vals: Operand, **_: Any) -> Cost:
    """One addition per value."""
    return Cost(elementwise=size(vals))


def put(source: Operand, accumulate: bool = False, **_: Any) -> Cost:
    """One addition per value with `accumulate`, else nothing."""
    return Cost(elementwise=size(source) if accumulate else 0)


def segment_reduce(data: Operand, **_: Any) -> Cost:
    """One operation per element of the data."""
    return Cost(elementwise=size(data))


OPERATORS = {
    **{name: _as_layer(kind) for name, kind in ACTIVATIONS.items()},
    **dict.fromkeys(SOFTMAXES, Operator(softmax)),
    "gelu": Operator(gelu, same_shape, is_like_input=True),
    "glu": Operator(glu),
    **{name: each_element(operations) for operations, names in OPERATIONS.items() for name in names},
    **{name: each_input_element(operations) for operations, names in REDUCTIONS.items() for name in names},
    "_unsafe_masked_index_put_accumulate": Operator(add_values),
    "put": Operator(put),
    **dict.fromkeys(("_weight_norm", "_weight_norm_interface"), each_element(WEIGHT_NORM)),
    **dict.fromkeys(("_cdist_forward", "cdist"), Operator(cdist)),
    "_pdist_forward": Operator(pdist),
    "trace": Operator(trace),
    **dict.fromkeys(("segment_reduce", "_segment_reduce"), Operator(segment_reduce)),
    **dict.fromkeys(
        (
            *("scatter_add", "index_add", "scatter_reduce", "index_reduce", "index_put", "_index_put_impl"),
            "_unsafe_index_put",
        ),
        Operator(accumulate),
    ),
    "zeros_and_scatter": Operator(zeros_and_scatter),
}

"""The table of quantities, used by outputs, limits, lock files and searches."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from convcost.core.cost import Convention, Cost, Size

RowReader = Callable[["RowQuantities"], Any]
CostReader = Callable[["Cost", "Convention"], Any]


class RowQuantities(Protocol):
    """The quantities of a row, or of a group of rows such as a submodule with its contents."""

    @property
    def params(self) -> Size:
        """Parameters."""

    @property
    def trainable_params(self) -> Size:
        """Parameters that require a gradient."""

    @property
    def cost(self) -> Cost:
        """The cost of all calls."""

    @property
    def activations(self) -> Size:
        """Output elements of contractions."""


class Metric(NamedTuple):
    """A quantity. `name` is its attribute of a Report, and its key in JSON.

    Attributes:
        label: Its label in tables.
        full_label: Its label outside a table, if `label` depends on the line above.
        description: What it counts, for help and schemas.
        units: Units accepted in an amount; the last one is the usual one.
        scaled_unit: The unit of rounded amounts in the table of one design (983 K MACs); "" for none.
        of_cost: Its value in a cost, under a convention. The total is the sum over the rows.
        of_row: Its value in a row, if it is a sum over the rows but not part of a cost.
        is_optional: Whether its formula in open sizes may be missing.
        is_minor: Whether it is a detail of the quantity above it in tables.
        missing: Shown in tables instead of a missing value; "" for a dash.
        in_baseline: Whether lock files contain it.
        can_be_matched: Whether `match` can search for it.
        has_break_even: Whether break-even points are computed for it.
        quotient_of: The two quantities whose quotient it is, if any.
    """

    name: str
    label: str
    description: str
    units: tuple[str, ...] = ()
    scaled_unit: str = ""
    of_cost: CostReader | None = None
    of_row: RowReader | None = None
    is_optional: bool = False
    full_label: str = ""
    is_minor: bool = False
    missing: str = ""
    in_baseline: bool = False
    can_be_matched: bool = False
    has_break_even: bool = False
    quotient_of: tuple[str, ...] = ()

    @property
    def standalone_label(self) -> str:
        """The label for use outside a table."""
        return self.full_label or self.label

    @property
    def sentence(self) -> str:
        """The description as a sentence."""
        return f"{self.description[0].upper()}{self.description[1:]}."

    @property
    def is_additive(self) -> bool:
        """Whether the total is the sum over the rows."""
        return bool(self.of_cost or self.of_row)

    def in_cost(self, cost: Cost, convention: Convention) -> Any:
        """Its value in a cost; None if costs do not have it."""
        return self.of_cost(cost, convention) if self.of_cost else None

    def in_row(self, row: RowQuantities, convention: Convention) -> Any:
        """Its value in a row; None if rows do not have it."""
        return self.of_row(row) if self.of_row else self.in_cost(row.cost, convention)


METRICS = (
    Metric(
        "params",
        "parameters",
        "parameters",
        ("parameters", "param", "params"),
        scaled_unit="params",
        of_row=lambda row: row.params,
        in_baseline=True,
        can_be_matched=True,
        has_break_even=True,
    ),
    Metric(
        "trainable_params",
        "trainable",
        "parameters that require a gradient",
        ("parameters", "param", "params"),
        scaled_unit="params",
        of_row=lambda row: row.trainable_params,
        full_label="trainable parameters",
        is_minor=True,
    ),
    Metric(
        "macs",
        "MACs",
        "multiply–accumulates",
        ("MAC", "MACs"),
        scaled_unit="MACs",
        of_cost=lambda cost, _: cost.macs,
        in_baseline=True,
        can_be_matched=True,
    ),
    Metric(
        "valid_macs",
        "on real data",
        "multiply–accumulates on real data, not on padding",
        ("MAC", "MACs"),
        scaled_unit="MACs",
        of_cost=lambda cost, _: cost.valid_macs,
        is_optional=True,
        full_label="MACs on real data",
        is_minor=True,
        missing="(no formula)",
        in_baseline=True,
        can_be_matched=True,
    ),
    Metric(
        "flops",
        "FLOPs",
        "floating-point operations under the convention",
        ("FLOP", "FLOPs"),
        scaled_unit="FLOPs",
        of_cost=lambda cost, convention: cost.flops(convention),
        is_optional=True,
        in_baseline=True,
        can_be_matched=True,
        has_break_even=True,
    ),
    Metric(
        "flops_per_output_element",
        "per output element",
        "FLOPs per element of the output",
        full_label="FLOPs per output element",
        is_minor=True,
        quotient_of=("flops", "output_elements"),
    ),
    Metric(
        "bias_adds",
        "bias adds",
        "additions of a bias",
        ("add", "adds"),
        of_cost=lambda cost, _: cost.bias_adds,
        in_baseline=True,
    ),
    Metric(
        "elementwise",
        "elementwise",
        "elementwise operations",
        ("operation", "operations"),
        of_cost=lambda cost, _: cost.elementwise,
        full_label="elementwise work",
        in_baseline=True,
    ),
    Metric(
        "output_elements",
        "output elements",
        "elements of the output",
        ("element", "elements"),
        in_baseline=True,
    ),
    Metric(
        "activations",
        "activations",
        "output elements of all contractions",
        ("element", "elements", "activation", "activations"),
        of_row=lambda row: row.activations,
        in_baseline=True,
        has_break_even=True,
    ),
    Metric(
        "bytes",
        "bytes",
        "bytes of input, parameters and output",
        ("bytes", "B"),
        scaled_unit="B",
        in_baseline=True,
        can_be_matched=True,
    ),
    Metric(
        "arithmetic_intensity",
        "FLOPs per byte",
        "FLOPs per byte moved",
        quotient_of=("flops", "bytes"),
    ),
)

TRAINING_FLOPS = Metric(
    "training_flops",
    "FLOPs of a training step",
    "FLOPs of a training step, forward and backward, if the backward is counted",
    scaled_unit="FLOPs",
    is_optional=True,
    has_break_even=True,
)
"""Only for reports with a backward. Designs are compared by it too."""

DETAILS = {
    "params": (
        Metric(
            "active_params",
            "active per token",
            "parameters that a token uses, including only the experts that it is routed to",
            ("parameters", "param", "params"),
            scaled_unit="params",
            full_label="active parameters",
            is_minor=True,
        ),
        Metric(
            "active_params_without_embeddings",
            "active, no embeddings",
            "active parameters without tables that are only looked up",
            ("parameters", "param", "params"),
            scaled_unit="params",
            full_label="active parameters without embeddings",
            is_minor=True,
        ),
    ),
    "flops": (
        Metric(
            "flops_per_token",
            "per token",
            "FLOPs per token of a generation phase",
            ("FLOP", "FLOPs"),
            scaled_unit="FLOPs",
            full_label="FLOPs per token",
            is_minor=True,
            quotient_of=("flops", "tokens"),
        ),
    ),
    "output_elements": (
        Metric(
            "tokens",
            "tokens",
            "tokens of a generation phase; in decode, one per sequence",
        ),
    ),
    "bytes": (
        Metric(
            "kv_cache_bytes",
            "KV cache",
            "bytes of the cache after the prompt",
            ("bytes", "B"),
            scaled_unit="B",
            full_label="KV cache bytes",
            is_minor=True,
        ),
    ),
}
"""Additional quantities of language models and mixtures of experts, by the quantity above them in tables."""

OF_SOME_MODULES = tuple(metric for metrics in DETAILS.values() for metric in metrics)

OF_PHASES = ("flops_per_token", "tokens", "kv_cache_bytes")
"""The quantities that only a language model in a generation phase has."""

NAMES = tuple(metric.name for metric in METRICS)

BY_NAME = {metric.name: metric for metric in (*METRICS, TRAINING_FLOPS, *OF_SOME_MODULES)}

WITH_BREAK_EVEN = tuple(
    metric.name
    for metric in sorted(METRICS, key=lambda metric: metric.name != "flops")
    if metric.has_break_even
)
"""The quantities with break-even points, FLOPs first."""

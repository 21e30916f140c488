"""The table of quantities: outputs, limits, lock files and searches take theirs from here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from convcost.core.cost import Convention, Cost, Size

RowReader = Callable[["RowQuantities"], Any]
CostReader = Callable[["Cost", "Convention"], Any]


class RowQuantities(Protocol):
    """What a row of a report has, and so has what adds rows up: a submodule with all that is in it."""

    @property
    def params(self) -> Size:
        """Parameters."""

    @property
    def trainable_params(self) -> Size:
        """Those that require a gradient."""

    @property
    def cost(self) -> Cost:
        """The cost of all calls."""

    @property
    def activations(self) -> Size:
        """Output elements of contractions."""


class Metric(NamedTuple):
    """A quantity: `name` is the attribute of a Report that has it, and its key in JSON.

    Attributes:
        label: In a table; a minor one details the one above it.
        full_label: Where it stands alone, without the one above.
        description: What it counts, for help and schemas.
        units: What an amount of it can be written in; the last is the usual one.
        scaled_unit: What the table of one design has its rounded amount in, 983 K MACs, if it has that.
        of_cost: Reads it off a cost, under a convention; the total is then the sum over the rows.
        of_row: Reads it off a row, where the total is the rows' sum but no part of a cost.
        is_optional: Whether there may be no formula for it where sizes are open.
        missing: What a table has where there is none, if not a dash.
        in_baseline: Whether a lock file keeps the total.
        can_be_matched: Whether `match` can search for it.
        has_break_even: Whether two designs are compared along an open size by it.
        quotient_of: The two quantities that it is the quotient of, if it is one.
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
        """The label where it stands alone, without the one above it in a table."""
        return self.full_label or self.label

    @property
    def sentence(self) -> str:
        """The description, to stand alone."""
        return f"{self.description[0].upper()}{self.description[1:]}."

    @property
    def is_additive(self) -> bool:
        """Whether the total is the sum over the rows."""
        return bool(self.of_cost or self.of_row)

    def in_cost(self, cost: Cost, convention: Convention) -> Any:
        """What a cost has of it; None where costs have none."""
        return self.of_cost(cost, convention) if self.of_cost else None

    def in_row(self, row: RowQuantities, convention: Convention) -> Any:
        """What a row has of it; None where rows have none."""
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
        "FLOPs for each element of the output",
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
        "FLOPs for each byte moved",
        quotient_of=("flops", "bytes"),
    ),
)

TRAINING_FLOPS = Metric(
    "training_flops",
    "FLOPs of a training step",
    "FLOPs of a training step, forward and backward; where the backward is counted",
    scaled_unit="FLOPs",
    is_optional=True,
    has_break_even=True,
)
"""Beside the others: only a report with its backward has it, and designs are compared by it."""

DETAILS = {
    "params": (
        Metric(
            "active_params",
            "active for a token",
            "parameters that a token uses: of experts those that it is routed to",
            scaled_unit="params",
            full_label="active parameters",
            is_minor=True,
        ),
        Metric(
            "active_params_without_embeddings",
            "active, no embeddings",
            "active parameters, but none of tables that are only looked up",
            scaled_unit="params",
            full_label="active parameters without embeddings",
            is_minor=True,
        ),
    ),
    "flops": (
        Metric(
            "flops_per_token",
            "per token",
            "FLOPs for each token of a phase of generating text",
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
            "tokens that a phase of generating text runs on: of decode one for each sequence",
        ),
    ),
    "bytes": (
        Metric(
            "kv_cache_bytes",
            "KV cache",
            "bytes of what the prompt leaves in the cache",
            scaled_unit="B",
            full_label="KV cache bytes",
            is_minor=True,
        ),
    ),
}
"""What language models and mixtures of experts have beside the others, each below one of them in tables."""

OF_SOME_MODULES = tuple(metric for metrics in DETAILS.values() for metric in metrics)

NAMES = tuple(metric.name for metric in METRICS)

BY_NAME = {metric.name: metric for metric in (*METRICS, TRAINING_FLOPS, *OF_SOME_MODULES)}

WITH_BREAK_EVEN = tuple(
    metric.name
    for metric in sorted(METRICS, key=lambda metric: metric.name != "flops")
    if metric.has_break_even
)
"""What break-even points are found for, FLOPs first."""

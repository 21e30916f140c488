"""The table of quantities: outputs, limits, lock files and searches take theirs from here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from convcost.core.cost import Convention
    from convcost.core.report import Row

RowReader = Callable[["Row", "Convention"], Any]


class Metric(NamedTuple):
    """A quantity: `name` is the attribute of a Report that has it, and its key in JSON.

    Attributes:
        label: In a table; a minor one details the one above it.
        full_label: Where it stands alone, without the one above.
        description: What it counts, for help and schemas.
        units: What an amount of it can be written in; the last is the usual one.
        of_row: Reads it off a row, under a convention, where the total is the rows' sum.
        missing: What a table has where there is none, if not a dash.
        in_baseline: Whether a lock file keeps the total.
        can_be_matched: Whether `match` can search for it.
        has_break_even: Whether two designs are compared along an open size by it.
    """

    name: str
    label: str
    description: str
    units: tuple[str, ...] = ()
    of_row: RowReader | None = None
    full_label: str = ""
    is_minor: bool = False
    missing: str = ""
    in_baseline: bool = False
    can_be_matched: bool = False
    has_break_even: bool = False

    @property
    def is_additive(self) -> bool:
        """Whether the total is the sum over the rows."""
        return self.of_row is not None

    def in_row(self, row: Row, convention: Convention) -> Any:
        """What a row has of it; None where rows have none."""
        return self.of_row(row, convention) if self.of_row else None


METRICS = (
    Metric(
        "params",
        "parameters",
        "parameters",
        ("parameters", "param", "params"),
        lambda row, _: row.params,
        in_baseline=True,
        can_be_matched=True,
        has_break_even=True,
    ),
    Metric(
        "trainable_params",
        "trainable",
        "parameters that require a gradient",
        ("parameters", "param", "params"),
        lambda row, _: row.trainable_params,
        full_label="trainable parameters",
        is_minor=True,
    ),
    Metric(
        "macs",
        "MACs",
        "multiply–accumulates",
        ("MAC", "MACs"),
        lambda row, _: row.cost.macs,
        in_baseline=True,
        can_be_matched=True,
    ),
    Metric(
        "valid_macs",
        "on real data",
        "multiply–accumulates on real data, not on padding",
        ("MAC", "MACs"),
        lambda row, _: row.cost.valid_macs,
        full_label="MACs on real data",
        is_minor=True,
        missing="(no formula)",
        in_baseline=True,
    ),
    Metric(
        "flops",
        "FLOPs",
        "floating-point operations under the entry's convention",
        ("FLOP", "FLOPs"),
        lambda row, convention: row.cost.flops(convention),
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
    ),
    Metric(
        "bias_adds",
        "bias adds",
        "additions of a bias",
        ("add", "adds"),
        lambda row, _: row.cost.bias_adds,
        in_baseline=True,
    ),
    Metric(
        "elementwise",
        "elementwise",
        "elementwise operations",
        ("operation", "operations"),
        lambda row, _: row.cost.elementwise,
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
        lambda row, _: row.activations,
        in_baseline=True,
        has_break_even=True,
    ),
    Metric(
        "bytes",
        "bytes",
        "bytes of input, parameters and output",
        ("bytes", "B"),
        in_baseline=True,
        can_be_matched=True,
    ),
    Metric("arithmetic_intensity", "FLOPs per byte", "FLOPs for each byte moved"),
)

BY_NAME = {metric.name: metric for metric in METRICS}

NAMES = tuple(BY_NAME)

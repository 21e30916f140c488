"""The columns of tables of layers, submodules and operators. To add one: an entry here.

Every quantity of core/metrics.py is a column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from convcost.analysis.parts import ReportPart
from convcost.core.cost import Convention, Size
from convcost.core.metrics import BY_NAME, METRICS, Metric
from convcost.render.formulas import approximate_text, shape_text, share_text, short_text

Write: TypeAlias = Callable[[Any], str]
"""Formats a quantity: exact or rounded."""


class TableColumn(NamedTuple):
    """A column: its heading, and the cell of a part, given the FLOPs of all parts.

    `of_operators` says whether tables of operators can have it.
    """

    heading: str
    cell: Callable[[ReportPart, Size, Write], str]
    of_operators: bool = True


def _shape(part: ReportPart, _: Size, __: Write, end: str) -> str:
    shape = getattr(part, end)
    return "" if shape is None else shape_text(shape)


def _quantity(part: ReportPart, _: Size, write: Write, name: str) -> str:
    value = part.quantity(name)
    is_rational = isinstance(value, Fraction) and value.denominator != 1
    return (short_text if is_rational else write)(value) if value is not None else ""


COLUMNS = {
    "input": TableColumn("input", partial(_shape, end="input"), of_operators=False),
    "output": TableColumn("output", partial(_shape, end="output"), of_operators=False),
    "calls": TableColumn("calls", lambda part, _, __: short_text(part.calls, missing="")),
    **{
        metric.name: TableColumn(
            metric.standalone_label,
            partial(_quantity, name=metric.name),
            bool(metric.of_cost) or metric.name == "activations",
        )
        for metric in METRICS
    },
    "share": TableColumn("share", lambda part, whole, _: share_text(part.flops, whole)),
    "backward": TableColumn(
        "backward", lambda part, _, write: write(part.backward.flops(part.convention))
    ),
}  # fmt: skip
"""The columns by name."""

GROUPS = {"shapes": ("input", "output")}
"""Names that stand for several columns."""

NAMES = (*GROUPS, *COLUMNS)

OPERATOR_COLUMNS = tuple(name for name, column in COLUMNS.items() if column.of_operators)

SHORT_HEADINGS = {"params": "params", "trainable_params": "trainable", "elementwise": "elementwise"}
"""Headings for tables with many columns."""


def macs_metric(convention: Convention) -> Metric:
    """The MACs that FLOPs are made of: all, or those on real data."""
    return BY_NAME["valid_macs" if convention.padding == "valid" else "macs"]


def columns_in_convention(names: Iterable[str], convention: Convention) -> tuple[str, ...]:
    """The named columns; `macs` are those that the convention's FLOPs are made of."""
    return tuple(macs_metric(convention).name if name == "macs" else name for name in names)


def headings(names: Iterable[str], *, are_short: bool = True) -> tuple[str, ...]:
    """The headings of the named columns; a share without the FLOPs next to it says of what it is."""
    short = SHORT_HEADINGS if are_short else {}
    listed = list(names)
    full = {"share": "share of FLOPs"} if "flops" not in listed else {}
    return tuple(full.get(name) or short.get(name) or COLUMNS[name].heading for name in listed)


def cells(
    part: ReportPart, whole: Size, names: Sequence[str], write: Write = approximate_text
) -> tuple[str, ...]:
    """The cells of `part` in the named columns; all parts together have `whole` FLOPs."""
    return tuple(COLUMNS[name].cell(part, whole, write) for name in names)

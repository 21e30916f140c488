"""A design's parts, each with the quantities of a report: layers, submodules with all in them, operators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from convcost.analysis.breakdown import ITSELF, NO_COST, ModuleNode, ModuleTotals, OperatorTotal
from convcost.core import arithmetic
from convcost.core.cost import Convention, Cost, Shape, Size, ratio_of
from convcost.core.dtypes import ITEMSIZES
from convcost.core.metrics import BY_NAME
from convcost.core.report import Report
from convcost.core.row import Row


@dataclass(frozen=True)
class ReportPart:
    """A part and what it costs under `convention`, in all calls; `backward` is what its gradients cost.

    `bytes` are those of its input, parameters and output. It stands for `copies` parts of one cost. What it
    does not have is None: an operator has no parameters, and several parts together have no output.
    """

    convention: Convention
    cost: Cost
    params: Size | None = None
    trainable_params: Size | None = None
    activations: Size | None = None
    backward: Cost = NO_COST
    bytes: Size | None = None
    input: Shape | None = None
    output: Shape | None = None
    calls: int | None = None
    copies: int = 1

    @property
    def flops(self) -> Size:
        """Floating-point operations under the convention."""
        return self.cost.flops(self.convention)

    @property
    def output_elements(self) -> Size | None:
        """Elements of the output, of all copies."""
        return None if self.output is None else self.copies * arithmetic.elements(self.output)

    @property
    def flops_per_output_element(self) -> Fraction | None:
        """FLOPs / output elements, exactly."""
        return ratio_of(self.flops, self.output_elements)

    @property
    def arithmetic_intensity(self) -> Fraction | None:
        """FLOPs / bytes, exactly."""
        return ratio_of(self.flops, self.bytes)

    def quantity(self, name: str) -> Any:
        """The quantity called `name` in core/metrics.py; None where a part has none."""
        metric = BY_NAME[name]
        read: Any = metric.in_row
        return read(self, self.convention) if metric.is_additive else getattr(self, name, None)


def layer_part(rows: Sequence[Row], report: Report) -> ReportPart:
    """A layer of a spec, or several that follow one another, from what comes in to the last one's output."""
    first, last, itemsize = rows[0], rows[-1], ITEMSIZES[report.dtype]
    stored = sum(row.parameter_bytes(itemsize) for row in rows)
    return ReportPart(
        report.convention,
        sum((row.cost for row in rows), NO_COST),
        sum(row.params for row in rows),
        sum(row.trainable_params for row in rows),
        sum(row.activations for row in rows),
        sum(map(gradient_cost, rows), NO_COST),
        bytes=_bytes_read(rows, report, itemsize) + stored + last.output_bytes(itemsize),
        input=_incoming(first, last, report),
        output=last.output,
        calls=first.calls if len(rows) == 1 else None,
    )


def _incoming(first: Row, last: Row, report: Report) -> Shape:
    """The shape of what comes in: of what the branches of the last layer start from, if it joins several."""
    if first is last or last.branch_source is None:
        return first.input
    source = last.branch_source
    return report.inputs[-1 - source].shape if source < 0 else report.rows[source].output


def _bytes_read(rows: Sequence[Row], report: Report, itemsize: int) -> Size:
    """What `rows` read of the design's inputs and of layers before them, each tensor once."""
    paths = {row.path for row in rows} if rows[1:] else ()
    found = {
        source: size
        for row in rows
        for source, size in row.bytes_by_source(itemsize).items()
        if source < 0 or report.rows[source].path not in paths
    }
    return arithmetic.total([*found.values()], 0)


def gradient_cost(row: Row) -> Cost:
    """What the gradients of a layer cost, where they are counted."""
    return row.gradients.total if row.gradients else NO_COST


def module_part(node: ModuleNode, convention: Convention) -> ReportPart:
    """A submodule with all that is in it, in all its calls; apart from what is in it, it has no bytes."""
    module, total = node.module, node.total
    ends = None if module.bytes is None or node.label == ITSELF else node.copies * module.bytes
    return ReportPart(
        convention,
        total.cost,
        total.params,
        total.trainable_params,
        total.activations,
        total.backward,
        None if ends is None else ends + total.parameter_bytes,
        module.input,
        module.output,
        node.copies * module.calls,
        node.copies,
    )


def operator_part(total: OperatorTotal, convention: Convention) -> ReportPart:
    """An operator in all its calls."""
    return ReportPart(
        convention,
        total.cost,
        activations=total.activations,
        backward=total.backward,
        calls=total.calls,
    )


def sum_part(total: ModuleTotals, convention: Convention) -> ReportPart:
    """Several parts together: what adds up of them."""
    return ReportPart(
        convention, total.cost, total.params, total.trainable_params, total.activations, total.backward
    )

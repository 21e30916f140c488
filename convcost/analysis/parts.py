"""Parts of a design with the quantities of a report: layers, submodules, operators."""

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
    """A part and its cost under `convention`, in all calls; `backward` is the cost of its gradients.

    `bytes` are those of its input, parameters and output. It represents `copies` equal parts. A quantity that
    it does not have is None: an operator has no parameters, and a sum of parts has no output.
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
        """Output elements of all copies."""
        return None if self.output is None else self.copies * arithmetic.elements(self.output)

    @property
    def flops_per_output_element(self) -> Fraction | None:
        """FLOPs / output elements, exact."""
        return ratio_of(self.flops, self.output_elements)

    @property
    def arithmetic_intensity(self) -> Fraction | None:
        """FLOPs / bytes, exact."""
        return ratio_of(self.flops, self.bytes)

    def quantity(self, name: str) -> Any:
        """The quantity `name` of core/metrics.py; None if the part does not have it."""
        metric = BY_NAME[name]
        read: Any = metric.in_row
        return read(self, self.convention) if metric.is_additive else getattr(self, name, None)


def layer_part(rows: Sequence[Row], report: Report) -> ReportPart:
    """A layer of a spec, or several consecutive ones, from their input to the last output."""
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
    """The shape of the input: that of the branches, if the last layer joins several."""
    if first is last or last.branch_source is None:
        return first.input
    source = last.branch_source
    return report.inputs[-1 - source].shape if source < 0 else report.rows[source].output


def _bytes_read(rows: Sequence[Row], report: Report, itemsize: int) -> Size:
    """Bytes that `rows` read from inputs of the design and from earlier layers, each tensor once."""
    paths = {row.path for row in rows} if rows[1:] else ()
    sizes = {
        source: size
        for row in rows
        for source, size in row.bytes_by_source(itemsize).items()
        if source < 0 or report.rows[source].path not in paths
    }
    return arithmetic.total([*sizes.values()], 0)


def gradient_cost(row: Row) -> Cost:
    """The cost of a layer's gradients; zero if they are not counted."""
    return row.gradients.total if row.gradients else NO_COST


def module_part(node: ModuleNode, convention: Convention) -> ReportPart:
    """A submodule with its contents, in all calls; without its contents, it has no bytes."""
    module, total = node.module, node.total
    ends = None if module.bytes is None or node.label == ITSELF else node.copies * module.bytes.total
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
    """An operator, in all calls."""
    return ReportPart(
        convention,
        total.cost,
        activations=total.activations,
        backward=total.backward,
        calls=total.calls,
    )


def sum_part(total: ModuleTotals, convention: Convention) -> ReportPart:
    """The sum of several parts, with additive quantities only."""
    return ReportPart(
        convention, total.cost, total.params, total.trainable_params, total.activations, total.backward
    )

"""Breakdowns of totals by module and operator, and of the difference of two totals."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

from convcost.core.comparison import Comparison
from convcost.core.cost import Cost, Size
from convcost.core.dtypes import ITEMSIZES
from convcost.core.report import Report
from convcost.core.row import Row
from convcost.core.trace import Operation, SubmoduleRun, Trace

NO_COST = Cost()


@dataclass(frozen=True)
class ModuleTotals:
    """Totals of a part of a model; `backward` is the cost of gradients and recomputation.

    `parameter_bytes` uses the dtypes of the parameters.
    """

    params: Size = 0
    trainable_params: Size = 0
    cost: Cost = NO_COST
    activations: Size = 0
    backward: Cost = NO_COST
    parameter_bytes: Size = 0

    def __add__(self, other: ModuleTotals) -> ModuleTotals:
        return ModuleTotals(
            self.params + other.params,
            self.trainable_params + other.trainable_params,
            self.cost + other.cost,
            self.activations + other.activations,
            self.backward + other.backward,
            self.parameter_bytes + other.parameter_bytes,
        )


@dataclass(frozen=True)
class ModuleNode:
    """A submodule that ran, with its own totals (without children), and its children in execution order.

    `label` is its path relative to its parent; `copies` is the number of equal neighbours that it represents.
    """

    module: SubmoduleRun
    label: str
    own: ModuleTotals
    children: tuple[ModuleNode, ...] = ()
    copies: int = 1

    @cached_property
    def total(self) -> ModuleTotals:
        """The totals including children."""
        return sum((child.total for child in self.children), self.own)

    @property
    def depth(self) -> int:
        """The number of levels below it."""
        return 1 + max((child.depth for child in self.children), default=-1)

    def walk(self) -> Iterator[ModuleNode]:
        """All nodes below it, in execution order."""
        for child in self.children:
            yield child
            yield from child.walk()


def module_tree(report: Report) -> ModuleNode:
    """The tree of a model's submodules. A module that did not run, such as a list, is skipped."""
    trace = report.trace
    assert trace
    modules = {module.path: module for module in trace.modules}
    child_paths: dict[str, list[str]] = defaultdict(list)
    for path in modules:
        if path:
            parent = next((outer for outer in parent_paths(path) if outer in modules), "")
            child_paths[parent].append(path)
    own = _totals_by_path(report, trace)

    def node(path: str, parent: str) -> ModuleNode:
        label = path.removeprefix(f"{parent}.") if parent else path
        children = tuple(node(child, path) for child in child_paths[path])
        return ModuleNode(modules[path], label, own.get(path, ModuleTotals()), children)

    return node("", "")


def parent_paths(path: str) -> Iterator[str]:
    """The paths of the modules that contain `path`, innermost first, without the model itself."""
    while path := path.rpartition(".")[0]:
        yield path


def _totals_by_path(report: Report, trace: Trace) -> dict[str, ModuleTotals]:
    """The own totals of each module."""
    backward: dict[str, Cost] = defaultdict(Cost)
    for operation in trace.operations:
        if operation.phase != "forward":
            backward[operation.path] += operation.cost
    itemsize = ITEMSIZES[report.dtype]
    totals = {
        row.path: ModuleTotals(
            row.params,
            row.trainable_params,
            row.cost,
            row.activations,
            backward.pop(row.path, Cost()),
            row.parameter_bytes(itemsize),
        )
        for row in report.rows
    }
    return {**totals, **{path: ModuleTotals(backward=cost) for path, cost in backward.items()}}


NUMBERED = re.compile(r"(.*?)(\d+)")
"""A label that ends in a number: `0`, `layers.11`, `encoder_layer_3`."""


def fold_repeated(node: ModuleNode) -> ModuleNode:
    """`node` with equal neighbouring children merged, at all levels."""
    children = tuple(map(fold_repeated, node.children))
    runs = (tuple(run) for _, run in groupby(children, key=_fold_key))
    return replace(node, children=tuple(map(_merge, runs)))


def _fold_key(node: ModuleNode) -> Any:
    """The key that neighbours must share to be merged: everything except the final number of the label."""
    numbered = NUMBERED.fullmatch(node.label)
    return numbered[1] if numbered else (node.label,), _signature(node)


def _signature(node: ModuleNode) -> Any:
    module = node.module._replace(path="")
    return module, node.own, node.copies, tuple((child.label, _signature(child)) for child in node.children)


def _merge(run: tuple[ModuleNode, ...]) -> ModuleNode:
    """Equal neighbours merged into one node, and their children pairwise."""
    first, last = run[0], run[-1]
    if len(run) == 1:
        return first
    children = zip(*(node.children for node in run), strict=True)
    return ModuleNode(
        first.module,
        f"{first.label}–{last.label.removeprefix(_label_stem(first.label))}",
        sum((node.own for node in run[1:]), first.own),
        tuple(replace(_merge(group), label=group[0].label) for group in children),
        first.copies * len(run),
    )


def _label_stem(label: str) -> str:
    numbered = NUMBERED.fullmatch(label)
    return numbered[1] if numbered else ""


ITSELF = "(itself)"
"""The label of a module without its submodules."""


class OperatorTotal(NamedTuple):
    """Totals of all calls of an operator: forward, and gradients."""

    operator: str
    calls: int
    cost: Cost
    activations: Size
    backward: Cost
    estimated: bool
    complex: bool
    sparse: bool


def operator_totals(trace: Trace) -> tuple[OperatorTotal, ...]:
    """Totals by operator; most MACs first, then most elementwise work."""
    calls: dict[str, list[Operation]] = defaultdict(list)
    for operation in trace.operations:
        calls[operation.operator].append(operation)
    totals = [_total(operator, operations) for operator, operations in calls.items()]
    if all(isinstance(total.cost.macs, int) for total in totals):
        totals.sort(key=lambda total: (-total.cost.macs, -total.cost.elementwise))
    return tuple(totals)


def _total(operator: str, operations: list[Operation]) -> OperatorTotal:
    forward = [operation for operation in operations if operation.phase == "forward"]
    backward = [operation for operation in operations if operation.phase != "forward"]
    return OperatorTotal(
        operator,
        sum(operation.calls for operation in forward),
        sum((operation.cost for operation in forward), Cost()),
        sum(operation.activations for operation in forward),
        sum((operation.cost for operation in backward), Cost()),
        any(operation.estimated for operation in operations),
        any(operation.complex for operation in operations),
        any(operation.sparse for operation in operations),
    )


def sum_operators(totals: Sequence[OperatorTotal]) -> OperatorTotal:
    """The sum of several operators, without a name."""
    return OperatorTotal(
        "",
        sum(total.calls for total in totals),
        sum((total.cost for total in totals), Cost()),
        sum(total.activations for total in totals),
        sum((total.backward for total in totals), Cost()),
        any(total.estimated for total in totals),
        any(total.complex for total in totals),
        any(total.sparse for total in totals),
    )


NUMBER = re.compile(r"(?:(?<=\.)|^)\d+(?=\.)")
"""A number inside a path: the index of a block."""


class PathGroup(NamedTuple):
    """Rows of a report with the same path pattern: `blocks.*.fc` for the `fc` of all blocks."""

    path: str
    kind: str
    rows: tuple[Row, ...]

    @property
    def cost(self) -> Cost:
        """The cost of all rows."""
        return sum((row.cost for row in self.rows), Cost())


class PathGroupPair(NamedTuple):
    """A part of the first report and its counterpart in the other; None if there is none."""

    first: PathGroup | None
    other: PathGroup | None

    @property
    def costs(self) -> tuple[Cost, Cost]:
        """The costs of both; zero if there is none."""
        return self.first.cost if self.first else Cost(), self.other.cost if self.other else Cost()

    @property
    def label(self) -> str:
        """A label: `fc: Linear`, or with different names `fc, head: Linear`."""
        parts = [part for part in self if part]
        paths = dict.fromkeys(part.path or ITSELF for part in parts)
        return f"{', '.join(paths)}: {' / '.join(dict.fromkeys(part.kind for part in parts))}"


def pair_rows(first: Report, other: Report) -> tuple[PathGroupPair, ...]:
    """All parts of both reports, paired by path, then by kind in order; then the rest."""
    left, right = _path_groups(first), _path_groups(other)
    pairs = [PathGroupPair(left.pop(path), right.pop(path)) for path in [*left] if path in right]
    for path, part in [*left.items()]:
        match = next((group for group in right.values() if group.kind == part.kind), None)
        if match:
            pairs.append(PathGroupPair(left.pop(path), right.pop(match.path)))
    return (
        *pairs,
        *(PathGroupPair(part, None) for part in left.values()),
        *(PathGroupPair(None, part) for part in right.values()),
    )


def _path_groups(report: Report) -> dict[str, PathGroup]:
    blocks = {block for row in report.rows for block in parent_paths(row.path)}
    rows: dict[str, list[Row]] = defaultdict(list)
    for row in report.rows:
        end = "." if row.path in blocks else ""
        rows[NUMBER.sub("*", row.path + end).removesuffix(".")].append(row)
    return {path: PathGroup(path, group[0].kind, tuple(group)) for path, group in rows.items()}


class Contribution(NamedTuple):
    """The contribution of a part to the difference: FLOPs of both; None if a report does not have it."""

    part: str
    first: int | None
    other: int | None

    @property
    def difference(self) -> int:
        """FLOPs of the other minus those of the first."""
        return (self.other or 0) - (self.first or 0)


def contributions(comparison: Comparison) -> list[tuple[Report, list[Contribution]]]:
    """The other candidates, with contributions to their difference from the first; empty with open sizes."""
    if any(report.open_names or report.flops is None for report in comparison.candidates):
        return []
    first, *others = comparison.candidates
    return [(other, _contributions(first, other)) for other in others if other.flops != first.flops]


def _contributions(first: Report, other: Report) -> list[Contribution]:
    """The contributions, the largest first."""
    parts = [_contribution(pair, first, other) for pair in pair_rows(first, other)]
    return sorted((each for each in parts if each.difference), key=lambda each: -abs(each.difference))


def _contribution(pair: PathGroupPair, first: Report, other: Report) -> Contribution:
    left, right = pair.costs
    return Contribution(
        pair.label,
        left.flops(first.convention) if pair.first else None,
        right.flops(other.convention) if pair.other else None,
    )

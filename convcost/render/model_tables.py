"""A model's tables: its tree of submodules, as much of it as is shown, its operators, its phases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from convcost.analysis.breakdown import (
    ITSELF,
    ModuleNode,
    ModuleTotals,
    OperatorTotal,
    fold_repeated,
    operator_totals,
    parent_paths,
    phase_costs,
)
from convcost.core.cost import Convention, Cost, Size, ratio_of
from convcost.core.metrics import BY_NAME
from convcost.core.report import Report
from convcost.core.trace import Trace
from convcost.render.document import Line, Table
from convcost.render.formulas import approximate_text, factor_text, shape_text, share_text, short_text
from convcost.render.style import Style, View

MOST_LINES = 40
"""The most lines of a tree: it is shown as deep as it stays within them."""

MODULE_HEADINGS = ("params", "trainable", "MACs", "FLOPs", "share", "backward")


class ShownModule(NamedTuple):
    """A module with its label, `depth` levels below the top of what is shown."""

    label: str
    depth: int
    node: ModuleNode


class Selection(NamedTuple):
    """The modules that are shown, and how many levels of the whole tree that is."""

    modules: tuple[ShownModule, ...]
    depth: int

    @property
    def total(self) -> ModuleTotals:
        """The totals of all shown modules, each counted once."""
        paths = {shown.node.module.path for shown in self.modules}
        outermost = (
            shown.node for shown in self.modules if not paths & set(parent_paths(shown.node.module.path))
        )
        return sum((node.total for node in outermost), ModuleTotals())


def select(root: ModuleNode, view: View, convention: Convention) -> Selection:
    """The part of `root` that `view` asks for."""
    order = _sort_key(view.sort, convention)
    if view.filter:
        return _filtered(root, view, order)
    tree = fold_repeated(_with_itself(root, convention))
    depth = view.depth or _fitting_depth(tree)
    return Selection(tuple(_descendants(tree, depth, order)), depth)


def all_modules(root: ModuleNode, view: View, convention: Convention) -> tuple[ModuleNode, ...]:
    """As `select`, with the model itself in front if there is no filter, and without a limit of lines."""
    found = _filtered(root, view, _sort_key(view.sort, convention)).modules
    return (*(() if view.filter else (root,)), *(shown.node for shown in found))


def _sort_key(sort: str, convention: Convention) -> Callable[[ModuleNode], Any] | None:
    """What to sort by: the largest first, but paths from A to Z."""
    if sort == "path":
        return lambda node: node.module.path
    metric = BY_NAME.get(sort)
    return metric and (lambda node: -metric.in_row(node.total, convention))


def _with_itself(node: ModuleNode, convention: Convention) -> ModuleNode:
    """`node` with its own cost as one more child, so that the children add up to it."""
    children = tuple(_with_itself(child, convention) for child in node.children)
    own = node.own
    counts = own.params or own.cost.flops(convention) or own.backward.flops(convention)
    if not counts or (node.module.path and not children):
        return replace(node, children=children)
    itself = ModuleNode(node.module, ITSELF, own)
    return replace(node, own=ModuleTotals(), children=(itself, *children))


def _fitting_depth(tree: ModuleNode) -> int:
    """The number of levels that stay within the lines there are; one at least."""
    depths = range(2, tree.depth + 1)
    fitting = (depth for depth in depths if len(tuple(_descendants(tree, depth, None))) <= MOST_LINES)
    return max(fitting, default=1)


def _descendants(
    node: ModuleNode, levels: int, order: Callable[[ModuleNode], Any] | None, depth: int = 0
) -> Iterator[ShownModule]:
    children = sorted(node.children, key=order) if order else node.children
    for child in children:
        yield ShownModule(child.label, depth, child)
        if levels > 1:
            yield from _descendants(child, levels - 1, order, depth + 1)


def _filtered(root: ModuleNode, view: View, order: Callable[[ModuleNode], Any] | None) -> Selection:
    """Every module with the filter's text in its path or class, labelled by its whole path."""
    text = view.filter.lower()
    deepest = view.depth or root.depth
    found = [
        ShownModule(shown.node.module.path, 0, shown.node)
        for shown in _descendants(root, deepest, None)
        if text in shown.node.module.path.lower() or text in shown.node.module.kind.lower()
    ]
    return Selection(tuple(sorted(found, key=lambda shown: order(shown.node)) if order else found), deepest)


def module_table(report: Report, root: ModuleNode, selection: Selection, style: Style) -> Table:
    """The modules that are shown, and a line for all of them.

    With a column for the backward, or with formulas, there is no room for MACs.
    """
    total = root.total.cost.flops(report.convention)
    lines = [_module_line(found, report, total) for found in selection.modules]
    if style.view.filter:
        lines.append(Line("all of these", _cells(selection.total, report, total)))
    lines.append(Line("total", _cells(root.total, report, total)))
    table = Table(("module", *MODULE_HEADINGS), tuple(lines))
    if report.open_names:
        table = table.without("MACs", "share")
    if report.trainable_params == report.params:
        table = table.without("trainable")
    goes_back = root.total.backward.flops(report.convention)
    table = table.without("MACs") if goes_back else table.without("backward")
    return _with_shapes(table, selection.modules, style.width)


def _module_line(found: ShownModule, report: Report, total: Size) -> Line:
    return Line(module_label(found), _cells(found.node.total, report, total), depth=found.depth)


def _cells(share: ModuleTotals, report: Report, total: Size) -> tuple[str, ...]:
    flops = share.cost.flops(report.convention)
    backward = share.backward.flops(report.convention)
    costs = (
        approximate_text(share.cost.macs),
        approximate_text(flops),
        share_text(flops, total),
        approximate_text(backward),
    )
    return (approximate_text(share.params), approximate_text(share.trainable_params), *costs)


def module_label(found: ShownModule) -> str:
    """`conv1: Conv2d`, `blocks.0–11: 12 × Block`, `fc: Linear, 2 calls`."""
    if found.label == ITSELF:
        return ITSELF
    node = found.node
    copies = f"{node.copies} × " if node.copies > 1 else ""
    calls = f", {node.module.calls} calls" if node.module.calls > 1 else ""
    return f"{found.label}: {copies}{node.module.kind}{calls}"


def _with_shapes(table: Table, found: tuple[ShownModule, ...], width: int) -> Table:
    """With the output's shape in front, and the input's before it, where the screen has room."""
    for ends in (("input", "output"), ("output",)):
        wider = _with_columns(table, found, ends)
        if wider.fits(width):
            return wider
    return table


def _with_columns(table: Table, found: tuple[ShownModule, ...], ends: tuple[str, ...]) -> Table:
    shapes = [tuple(_shape(getattr(each.node.module, end)) for end in ends) for each in found]
    shapes += [("",) * len(ends)] * (len(table.lines) - len(found))
    lines = [
        line._replace(cells=(*cells, *line.cells)) for line, cells in zip(table.lines, shapes, strict=True)
    ]
    return Table((table.columns[0], *ends, *table.columns[1:]), tuple(lines))


def _shape(shape: Any) -> str:
    return "" if shape is None else shape_text(shape)


OPERATOR_HEADINGS = ("calls", "MACs", "FLOPs", "share", "elementwise")

NOT_COUNTED = "not counted"
COUNTED_IN_PART = "in part"


def operator_name(operator: str) -> str:
    """The operator's name, without torch's own namespaces."""
    return operator.removeprefix("aten::").removeprefix("higher_order::")


def operator_table(report: Report, trace: Trace, in_full: bool, width: int) -> Table:
    """What each operator costs in the forward; those without FLOPs together, unless asked for `in_full`.

    Elementwise work is left out where the screen has no room, if it is no part of the FLOPs.
    """
    totals = [total for total in operator_totals(trace) if total.calls]
    listed = [total for total in totals if in_full or total.cost.flops(report.convention)]
    lines = [
        _operator_line(operator_name(total.operator), total.calls, total.cost, report) for total in listed
    ]
    lines += _other_operators([total for total in totals if total not in listed], report)
    lines += _uncounted_lines(trace)
    lines.append(_operator_line("total", sum(total.calls for total in totals), report.cost, report))
    label = "operator, forward" if phase_costs(trace) else "operator"
    table = Table((label, *OPERATOR_HEADINGS), tuple(lines))
    if report.open_names:
        table = table.without("MACs", "share")
    is_needed = in_full or report.convention.count == "all" or table.fits(width)
    return table if is_needed else table.without("elementwise")


def _operator_line(label: str, calls: int, cost: Cost, report: Report) -> Line:
    flops = cost.flops(report.convention)
    cells = (
        short_text(calls),
        approximate_text(cost.macs),
        approximate_text(flops),
        share_text(flops, report.flops),
    )
    return Line(label, (*cells, approximate_text(cost.elementwise)))


def _other_operators(totals: list[OperatorTotal], report: Report) -> list[Line]:
    """One line for all of `totals`."""
    if not totals:
        return []
    label = operator_name(totals[0].operator) if len(totals) == 1 else f"{len(totals)} others"
    cost = sum((total.cost for total in totals), Cost())
    return [_operator_line(label, sum(total.calls for total in totals), cost, report)]


def _uncounted_lines(trace: Trace) -> list[Line]:
    calls: Counter[tuple[str, str]] = Counter()
    for found in trace.uncounted:
        calls[found.operator, COUNTED_IN_PART if found.reason else NOT_COUNTED] += found.calls
    return [
        Line(operator_name(operator), (short_text(number), "", text, "", ""))
        for (operator, text), number in calls.items()
    ]


def phase_tables(report: Report, trace: Trace) -> tuple[Table, ...]:
    """Forward, the gradients and what is computed again, and all of it; nothing without backward."""
    costs = phase_costs(trace)
    if not costs:
        return ()
    forward = costs.get("forward", Cost()).flops(report.convention)

    def line(label: str, cost: Cost) -> Line:
        flops = cost.flops(report.convention)
        times = factor_text(ratio_of(flops, forward))
        return Line(
            label,
            (approximate_text(cost.macs), approximate_text(flops), times, approximate_text(cost.elementwise)),
        )

    lines = [line(phase, cost) for phase, cost in costs.items()]
    lines.append(line("total", sum(costs.values(), Cost())))
    return (Table(("backward", "MACs", "FLOPs", "÷ forward", "elementwise"), tuple(lines)),)

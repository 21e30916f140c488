"""A model's tree of submodules: selects what to show, and makes its table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from convcost.analysis.breakdown import (
    ITSELF,
    ModuleNode,
    ModuleTotals,
    fold_repeated,
    parent_paths,
)
from convcost.analysis.parts import ReportPart, module_part, sum_part
from convcost.core.cost import Convention
from convcost.core.errors import did_you_mean
from convcost.core.report import Report
from convcost.render.columns import cells, columns_in_convention, headings
from convcost.render.document import Line, Table
from convcost.render.part_order import PartReader, ShownItems, in_order, others_label, show, top_note
from convcost.render.style import Style, View

MOST_LINES = 40
"""The most lines of a tree, which limit its depth."""

DEFAULT_COLUMNS = ("params", "trainable_params", "macs", "flops", "share", "backward")


class ShownModule(NamedTuple):
    """A module with its label, `depth` levels below the top of the table."""

    label: str
    depth: int
    node: ModuleNode

    @property
    def is_itself(self) -> bool:
        """Whether it stands for a module without its submodules."""
        return self.node.label == ITSELF


class RowSelection(NamedTuple):
    """The modules to show, the number of levels they cover, and smaller modules that are left out.

    There are smaller `others` only if the largest are selected; none of these is inside another.
    """

    modules: tuple[ShownModule, ...]
    depth: int
    others: tuple[ShownModule, ...] = ()

    @property
    def total(self) -> ModuleTotals:
        """The totals of all selected modules, without counting any twice."""
        found = (*self.modules, *self.others)
        paths = {shown.node.module.path for shown in found if not shown.is_itself}
        return total_of(
            shown
            for shown in found
            if shown.is_itself or not paths & set(parent_paths(shown.node.module.path))
        )


def total_of(modules: Iterable[ShownModule]) -> ModuleTotals:
    """The totals of modules, none of which is inside another."""
    return sum((shown.node.total for shown in modules), ModuleTotals())


def select(root: ModuleNode, view: View, convention: Convention) -> RowSelection:
    """The part of `root` that `view` selects."""
    read = module_reader(convention)
    if view.top is not None:
        return _select_largest(root, view, read)
    if view.filter:
        return _select_filtered(root, view, read)
    tree = fold_repeated(with_itself(root, lambda own: _is_listed(own, convention)))
    depth = view.depth or _fitting_depth(tree)
    return RowSelection(tuple(_descendants(tree, depth, view.sort, read)), depth)


def all_modules(root: ModuleNode, view: View, convention: Convention) -> tuple[ModuleNode, ...]:
    """As `select`, but without a limit of lines, and without a filter starting with the model itself."""
    found = _select_filtered(root, view, module_reader(convention)).modules
    return (*(() if view.filter else (root,)), *(shown.node for shown in found))


def module_reader(convention: Convention) -> PartReader:
    """Reads the part and the path of a ShownModule."""
    return PartReader(lambda shown: module_part(shown.node, convention), lambda shown: shown.node.module.path)


def with_itself(node: ModuleNode, is_listed: Callable[[ModuleTotals], bool]) -> ModuleNode:
    """`node` with its own totals as a further child, if `is_listed`, so that its children add up to it."""
    children = tuple(with_itself(child, is_listed) for child in node.children)
    if not is_listed(node.own) or (node.module.path and not children):
        return replace(node, children=children)
    itself = ModuleNode(node.module, ITSELF, node.own)
    return replace(node, own=ModuleTotals(), children=(itself, *children))


def _is_listed(own: ModuleTotals, convention: Convention) -> bool:
    """Whether it has parameters or FLOPs."""
    return bool(own.params or own.cost.flops(convention) or own.backward.flops(convention))


def _fitting_depth(tree: ModuleNode) -> int:
    """The number of levels that fit into the most lines; at least one."""
    depths = range(2, tree.depth + 1)
    fitting = (depth for depth in depths if len(tuple(_descendants(tree, depth))) <= MOST_LINES)
    return max(fitting, default=1)


def _descendants(
    node: ModuleNode, levels: int, sort: str = "", read: PartReader | None = None, depth: int = 0
) -> Iterator[ShownModule]:
    children = [ShownModule(child.label, depth, child) for child in node.children]
    for child in in_order(children, sort, read) if read else children:
        yield child
        if levels > 1:
            yield from _descendants(child.node, levels - 1, sort, read, depth + 1)


def _select_filtered(root: ModuleNode, view: View, read: PartReader) -> RowSelection:
    """Every module with the filter's text in its path or class, labelled by its full path."""
    deepest = view.depth or root.depth
    found = (
        ShownModule(shown.node.module.path, 0, shown.node)
        for shown in _descendants(root, deepest)
        if _has_text(shown.node, view.filter)
    )
    return RowSelection(show(found, view, read).items, deepest)


def _select_largest(root: ModuleNode, view: View, read: PartReader) -> RowSelection:
    """The largest of the modules that partition the model at the depth of `view`, or at full depth."""
    deepest = view.depth or root.depth
    parts = _partition(with_itself(root, lambda own: own != ModuleTotals()), deepest)
    found = show((part for part in parts if _has_text(part.node, view.filter)), view, read)
    return RowSelection(found.items, deepest, found.others)


def _partition(node: ModuleNode, levels: int) -> Iterator[ShownModule]:
    """The modules `levels` below, and shallower ones without children, labelled by their full paths."""
    for child in node.children:
        if levels > 1 and child.children:
            yield from _partition(child, levels - 1)
        else:
            path = child.module.path
            label = f"{path} {ITSELF}".lstrip() if child.label == ITSELF else path
            yield ShownModule(label, 0, child)


def _has_text(node: ModuleNode, text: str) -> bool:
    return text.lower() in node.module.path.lower() or text.lower() in node.module.kind.lower()


def module_table(report: Report, root: ModuleNode, selection: RowSelection, style: Style) -> Table:
    """The selected modules, and a line for the total.

    With a column for the backward, or with formulas, MACs are left out.
    """
    if style.view.columns:
        return _table(report, root, selection, style.view, style.view.columns)
    usual = _default_columns(report, root)
    for ends in (("input", "output"), ("output",), ()):
        table = _table(report, root, selection, style.view, (*ends, *usual))
        if table.fits(style.width):
            break
    return table


def _default_columns(report: Report, root: ModuleNode) -> tuple[str, ...]:
    goes_back = root.total.backward.flops(report.convention)
    left_out = {"macs" if goes_back else "backward"}
    if report.open_names:
        left_out |= {"macs", "share"}
    if report.trainable_params == report.params:
        left_out.add("trainable_params")
    names = (name for name in DEFAULT_COLUMNS if name not in left_out)
    return columns_in_convention(names, report.convention)


def _table(
    report: Report, root: ModuleNode, selection: RowSelection, view: View, names: tuple[str, ...]
) -> Table:
    whole = root.total.cost.flops(report.convention)

    def line(label: str, part: ReportPart, depth: int = 0) -> Line:
        return Line(label, cells(part, whole, names), depth=depth)

    def sum_line(label: str, total: ModuleTotals) -> Line:
        return line(label, sum_part(total, report.convention))

    lines = [
        line(module_label(shown), module_part(shown.node, report.convention), shown.depth)
        for shown in selection.modules
    ]
    if selection.others:
        lines.append(sum_line(others_label(len(selection.others)), total_of(selection.others)))
    if view.filter and selection.modules:
        lines.append(sum_line("subtotal", selection.total))
    lines.append(sum_line("total", root.total))
    return Table(("module", *headings(names)), tuple(lines))


def module_notes(
    root: ModuleNode, selection: RowSelection, view: View, convention: Convention, noun: str = "module"
) -> tuple[str, ...]:
    """Notes on the modules of `root` that are not shown; those of a file of weights are called tensors."""
    if view.filter and not selection.modules:
        where = "path or class" if noun == "module" else "name or dtype"
        near = did_you_mean(view.filter[:40], _filter_words(root))
        return (f"No {noun} has {view.filter[:40]!a} in its {where}{near}.",)
    shown = ShownItems(selection.modules, selection.others)
    note = top_note(shown, view, module_reader(convention), f"{noun}s")
    return (note,) if note else ()


def _filter_words(root: ModuleNode) -> list[str]:
    """What a filter may be: the parts of paths, and classes."""
    modules = [node.module for node in root.walk()]
    parts = (part for module in modules for part in module.path.split(".") if not part.isdecimal())
    return [*dict.fromkeys((*(module.kind for module in modules), *parts))]


def module_label(found: ShownModule) -> str:
    """`conv1: Conv2d`, `blocks.0–11: 12 × Block`, `fc: Linear, 2 calls`."""
    if found.is_itself:
        return found.label
    node = found.node
    copies = f"{node.copies} × " if node.copies > 1 else ""
    calls = f", {node.module.calls} calls" if node.module.calls > 1 else ""
    return f"{found.label}: {copies}{node.module.kind}{calls}"

"""The document of a file of weights: parameters and bytes by group of tensors, and by dtype."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction

from convcost.analysis.breakdown import ModuleNode, ModuleTotals
from convcost.core.tensor_bytes import TensorBytes
from convcost.core.trace import SubmoduleRun
from convcost.core.units import exact, fraction, human
from convcost.core.weights import COUNT_HINT, NOT_COUNTABLE, StoredTensor, WeightsReport
from convcost.render.document import Document, Line, Section, Table
from convcost.render.formulas import approximate_text, shape_text, share_text
from convcost.render.model_tables import RowSelection, module_notes, select, total_of
from convcost.render.notes import designs_heading
from convcost.render.part_order import others_label
from convcost.render.style import Style, View

DEFAULT_SORT = "params"


def weights_document(report: WeightsReport, style: Style) -> Document:
    """The tree of tensors by their dotted names, the dtypes, the totals."""
    view = largest_first(style.view)
    tree = tensor_tree(report)
    selection = select(tree, view, report.convention)
    notes = (
        *module_notes(tree, selection, view, report.convention, "tensor"),
        *_deeper(tree.depth, selection, view),
    )
    return Document(
        heading=designs_heading((report,)),
        costs=Section(
            (_tensor_table(report, selection), _dtype_table(report), _totals_table(report)),
            (*report.notes, *notes, f"{NOT_COUNTABLE} {COUNT_HINT}"),
        ),
    )


def largest_first(view: View) -> View:
    """The view, with the largest tensors by parameters unless it has another order."""
    return view._replace(sort=view.sort or DEFAULT_SORT) if view.top else view


def tensor_tree(report: WeightsReport) -> ModuleNode:
    """The tensors as a tree, by the parts of their names between dots."""
    tensors = {tensor.name: tensor for tensor in report.tensors}
    groups: dict[str, dict[str, None]] = defaultdict(dict)
    for name in tensors:
        path = name
        while path:
            parent = path.rpartition(".")[0]
            groups[parent][path] = None
            path = parent

    def node(path: str, parent: str) -> ModuleNode:
        tensor = tensors.get(path)
        label = path.removeprefix(f"{parent}.") if parent else path
        children = tuple(node(child, path) for child in groups[path])
        if len(children) == 1 and not tensor and path and not label.isdecimal():  # numbers are folded
            return replace(children[0], label=f"{label}.{children[0].label}")
        kind = f"{tensor.dtype} {shape_text(tensor.shape)}" if tensor else ""
        return ModuleNode(
            SubmoduleRun(path, kind, None, None, 1, TensorBytes()), label, _totals_of(tensor), children
        )

    return node("", "")


def _totals_of(tensor: StoredTensor | None) -> ModuleTotals:
    if tensor is None:
        return ModuleTotals()
    return ModuleTotals(tensor.params, tensor.params, parameter_bytes=tensor.bytes)


def _tensor_table(report: WeightsReport, selection: RowSelection) -> Table:
    def line(label: str, total: ModuleTotals, kind: str = "", depth: int = 0) -> Line:
        share = share_text(total.parameter_bytes, report.bytes)
        amounts = (approximate_text(total.params), human(total.parameter_bytes, "B"), share)
        return Line(label, (kind, *amounts), depth=depth)

    lines = [
        line(shown.label, shown.node.total, shown.node.module.kind, shown.depth)
        for shown in selection.modules
    ]
    if selection.others:
        lines.append(line(others_label(len(selection.others)), total_of(selection.others)))
    lines.append(line("total", ModuleTotals(report.params, parameter_bytes=report.bytes)))
    return Table(("tensor", "stored as", "params", "bytes", "share"), tuple(lines))


def _dtype_table(report: WeightsReport) -> Table:
    lines = (
        Line(
            total.dtype,
            (
                exact(total.tensors),
                exact(total.params),
                human(total.bytes, "B"),
                f"{float(Fraction(8 * total.bytes, total.params)):.4g}" if total.params else "–",
            ),
        )
        for total in report.dtypes
    )
    return Table(("dtype", "tensors", "parameters", "bytes", "bits each"), tuple(lines))


def _totals_table(report: WeightsReport) -> Table:
    lines = (
        Line("tensors", (exact(len(report.tensors)), "")),
        Line("parameters", (fraction(report.params), human(report.params, "params"))),
        Line("bytes (as stored)", (fraction(report.bytes), human(report.bytes, "B"))),
    )
    return Table(("", "exact", "about"), lines)


def _deeper(depth: int, selection: RowSelection, view: View) -> tuple[str, ...]:
    if view.filter or view.top or depth <= selection.depth:
        return ()
    return (f"Deeper tensors are counted in the groups shown; --depth {depth} shows all.",)

"""The parts of a design as a tree, with the amounts of a quantity, for an icicle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import groupby

from convcost.analysis.breakdown import ITSELF, ModuleNode, fold_repeated, module_tree
from convcost.core.metrics import Metric
from convcost.core.report import Report
from convcost.core.row import Row
from convcost.core.units import plural
from convcost.render.charts.data import Tile
from convcost.render.model_tables import ShownModule, module_label, with_itself


@dataclass(frozen=True)
class CostPart:
    """A part with its `own` amount, without its children's; `label` is its name within its parent.

    It stands for `copies` equal parts.
    """

    label: str
    path: str
    own: int = 0
    children: tuple[CostPart, ...] = ()
    copies: int = 1

    @cached_property
    def size(self) -> int:
        """Its own amount and its children's."""
        return self.own + sum(child.size for child in self.children)


def part_tree(report: Report, metric: Metric) -> CostPart:
    """A design without open sizes as a tree of its submodules or layers.

    Equal neighbours are merged, and empty parts left out. A part's own amount is a child too, so that
    children add up to their parent.
    """
    return _module_tree(report, metric) if report.trace else _layer_tree(report, metric)


def _module_tree(report: Report, metric: Metric) -> CostPart:
    def amount(node: ModuleNode) -> int:
        found: int = metric.in_row(node.own, report.convention)
        return found

    def part(node: ModuleNode, path: str) -> CostPart:
        children = (part(child, _join_path(path, child.label)) for child in node.children)
        label = module_label(ShownModule(node.label, 0, node))
        return CostPart(label, path, amount(node), _with_size(children), node.copies)

    root = module_tree(report)
    listed = with_itself(root, lambda own: bool(metric.in_row(own, report.convention)))
    return replace(part(fold_repeated(listed), ""), label=report.name)


def _join_path(path: str, label: str) -> str:
    """The path of `label` within `path`; a module without its submodules is joined by a space."""
    separator = " " if label == ITSELF else "."
    return f"{path}{separator}{label}" if path else label


def _layer_tree(report: Report, metric: Metric) -> CostPart:
    """The rows as a tree, by the numbers of their paths.

    If only one branch of a layer is not empty, its parts become those of the layer.
    """

    def parts(rows: Iterable[Row], depth: int) -> Iterator[CostPart]:
        for path, found in groupby(rows, lambda row: tuple(row.path.split(".")[:depth])):
            yield part(".".join(path), [*found], depth)

    def part(path: str, rows: list[Row], depth: int) -> CostPart:
        own = next((row for row in rows if row.path == path), None)
        inside = _with_size(parts((row for row in rows if row is not own), depth + 1))
        if own is None:
            return inside[0] if len(inside) == 1 else CostPart(f"{path} branch", path, 0, _fold(inside))
        others = len(rows) - 1
        label = f"{own.kind}() and its {others} {plural(others, 'layer')}" if others else str(own.layer)
        if len(inside) == 1 and not inside[0].own:
            inside = inside[0].children
        size: int = metric.in_row(own, report.convention)
        if size and inside:
            inside, size = (CostPart(ITSELF, f"{path} {ITSELF}", size), *inside), 0
        return CostPart(f"{path} {label}", path, size, _fold(inside))

    children = _fold(_with_size(parts(report.rows, 1)))
    return CostPart(report.name, "", 0, children)


def _with_size(parts: Iterable[CostPart]) -> tuple[CostPart, ...]:
    return tuple(part for part in parts if part.size)


def _fold(parts: tuple[CostPart, ...]) -> tuple[CostPart, ...]:
    """The parts with neighbours merged that differ only in their leading number."""
    return tuple(_merge([*run]) for _, run in groupby(parts, key=_signature))


def _signature(part: CostPart) -> object:
    return part.label.partition(" ")[2], part.own, part.copies, tuple(map(_signature, part.children))


def _merge(run: list[CostPart]) -> CostPart:
    """Merge equal neighbours, summing their children one by one."""
    first, last = run[0], run[-1]
    if len(run) == 1:
        return first
    start, _, text = first.label.partition(" ")
    end = last.label.partition(" ")[0].rpartition(".")[2]
    children = tuple(_sum([*equal]) for equal in zip(*(part.children for part in run), strict=True))
    own = sum(part.own for part in run)
    return CostPart(f"{start}–{end}: {len(run)} × {text}", f"{first.path}–{end}", own, children, len(run))


def _sum(parts: list[CostPart]) -> CostPart:
    """The sum of the same child of several parts."""
    children = tuple(_sum([*each]) for each in zip(*(part.children for part in parts), strict=True))
    return replace(parts[0], own=sum(part.own for part in parts), children=children)


DOMINANT = Fraction(3, 4)
"""A part with at least this share has colours for each of its children."""


def tiles(root: CostPart) -> tuple[Tile, ...]:
    """The tiles of all parts, each before its children."""
    return tuple(_tiles(root, 0, 0, "", is_divided=True))


def _tiles(part: CostPart, level: int, start: int, group: str, *, is_divided: bool) -> Iterator[Tile]:
    """The tiles of a part; with `is_divided`, each child is a group of its own."""
    yield Tile(part.label, part.path, level, start, part.size, group)
    for child in part.children:
        is_dominant = is_divided and child.size >= DOMINANT * part.size
        child_group = child.path if is_divided else group
        yield from _tiles(child, level + 1, start, child_group, is_divided=is_dominant)
        start += child.size

"""Least times of a torch module: by submodule as they are shown, or by operator."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from convcost.analysis.breakdown import tree
from convcost.analysis.roofline import Part, Roofline
from convcost.core.report import Report
from convcost.render.document import Line, Table
from convcost.render.estimates.rooflines.cells import cells, headings
from convcost.render.interface import View
from convcost.render.model.modules import module_label
from convcost.render.model.selection import ITSELF, Selection, Shown, selected


def part_table(report: Report, roofline: Roofline, view: View) -> Table:
    """What all of it is made of."""
    if view.by == "operator":
        return _operators(roofline)
    return _modules(roofline, selected(tree(report), view, report.convention))


def _modules(roofline: Roofline, selection: Selection) -> Table:
    lines = [
        Line(
            module_label(shown),
            cells(roofline.only(_within(shown)), roofline.is_open, shown.node.copies),
            depth=shown.depth,
        )
        for shown in selection.shown
    ]
    outside = roofline.only(lambda part: not part.path)
    if outside.bytes and all(shown.label != ITSELF or shown.depth for shown in selection.shown):
        lines.append(Line("outside of modules", cells(outside, roofline.is_open)))
    return _table("module", lines, roofline)


def _within(shown: Shown) -> Callable[[Part], bool]:
    """Whether a part runs in the module that is shown, or, of what it runs itself, in it alone."""
    path = shown.node.module.path
    if shown.label == ITSELF:
        return lambda part: part.path == path
    return lambda part: part.path == path or part.path.startswith(f"{path}.")


def _operators(roofline: Roofline) -> Table:
    labels = dict.fromkeys(bound.part.label for bound in roofline.bounds)
    found = [(label, roofline.only(partial(_is_called, label))) for label in labels]
    if not roofline.is_open:
        found.sort(key=lambda pair: -pair[1].seconds)
    return _table("operator", [Line(label, cells(some, roofline.is_open)) for label, some in found], roofline)


def _is_called(label: str, part: Part) -> bool:
    return part.label == label


def _table(heading: str, lines: list[Line], roofline: Roofline) -> Table:
    return Table((heading, *headings(roofline)), (*lines, Line("total", cells(roofline, roofline.is_open))))

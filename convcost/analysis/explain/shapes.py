"""The shapes that a layer takes and gives, and how they come about."""

from __future__ import annotations

from collections.abc import Iterator

from convcost.analysis.explain.arithmetic import names_in
from convcost.analysis.explain.families import Reading
from convcost.analysis.explain.groups import Group
from convcost.analysis.explain.steps import Equation, Line, Sentence, Side, number
from convcost.core.report import Row


def shape(named: Row, row: Row, which: str) -> Line:
    """The input or the output, by name and with numbers put in."""
    return Equation((number(getattr(named, which)), number(getattr(row, which))))


def arrangement(group: Group, read: Reading) -> Iterator[Line]:
    """What the layer wants, and which dimensions were merged to get there."""
    if read.wants:
        yield Sentence(read.wants, (group.row.kind,))
    if group.row.path != "0":
        return
    for size in group.named.input:
        if len(merged := names_in(size)) > 1:
            listed = " and ".join((", ".join(["{}"] * (len(merged) - 1)), "{}"))
            yield Sentence(f"{listed} are merged into one dimension.", merged)


def lengths(row: Row) -> Iterator[Equation]:
    """How each spatial dimension of the output comes about."""
    formulas = row.layer.length_formulas(row.input)
    for formula, length in zip(formulas, row.output[len(row.output) - len(formulas) :], strict=True):
        name, template, values = formula
        yield Equation((Side(template, values), number(length)), name)

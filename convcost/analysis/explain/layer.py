"""One layer, or several alike, from its input to its costs."""

from __future__ import annotations

from collections.abc import Iterator

from convcost.analysis.explain.arithmetic import divided
from convcost.analysis.explain.counting import flops, left_out
from convcost.analysis.explain.families import Reading, reading
from convcost.analysis.explain.groups import Group
from convcost.analysis.explain.padding import padding
from convcost.analysis.explain.shapes import arrangement, lengths, shape
from convcost.analysis.explain.steps import (
    Equation,
    Line,
    Loop,
    Nest,
    Part,
    Sentence,
    Side,
    Step,
    number,
    product,
    sum_of_products,
)
from convcost.core.arithmetic import elements
from convcost.core.cost import Convention
from convcost.core.report import Row


def layer_part(group: Group, convention: Convention, design: str = "") -> Part:
    """How the cost of a group of layers comes about."""
    times = f"{group.times} × " if group.times > 1 else ""
    steps = _contraction if group.row.contracts else _elementwise
    found = (step for step in steps(group, convention) if step.lines)
    return Part(f"{design}{': ' if design else ''}{times}{group.row.layer}", tuple(found))


def _contraction(group: Group, convention: Convention) -> Iterator[Step]:
    read = reading(group.row.layer)
    yield Step("input", (shape(group.named, group.row, "input"), *arrangement(group, read)))
    yield Step("output", (*lengths(group.row), shape(group.named, group.row, "output")))
    yield Step("each", tuple(_one_element(group.loops, read)))
    yield Step("loops", (Nest(group.loops),))
    yield Step("MACs", (_macs(group),))
    yield Step("padding", tuple(padding(group, read, convention)))
    yield flops(group.row.cost, convention)
    yield left_out(group.row.cost, convention)
    yield Step("parameters", tuple(_parameters(group)))
    yield Step(f"all {group.times}", tuple(_times(group, convention)))


def _elementwise(group: Group, convention: Convention) -> Iterator[Step]:
    yield Step("input", (shape(group.named, group.row, "input"),))
    if group.row.output != group.row.input:
        yield Step("output", (shape(group.named, group.row, "output"),))
    yield Step("rule", (Sentence("{}", ((type(group.row.layer).__doc__ or "").splitlines()[0],)),))
    yield Step("each", tuple(_per_element(group.row)))
    yield Step("MACs", (Sentence("None: it multiplies and accumulates nothing.", ()),))
    yield flops(group.row.cost, convention) if convention.count == "all" else Step("FLOPs", ())
    yield left_out(group.row.cost, convention)
    yield Step("parameters", tuple(_parameters(group)))
    yield Step(f"all {group.times}", tuple(_times(group, convention)))


def _per_element(row: Row) -> Iterator[Line]:
    """The operations, as so many for each element of the output, or else of the input."""
    total = row.cost.elementwise
    for name, count in (("output", elements(row.output)), ("input", elements(row.input))):
        each = divided(total, count)
        if total != 0 and isinstance(each, int):
            yield Equation((Side(f"{{}} for each of {{}} {name} elements", (each, count)), number(total)))
            return


def _one_element(loops: tuple[Loop, ...], read: Reading) -> Iterator[Line]:
    if inner := loops[len(loops) - read.inner_loops :] if read.inner_loops else ():
        extents = tuple(loop.extent for loop in inner)
        total = Side(f"{{}} multiplies for each {read.element}", (elements(extents),))
        named = tuple(loop.named for loop in inner)
        factors = [product(sizes) for sizes in (named, extents) if len(inner) > 1 or sizes != extents]
        yield Equation((*factors, total), " × ".join(f"{loop.name}s" for loop in inner))


def _macs(group: Group) -> Line:
    named, extents = zip(*((loop.named, loop.extent) for loop in group.loops), strict=True)
    return Equation((product(named), product(extents), number(group.row.cost.macs)))


def _parameters(group: Group) -> Iterator[Line]:
    shapes = group.row.parameters
    if shapes:
        sides = (
            Side(" + ".join(shapes)),
            sum_of_products(tuple(group.named.parameters.values())),
            sum_of_products(tuple(shapes.values())),
        )
        yield Equation((*sides, number(group.row.params)))


def _times(group: Group, convention: Convention) -> Iterator[Line]:
    if group.times == 1:
        return
    cost = group.row.cost
    amounts = {
        "MACs": cost.macs,
        "FLOPs": cost.flops(convention),
        "bias adds": cost.bias_adds,
        "elementwise": cost.elementwise,
        "parameters": group.row.params,
    }
    for name, amount in amounts.items():
        if amount != 0:
            yield Equation((Side("{} × {}", (group.times, amount)), number(group.times * amount)), name)

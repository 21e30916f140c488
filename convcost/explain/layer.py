"""One layer, or several alike, from its input to its costs."""

from __future__ import annotations

from collections.abc import Iterator

from convcost.explain.arithmetic import divided, names_in
from convcost.explain.counting import flops, left_out
from convcost.explain.families import Reading, reading
from convcost.explain.groups import Group
from convcost.explain.steps import (
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
from convcost.formulas import elements
from convcost.quantities import Convention
from convcost.report import Row

LONGEST_COUNT = 60
"""A longer formula for the taps on padding tells a reader nothing."""


def layer_part(group: Group, convention: Convention, design: str = "") -> Part:
    """How the cost of a group of layers comes about."""
    times = f"{group.times} × " if group.times > 1 else ""
    steps = _contraction if group.row.contracts else _elementwise
    found = (step for step in steps(group, convention) if step.lines)
    return Part(f"{design}{': ' if design else ''}{times}{group.row.layer}", tuple(found))


def _contraction(group: Group, convention: Convention) -> Iterator[Step]:
    read = reading(group.row.layer)
    yield Step("input", (_shape(group.named, group.row, "input"), *_arrangement(group, read)))
    yield Step("output", (*_lengths(group.row), _shape(group.named, group.row, "output")))
    yield Step("each", tuple(_one_element(group.loops, read)))
    yield Step("loops", (Nest(group.loops),))
    yield Step("MACs", (_macs(group),))
    yield Step("padding", tuple(_padding(group, read, convention)))
    yield flops(group.row.cost, convention)
    yield left_out(group.row.cost, convention)
    yield Step("parameters", tuple(_parameters(group)))
    yield Step(f"all {group.times}", tuple(_times(group, convention)))


def _elementwise(group: Group, convention: Convention) -> Iterator[Step]:
    yield Step("input", (_shape(group.named, group.row, "input"),))
    if group.row.output != group.row.input:
        yield Step("output", (_shape(group.named, group.row, "output"),))
    yield Step("rule", (Sentence("{}", ((type(group.row.layer).__doc__ or "").splitlines()[0],)),))
    yield Step("MACs", (Sentence("None: it multiplies and accumulates nothing.", ()),))
    yield flops(group.row.cost, convention) if convention.count == "all" else Step("FLOPs", ())
    yield left_out(group.row.cost, convention)
    yield Step("parameters", tuple(_parameters(group)))
    yield Step(f"all {group.times}", tuple(_times(group, convention)))


def _shape(named: Row, row: Row, which: str) -> Line:
    return Equation((number(getattr(named, which)), number(getattr(row, which))))


def _arrangement(group: Group, read: Reading) -> Iterator[Line]:
    """What the layer wants, and which dimensions were merged to get there."""
    if read.wants:
        yield Sentence(read.wants, (group.row.kind,))
    if group.row.path != "0":
        return
    for size in group.named.input:
        if len(merged := names_in(size)) > 1:
            listed = " and ".join((", ".join(["{}"] * (len(merged) - 1)), "{}"))
            yield Sentence(f"{listed} are merged into one dimension.", merged)


def _lengths(row: Row) -> Iterator[Line]:
    formulas = row.layer.length_formulas(row.input)
    for formula, length in zip(formulas, row.output[len(row.output) - len(formulas) :], strict=True):
        name, put_in, *_ = formula.split(" = ")
        yield Equation((Side("{}", (put_in,)), number(length)), name)


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


def _padding(group: Group, read: Reading, convention: Convention) -> Iterator[Line]:
    """How many of the taps of one pair of channels read no data."""
    cost = group.row.cost
    if cost.macs == cost.valid_macs:
        return
    extents = [loop.extent for loop in group.loops]
    positions, kernel = extents[2 : 2 + read.spatial], extents[len(extents) - read.spatial :]
    taps = elements((*positions, *kernel))
    wasted = divided((cost.macs - cost.valid_macs) * taps, cost.macs)
    sides = (elements(tuple(positions)), elements(tuple(kernel)))
    if len(str(wasted)) > LONGEST_COUNT:
        yield Sentence(
            f"Some of the {{}} taps {read.unread}; with every size given it says how many.", (taps,)
        )
        return
    if all(isinstance(side, int) for side in sides):
        yield Sentence(f"{{}} of the {{}} × {{}} = {{}} taps {read.unread}.", (wasted, *sides, taps))
    else:
        yield Sentence(f"{{}} of the {{}} taps {read.unread}.", (wasted, taps))
    verb = "They are left out here" if convention.padding == "valid" else "They count"
    yield Sentence(f"{verb}; on real data alone it is {{}} MACs.", (cost.valid_macs,))


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

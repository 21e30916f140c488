"""The derivation of a layer, or of several equal ones, from its input to its costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from convcost.analysis.explain.input_reading import InputReading, input_reading, input_step, shape_equation
from convcost.analysis.explain.layer_group import LayerGroup
from convcost.analysis.explain.steps import (
    DerivationLine,
    DerivationPart,
    DerivationStep,
    Equation,
    EquationSide,
    Loop,
    LoopNest,
    Percentage,
    Sentence,
    divided,
    lengths,
    number,
    product,
    sum_of_products,
)
from convcost.core.arithmetic import elements
from convcost.core.cost import FLOPS_PER_MAC, Convention, Cost
from convcost.core.row import Row
from convcost.core.units import plural

MOST_PATHS = 4
"""The most paths listed for equal layers."""

LONGEST_COUNT = 60
"""A longer formula for taps on padding is unreadable."""

LONGEST_SHARE = 60
"""A longer formula for a share of the FLOPs is unreadable."""


def layer_part(group: LayerGroup, convention: Convention, design: str = "") -> DerivationPart:
    """The derivation of the cost of a group of layers."""
    times = f"{group.times} × " if group.times > 1 else ""
    steps = _composite if group.parts else _contraction if group.row.contracts else _elementwise
    nonempty = (step for step in steps(group, convention) if step.lines)
    return DerivationPart(
        f"{design}{': ' if design else ''}{times}{group.row.layer}{_paths(group)}", tuple(nonempty)
    )


def _paths(group: LayerGroup) -> str:
    """The paths of its rows in a design with branches."""
    paths = ", ".join(group.paths[:MOST_PATHS])
    word = plural(len(group.paths), "path")
    return f" at {word} {paths}{', …' if len(group.paths) > MOST_PATHS else ''}" if paths else ""


def _contraction(group: LayerGroup, convention: Convention) -> Iterator[DerivationStep]:
    read = input_reading(group.row.layer)
    yield input_step(group, read)
    yield DerivationStep("output", (*lengths(group.row), _output(group)))
    yield DerivationStep(f"per {read.element}", tuple(_one_element(group.loops, read)))
    yield DerivationStep("loops", (LoopNest(group.loops),))
    yield DerivationStep("MACs", (_macs(group),))
    yield DerivationStep(read.unread_title, tuple(padding_lines(group, read, convention)))
    yield DerivationStep("elementwise", tuple(_elementwise_lines(group.row, convention)))
    yield flops(group.row.cost, convention)
    yield excluded_step(group.row.cost, convention, (group.row,))
    yield DerivationStep("parameters", tuple(_parameters(group)))
    yield DerivationStep(f"{group.times} layers", tuple(_all_layers(group, convention)))


def _output(group: LayerGroup) -> DerivationLine:
    return shape_equation(group.named.output, group.row.output)


def _composite(group: LayerGroup, convention: Convention) -> Iterator[DerivationStep]:
    yield input_step(group, InputReading())
    yield DerivationStep("output", (_output(group),))
    yield DerivationStep("MACs", tuple(_macs_of_parts(group)))
    yield DerivationStep("elementwise", tuple(_elementwise_of_parts(group, convention)))
    yield flops(group.row.cost, convention)
    yield excluded_step(group.row.cost, convention, (group.row,))
    yield DerivationStep("parameters", tuple(_parameters(group)))
    yield DerivationStep(f"{group.times} layers", tuple(_all_layers(group, convention)))


def _macs_of_parts(group: LayerGroup) -> Iterator[DerivationLine]:
    """The loops of each part that multiplies, and the total MACs."""
    for part in group.parts:
        if part.macs != 0:
            yield Equation((*_loop_products(part.loops), number(part.macs)), part.name)
    yield Equation((number(group.row.cost.macs),), "total")


FEW_LOOPS = 3
"""So many loops are clear without words: positions, outputs, inputs."""


def _loop_products(loops: tuple[Loop, ...]) -> Iterator[EquationSide]:
    """The product of the loops: in words if there are many, by names of sizes, and by values."""
    if len(loops) > FEW_LOOPS:
        yield EquationSide(" × ".join(map(_plural, loops)))
    if loops:
        yield product(tuple(loop.named for loop in loops))
        yield product(tuple(loop.extent for loop in loops))


def _elementwise_of_parts(group: LayerGroup, convention: Convention) -> Iterator[DerivationLine]:
    """The elementwise work of each part with its rule, if it is part of FLOPs."""
    if convention.count != "all" or group.row.cost.elementwise == 0:
        return
    for part in group.parts:
        if part.elementwise != 0:
            if rule := _elementwise_rule(part.layer):
                yield Sentence("{}", (rule,))
            yield Equation((number(part.elementwise),), part.name)


def _elementwise(group: LayerGroup, convention: Convention) -> Iterator[DerivationStep]:
    yield input_step(group, InputReading())
    if group.row.output != group.row.input or group.row.further_inputs:
        yield DerivationStep("output", (_output(group),))
    yield DerivationStep("rule", (Sentence("{}", ((type(group.row.layer).__doc__ or "").splitlines()[0],)),))
    yield DerivationStep("operations", tuple(_per_element(group.row)))
    yield DerivationStep("MACs", (Sentence("none", ()),))
    yield flops(group.row.cost, convention) if convention.count == "all" else DerivationStep("FLOPs", ())
    yield excluded_step(group.row.cost, convention, (group.row,))
    yield DerivationStep("parameters", tuple(_parameters(group)))
    yield DerivationStep(f"{group.times} layers", tuple(_all_layers(group, convention)))


def _elementwise_lines(row: Row, convention: Convention) -> Iterator[DerivationLine]:
    """The rule for the elementwise work of a layer that contracts, if it is part of FLOPs, and its result."""
    if convention.count != "all" or row.cost.elementwise == 0:
        return
    if rule := _elementwise_rule(row.layer):
        yield Sentence("{}", (rule,))
    yield from _per_element(row)


def _elementwise_rule(layer: object) -> str:
    """The sentence on operations in the docstring of a layer, if any."""
    sentences = " ".join((type(layer).__doc__ or "").split()).removesuffix(".").split(". ")
    return next((f"{sentence}." for sentence in sentences if "operation" in sentence), "")


def _per_element(row: Row) -> Iterator[DerivationLine]:
    """The operations per element of the output, or of the input."""
    total = row.cost.elementwise
    for name, count in (("output", elements(row.output)), ("input", elements(row.input))):
        each = divided(total, count)
        if total != 0 and isinstance(each, int):
            yield Equation((EquationSide(f"{{}} × {{}} {name} elements", (each, count)), number(total)))
            return


def _one_element(loops: tuple[Loop, ...], read: InputReading) -> Iterator[DerivationLine]:
    if inner := loops[len(loops) - read.inner_loops :] if read.inner_loops else ():
        extents = tuple(loop.extent for loop in inner)
        total = EquationSide("{} MACs", (elements(extents),))
        named = tuple(loop.named for loop in inner)
        factors = [product(sizes) for sizes in (named, extents) if len(inner) > 1 or sizes != extents]
        yield Equation((*factors, total), " × ".join(map(_plural, inner)))


def _plural(loop: Loop) -> str:
    name = loop.name
    if len(name) == 1:
        return name
    return f"{name.removesuffix('y')}ies" if name.endswith("ry") else f"{name}s"


def _macs(group: LayerGroup) -> DerivationLine:
    named, extents = zip(*((loop.named, loop.extent) for loop in group.loops), strict=True)
    return Equation((product(named), product(extents), number(group.row.cost.macs)))


def _parameters(group: LayerGroup) -> Iterator[DerivationLine]:
    shapes = group.row.parameters
    if shapes:
        sides = (
            EquationSide(" + ".join(shapes)),
            sum_of_products(tuple(group.named.parameters.values())),
            sum_of_products(tuple(shapes.values())),
        )
        yield Equation((*sides, number(group.row.params)))


def _all_layers(group: LayerGroup, convention: Convention) -> Iterator[DerivationLine]:
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
            yield Equation(
                (EquationSide("{} × {}", (group.times, amount)), number(group.times * amount)), name
            )


def padding_lines(group: LayerGroup, read: InputReading, convention: Convention) -> Iterator[DerivationLine]:
    """The number of taps of one channel pair on padding, if any, and whether they count."""
    cost = group.row.cost
    if cost.macs == cost.valid_macs:
        return
    extents = [loop.extent for loop in group.loops]
    sides = [
        elements(tuple(part))
        for part in (extents[2 : 2 + read.spatial], extents[len(extents) - read.spatial :])
    ]
    taps = elements(tuple(sides))
    wasted = _wasted(cost.macs, cost.valid_macs, taps)
    if wasted is None:
        words = f"Some of the {{}} {read.taps} {read.unread}; give all sizes a value to see how many."
        yield Sentence(words, (taps,))
        return
    is_numeric = all(isinstance(side, int) for side in sides)
    count = EquationSide("{} × {} = {}", (*sides, taps)) if is_numeric else taps
    yield Sentence(f"{{}} of the {{}} {read.taps} {read.unread}.", (wasted, count))
    verb = "They count as MACs but not in FLOPs" if convention.padding == "valid" else "They are included"
    yield Sentence(f"{verb}; without them: {{}} MACs.", (cost.valid_macs,))


def _wasted(macs: Any, valid_macs: Any, taps: Any) -> Any:
    """The wasted taps of one channel pair; None without a short formula."""
    if valid_macs is None:
        return None
    wasted = divided((macs - valid_macs) * taps, macs)
    return wasted if len(str(wasted)) <= LONGEST_COUNT else None


def flops(cost: Cost, convention: Convention) -> DerivationStep:
    """FLOPs = 2 × MACs, plus other work that the convention counts."""
    macs = ("MACs on real data", cost.valid_macs) if convention.padding == "valid" else ("MACs", cost.macs)
    added = [macs]
    added += [("bias adds", cost.bias_adds)] if convention.count != "matmul" else []
    added += [("elementwise", cost.elementwise)] if convention.count == "all" else []
    words = EquationSide(" + ".join((f"{FLOPS_PER_MAC} × {macs[0]}", *(word for word, _ in added[1:]))))
    numbers = EquationSide(
        " + ".join((f"{FLOPS_PER_MAC} × {{}}", *["{}"] * len(added[1:]))), tuple(value for _, value in added)
    )
    return DerivationStep("FLOPs", (Equation((words, numbers, number(cost.flops(convention)))),))


def excluded_step(cost: Cost, convention: Convention, rows: Sequence[Row]) -> DerivationStep:
    """The work of `rows` that is not in their FLOPs; `cost` is their total."""
    return DerivationStep("excluded", tuple(_excluded(cost, convention, rows)))


def _excluded(cost: Cost, convention: Convention, rows: Sequence[Row]) -> Iterator[DerivationLine]:
    if convention.count == "matmul" and cost.bias_adds != 0:
        is_one_layer = len({str(row.layer) for row in rows}) == 1
        is_once = is_one_layer and all(map(_adds_bias_once, rows))
        remark = ", one per output element" if is_once else ""
        yield _excluded_amount(cost, convention, cost.bias_adds, "bias add", remark)
    if convention.count != "all" and cost.elementwise != 0:
        yield _excluded_amount(cost, convention, cost.elementwise, "elementwise operation", "")


def _adds_bias_once(row: Row) -> bool:
    """Whether the row has no bias adds, or one per output element."""
    return row.cost.bias_adds == 0 or divided(row.cost.bias_adds, elements(row.output)) == 1


def _excluded_amount(
    cost: Cost, convention: Convention, amount: int, noun: str, remark: str
) -> DerivationLine:
    words = f"{{}} {plural(amount, noun)}{remark}"
    total = cost.flops(convention)
    if total == 0 or len(str(divided(amount, total))) > LONGEST_SHARE:
        return Sentence(f"{words}.", (amount,))
    return Sentence(f"{words}: {{}} of the FLOPs.", (amount, Percentage(amount, total)))

"""Sweeps for several engines, and what each engine finds: rows, and impossible designs by reason."""

from collections import Counter
from math import prod
from typing import Any, NamedTuple

import numpy as np

import convcost
from convcost.core.cost import MATMUL
from convcost.search.design import CountedQuantities, complete_design
from convcost.search.engines.sweep_program import HEAD, TAIL, sweep_program
from convcost.search.graph.graph_results import operation_number
from convcost.search.grid import Grid, values_axis
from convcost.search.grid_blocks import GridEvaluator, SweepPlan, block_rows
from convcost.search.quantities import QuantityQuotient
from convcost.search.where import parse_condition

USUAL = ("flops", "params", "activations", "bytes")

QUOTIENTS = {
    "arithmetic_intensity": QuantityQuotient("flops", "bytes"),
    "seconds": QuantityQuotient("bytes", 3_000_000),
}


class Found(NamedTuple):
    """Sizes and quantities by point and number of the design, and the impossible designs by reason."""

    rows: dict[tuple[int, int], tuple[int, ...]]
    impossible: Counter[str]


def plan_of(*texts: str, over: dict[str, Any], where="", metrics=USUAL, convention=MATMUL, **sizes: int):
    """A plan for designs, of which the first of several is the reference."""
    axes = tuple(values_axis(name, values) for name, values in over.items())
    counted = CountedQuantities(tuple(metrics), convention, "float32")
    designs = []
    for text in texts:
        spec = convcost.parse(text)
        varied = tuple(name for name in over if name in spec.names)
        designs.append(complete_design(spec, sizes, varied, counted))
    first = 1 if designs[1:] else 0
    names = tuple(f"design {number}" for number in range(len(designs) - first))
    quotients = dict(QUOTIENTS) if {"flops", "bytes"} <= {*metrics} else {}
    known = (*metrics, *quotients, "ratio", *over, *sizes)
    condition = parse_condition(where, known) if where else None
    reference = designs[0] if first else None
    return SweepPlan(
        Grid(axes, sizes),
        names,
        tuple(designs[first:]),
        metrics[0],
        reference,
        condition,
        quotients,
        tuple(metrics),
    )


def by_columns(plan: SweepPlan) -> Found:
    """What NumPy's columns give."""
    evaluator, rows = GridEvaluator(plan), {}
    for block in evaluator.blocks(np.arange(plan.grid.points)):
        for point, row in zip(block.points.tolist(), block_rows(plan, block), strict=True):
            rows[point, block.design] = (*row.sizes.values(), *row.quantities.values())
    return Found(rows, evaluator.impossible)


def by_graph(plan: SweepPlan, tail_axes: int) -> Found:
    """What the graph gives in Python's integers, point by point."""
    program = sweep_program(plan, tail_axes)
    tails = prod(plan.grid.lengths[len(plan.grid.axes) - tail_axes :])
    rows, impossible = {}, Counter()
    for point in range(plan.grid.points):

        def values(*wanted, inputs={HEAD: point // tails, TAIL: point % tails}):  # noqa: B006
            numbers = [operation_number(program.graph, each) for each in wanted]
            return program.graph.evaluate(numbers, inputs)

        assert values(program.point) == [point]
        for group in program.rule_groups:
            applies, *fulfilled = values(group.condition, *(rule.condition for rule in group.rules))
            if applies and not all(fulfilled):
                impossible[group.rules[fulfilled.index(False)].text] += group.times
        for number, design in enumerate(program.designs):
            if all(values(program.possible(number), program.condition(number))):
                rows[point, number] = tuple(values(*program.sizes.values(), *design.quantities))
    return Found(rows, impossible)

"""The backward pass of a design: which gradients are needed, their costs, and where they are summed.

All parameters need a gradient; the inputs of a design do not. So a tensor needs one if a layer with
parameters contributed to it, and gets one if it contributes to the output.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

from convcost.core import arithmetic
from convcost.core.cost import Cost, Gradients, Shape
from convcost.core.row import Row
from convcost.layers.interface import Layer

GradientRule: TypeAlias = Callable[[Layer, Shape, Cost, tuple[bool, ...], int], Gradients]
"""The cost of a layer's gradients, by its input, its cost, the inputs that need one, and its number."""


def with_gradients(rows: Sequence[Row], rule: GradientRule) -> tuple[Row, ...]:
    """Each row with the cost of its gradients; the last row is the output."""
    needs = _needs_gradient(rows)
    uses = _uses(rows)
    known: dict[tuple[int, Shape, tuple[bool, ...]], Gradients] = {}
    result = []
    for number, row in enumerate(rows):
        needed = tuple(source >= 0 and needs[source] for source in row.sources)
        gradients = Gradients()
        if needs[number] and uses[number]:
            key = id(row.layer), row.input, needed
            if key not in known:
                known[key] = rule(cast("Layer", row.layer), row.input, row.cost, needed, number)
            gradients = _accumulated(known[key], row.output, uses[number])
        result.append(row._replace(gradients=gradients))
    return tuple(result)


def _needs_gradient(rows: Sequence[Row]) -> list[bool]:
    """Whether the output of each row needs a gradient."""
    needs: list[bool] = []
    for row in rows:
        input_needs = any(source >= 0 and needs[source] for source in row.sources)
        needs.append(bool(row.parameters) or input_needs)
    return needs


def _uses(rows: Sequence[Row]) -> list[int]:
    """The number of gradients that flow to the output of each row: one per use on a path to the last row."""
    uses = [0] * len(rows)
    uses[-1:] = [1]
    for number in reversed(range(len(rows))):
        for source in rows[number].sources if uses[number] else ():
            if source >= 0:
                uses[source] += 1
    return uses


def _accumulated(gradients: Gradients, output: Shape, uses: int) -> Gradients:
    """`gradients`, with a sum per element of `output` for each use after the first."""
    sums = Cost(elementwise=(uses - 1) * arithmetic.elements(output))
    return gradients._replace(by_input=gradients.by_input + sums)

"""The backward of a design: which gradients are needed, what each layer's cost, and where they are summed up.

The inputs of a design need no gradient, all parameters do. So a tensor needs one if anything that it was
computed from has parameters; and one is there if the output is computed from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

from convcost.core import arithmetic
from convcost.core.cost import Cost, Gradients, Shape
from convcost.core.row import Row
from convcost.layers.interface import Layer

GradientRule: TypeAlias = Callable[[Layer, Shape, Cost, tuple[bool, ...], int], Gradients]
"""What the gradients of a layer cost, by its input, its cost, the inputs that need one, and its number."""


def with_gradients(rows: Sequence[Row], rule: GradientRule) -> tuple[Row, ...]:
    """Each row with what its gradients cost; the last row is the output."""
    needs = _needs_gradient(rows)
    uses = _uses(rows)
    known: dict[tuple[int, Shape, tuple[bool, ...]], Gradients] = {}
    found = []
    for number, row in enumerate(rows):
        needed = tuple(source >= 0 and needs[source] for source in row.sources)
        gradients = Gradients()
        if needs[number] and uses[number]:
            key = id(row.layer), row.input, needed
            if key not in known:
                known[key] = rule(cast("Layer", row.layer), row.input, row.cost, needed, number)
            gradients = _summed_up(known[key], row.output, uses[number])
        found.append(row._replace(gradients=gradients))
    return tuple(found)


def _needs_gradient(rows: Sequence[Row]) -> list[bool]:
    """Whether the output of each row needs a gradient."""
    needs: list[bool] = []
    for row in rows:
        comes_from = any(source >= 0 and needs[source] for source in row.sources)
        needs.append(bool(row.parameters) or comes_from)
    return needs


def _uses(rows: Sequence[Row]) -> list[int]:
    """How many gradients come back to the output of each row: from every layer on the way to the last one."""
    uses = [0] * len(rows)
    uses[-1:] = [1]
    for number in reversed(range(len(rows))):
        for source in rows[number].sources if uses[number] else ():
            if source >= 0:
                uses[source] += 1
    return uses


def _summed_up(gradients: Gradients, output: Shape, uses: int) -> Gradients:
    """With a sum of the gradients that come back to the `output`, of each but the first."""
    sums = Cost(elementwise=(uses - 1) * arithmetic.elements(output))
    return gradients._replace(by_input=gradients.by_input + sums)

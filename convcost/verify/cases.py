"""Generated layers, each with an input that it takes, and the line of text that says both."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from convcost.core.arithmetic import elements
from convcost.core.cost import Shape
from convcost.core.errors import RequirementError
from convcost.core.report import Report
from convcost.layers.interface import Layer
from convcost.layers.network import Network
from convcost.spec import parse
from convcost.verify.generate import drawn_layer, drawn_shape, optional

MOST_TRIALS = 5_000
"""So many draws for one case, of which most do not fit; a kind with few cases runs out of new ones."""

MOST_MACS = 100_000
MOST_ELEMENTS = 20_000
"""Larger cases show nothing more, and take long to run."""


class Case(NamedTuple):
    """A layer on an input, and what convcost says it costs."""

    network: Network
    report: Report

    @property
    def layer(self) -> Layer:
        """The layer."""
        return self.network.layers[0]

    @property
    def spec(self) -> str:
        """The line that states it: [2, 4, 10] -> Conv1d(4, 6, 3)."""
        return self.network.text


def cases(kind: str, number: int, seed: int) -> Iterator[Case]:
    """`number` different layers of `kind`, or as many as there are; the same ones for the same seed.

    Each argument that can be left out has its turn, in which it is not torch's default.
    """
    random, found = Random(f"{seed} {kind}"), set[str]()
    turns = deque((*optional(kind), ""))
    while turns and len(found) < number:
        case = next((case for case in _trials(kind, turns[0], random) if case.spec not in found), None)
        if case is None:
            turns.popleft()
            continue
        turns.rotate(-1)
        found.add(case.spec)
        yield case


def _trials(kind: str, given: str, random: Random) -> Iterator[Case]:
    for _ in range(MOST_TRIALS):
        case = _trial(kind, given, random)
        if case and case.report.macs <= MOST_MACS and _elements(case.report) <= MOST_ELEMENTS:
            yield case


def _trial(kind: str, given: str, random: Random) -> Case | None:
    """A draw, or nothing where its parts do not fit, or `given` is torch's default after all."""
    try:
        layer = drawn_layer(kind, given, random)
        if given and given not in layer.arguments():
            return None
        return case_of(layer, drawn_shape(layer, random))
    except RequirementError:
        return None


def case_of(layer: Layer, shape: Shape) -> Case:
    """The case in which `layer` is run on an input of `shape`; RequirementError if it does not take it."""
    Network((layer,), shape).report()
    spec = parse(stated(layer, shape))
    return Case(spec.network({}), spec.report({}))


def stated(layer: Layer, shape: Shape) -> str:
    """The spec that stands for `layer` on an input of `shape`."""
    return f"[{', '.join(map(str, shape))}] -> {layer}"


def _elements(report: Report) -> int:
    weights = (shape for row in report.rows for shape in row.parameters.values())
    return sum(map(elements, (report.input, report.output, *weights)))

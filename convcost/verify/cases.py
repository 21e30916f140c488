"""Generated layers, each on an input that it takes, and the line of text that states both."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from convcost.core.arithmetic import elements
from convcost.core.cost import Shape
from convcost.core.errors import RequirementError
from convcost.core.report import Report
from convcost.layers import layer_class
from convcost.layers.interface import Layer
from convcost.layers.network import Network
from convcost.spec import parse
from convcost.spec.resolve import Field, accepted

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


SIZES = (*(1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 6, 8), *(0, 0, -1, -2))
"""Mostly sizes; nothing and a few places counted from the end, for the arguments that may be one."""

NUMBERS = (0.5, 1.0, 2.0, 3.0)

EXTENTS = (*range(1, 10), 12, 16)
"""Of a dimension of the input."""

USUAL = 0.4
"""How often an argument that has a default is left out."""

RELATED = 0.3
"""How often a size is one that came before, or twice it: groups, and what they have to divide."""


def optional(kind: str) -> tuple[str, ...]:
    """The arguments that can be left out and may decide a shape or a cost: eps and its like do not."""
    fields = accepted(kind).values()
    return tuple(field.name for field in fields if not field.required and _decides(field))


def _decides(field: Field) -> bool:
    return float not in field.types and bool(field.types or field.words[1:])


def drawn_layer(kind: str, given: str, random: Random) -> Layer:
    """A layer of `kind`, most of whose arguments fit each other; the one called `given` is given."""
    layer = layer_class(kind)
    assert layer is not None
    draw = _Draw(random, getattr(layer, "spatial", 0))
    left = {name for name in optional(kind) if name != given and random.random() < USUAL}
    fields = [field for field in accepted(kind).values() if field.required or _decides(field)]
    return layer(**{field.name: draw.argument(field) for field in fields if field.name not in left})


class _Draw:
    """Draws arguments one after the other, and keeps the sizes that were drawn."""

    def __init__(self, random: Random, spatial: int) -> None:
        self._random = random
        self._spatial = spatial
        self._sizes: list[int] = []

    def argument(self, field: Field) -> object:
        """A value of a type that it takes."""
        choices: list[object] = [*field.words]
        if bool in field.types:
            choices += [False, True]
        if type(None) in field.types:
            choices.append(None)
        if float in field.types:
            choices.append(self._random.choice(NUMBERS))
        if int in field.types:
            choices += [self._size()] * 2
        if tuple in field.types:
            choices += [self._several(field)] * 2
        return self._random.choice(choices)

    def _size(self) -> int:
        if self._sizes and self._random.random() < RELATED:
            return self._random.choice(self._sizes) * self._random.choice((1, 2))
        self._sizes.append(self._random.choice(SIZES))
        return self._sizes[-1]

    def _several(self, field: Field) -> tuple[int | None, ...]:
        """A size for each spatial dimension, or, where there are none, some sizes."""
        sizes = [self._size() for _ in range(self._spatial or self._random.randint(1, 3))]
        return tuple(None if field.none_inside and self._random.random() < USUAL else size for size in sizes)


def drawn_shape(layer: Layer, random: Random) -> Shape:
    """The usual input of `layer` with sizes put in, in front dimensions less or one more; or any shape."""
    usual: list[int] = []
    for names in layer.inferred_input:
        usual += _dimensions(names, layer, random)
    if not usual:
        return _extents(random.randint(1, 5), random)
    more = [random.choice(EXTENTS), *usual]
    return tuple(random.choice((usual, usual, usual[1:] or usual, usual[2:] or usual, more)))


def _dimensions(names: str, layer: Layer, random: Random) -> Shape:
    """What a dimension called `names` is: arguments of the layer added up, or any extent."""
    values = [getattr(layer, name, None) for name in names.split("+")]
    if isinstance(values[0], tuple):
        return values[0]
    return (sum(filter(None, values)) or random.choice(EXTENTS),)


def _extents(number: int, random: Random) -> Shape:
    return tuple(random.choice(EXTENTS) for _ in range(number))

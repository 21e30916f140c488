"""Generates random layers with valid inputs, and their spec texts."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from types import NoneType
from typing import NamedTuple

from convcost.analysis.layer_reference import layer_spec
from convcost.core.arithmetic import elements
from convcost.core.cost import Shape
from convcost.core.errors import RequirementError
from convcost.core.report import Report
from convcost.layers import layer_class
from convcost.layers.interface import Layer, MultipleInputLayer
from convcost.layers.network import Network, chain_of
from convcost.spec import parse
from convcost.spec.resolve import Field, layer_fields

MAX_TRIALS = 5_000
"""The most random layers tried for a case; most are invalid, and a kind may have no new ones."""

MAX_MACS = 100_000
MAX_ELEMENTS = 20_000
"""Limits of cases; larger ones are slow, and not more useful."""


class Case(NamedTuple):
    """A layer on an input, and convcost's report of it."""

    network: Network
    report: Report

    @property
    def layer(self) -> Layer:
        """The layer."""
        return self.network.layers[0]

    @property
    def spec(self) -> str:
        """The spec of the case: [2, 4, 10] -> Conv1d(4, 6, 3)."""
        return self.network.text


def generate_cases(kind: str, number: int, seed: int) -> Iterator[Case]:
    """Generate up to `number` different layers of `kind`, the same ones for the same seed.

    The optional arguments take turns in differing from their defaults.
    """
    random, specs = Random(f"{seed} {kind}"), set[str]()
    arguments = deque((*optional_arguments(kind), ""))
    while arguments and len(specs) < number:
        case = next(
            (case for case in _suitable_cases(kind, arguments[0], random) if case.spec not in specs), None
        )
        if case is None:
            arguments.popleft()
            continue
        arguments.rotate(-1)
        specs.add(case.spec)
        yield case


def _suitable_cases(kind: str, changed: str, random: Random) -> Iterator[Case]:
    for _ in range(MAX_TRIALS):
        case = _random_case(kind, changed, random)
        if case and case.report.macs <= MAX_MACS and _elements(case.report) <= MAX_ELEMENTS:
            yield case


def _random_case(kind: str, changed: str, random: Random) -> Case | None:
    """A random case; None if it is invalid, or the argument `changed` has its default value."""
    try:
        layer = _random_layer(kind, changed, random)
        if changed and changed not in layer.arguments():
            return None
        return make_case(layer, _random_input(layer, random))
    except RequirementError:
        return None


def make_case(layer: Layer, shape: Shape) -> Case:
    """The case of `layer` on an input of `shape`; RequirementError if it is invalid.

    A layer with several inputs gets default shapes for the others.
    """
    if isinstance(layer, MultipleInputLayer):
        layer = replace(layer, further_inputs=layer.usual_further_inputs(shape))
    Network(chain_of(layer), shape).report()
    spec = parse(layer_spec(layer, shape))
    return Case(spec.network({}), spec.report({}))


def _elements(report: Report) -> int:
    weights = (shape for row in report.rows for shape in row.parameters.values())
    return sum(map(elements, (report.input, report.output, *weights)))


SIZES = (*(1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 6, 8), *(0, 0, -1, -2))
"""Mostly positive sizes; 0 and negative ones for arguments that are dimensions."""

FLOATS = (0.5, 1.0, 2.0, 3.0)

INPUT_SIZES = (*range(1, 10), 12, 16)
"""Sizes of input dimensions."""

DEFAULT_RATE = 0.4
"""The probability of omitting an optional argument."""

REUSE_RATE = 0.3
"""The probability of reusing an earlier size or twice that, so that groups divide channels."""


def optional_arguments(kind: str) -> tuple[str, ...]:
    """The optional arguments that can affect a shape or a cost (unlike eps)."""
    fields = layer_fields(kind).values()
    return tuple(field.name for field in fields if not field.required and _is_relevant(field))


def _is_relevant(field: Field) -> bool:
    is_number = float in field.types and tuple not in field.types
    return not is_number and bool(field.types - {NoneType} or field.words[1:])


def _random_layer(kind: str, changed: str, random: Random) -> Layer:
    """A random layer of `kind`, often with consistent arguments; `changed` is not omitted."""
    layer = layer_class(kind)
    assert layer is not None
    sampler = _ArgumentSampler(random, layer.tuple_length or getattr(layer, "spatial", 0))
    omitted = {
        name for name in optional_arguments(kind) if name != changed and random.random() < DEFAULT_RATE
    }
    fields = [field for field in layer_fields(kind).values() if field.required or _is_relevant(field)]
    return layer(**{field.name: sampler.argument(field) for field in fields if field.name not in omitted})


class _ArgumentSampler:
    """Samples arguments, sometimes with sizes of earlier ones."""

    def __init__(self, random: Random, tuple_length: int) -> None:
        self._random = random
        self._tuple_length = tuple_length
        self._sizes: list[int] = []

    def argument(self, field: Field) -> object:
        """A random value of an accepted type."""
        choices: list[object] = [*field.words]
        if bool in field.types:
            choices += [False, True]
        if type(None) in field.types:
            choices.append(None)
        if float in field.types:
            choices.append(self._random.choice(FLOATS))
        if int in field.types:
            choices += [self._size()] * 2
        if tuple in field.types:
            choices += [self._size_tuple(field)] * 2
        return self._random.choice(choices)

    def _size(self) -> int:
        if self._sizes and self._random.random() < REUSE_RATE:
            return self._random.choice(self._sizes) * self._random.choice((1, 2))
        self._sizes.append(self._random.choice(SIZES))
        return self._sizes[-1]

    def _size_tuple(self, field: Field) -> tuple[int | None, ...]:
        """A tuple of sizes, with a random length if any is accepted."""
        sizes = [self._size() for _ in range(self._tuple_length or self._random.randint(1, 3))]
        return tuple(
            None if field.none_inside and self._random.random() < DEFAULT_RATE else size for size in sizes
        )


def _random_input(layer: Layer, random: Random) -> Shape:
    """The inferred input of `layer` with sizes put in, sometimes with fewer dimensions or one more."""
    sizes: list[int] = []
    for names in layer.inferred_input:
        sizes += _dimensions(names, layer, random)
    if not sizes:
        return _random_sizes(random.randint(1, 5), random)
    batched = [random.choice(INPUT_SIZES), *sizes]
    return tuple(random.choice((sizes, sizes, sizes[1:] or sizes, sizes[2:] or sizes, batched)))


def _dimensions(names: str, layer: Layer, random: Random) -> Shape:
    """The size of a dimension called `names`: the sum of these arguments of the layer, or any size."""
    values = [getattr(layer, name, None) for name in names.split("+")]
    if isinstance(values[0], tuple):
        return values[0]
    return (sum(filter(None, values)) or random.choice(INPUT_SIZES),)


def _random_sizes(number: int, random: Random) -> Shape:
    return tuple(random.choice(INPUT_SIZES) for _ in range(number))

"""A chain of layers on an input shape: checks every layer, and makes the Report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from convcost.core import arithmetic
from convcost.core.constraints import AtLeast, Requirement
from convcost.core.cost import MATMUL, Convention, Cost, Shape, Size
from convcost.core.dtypes import dtype_named
from convcost.core.errors import RequirementError
from convcost.core.report import Report, Row
from convcost.layers.interface import Layer


class Evaluator(Protocol):
    """Handles the requirements of layers, and computes their outputs and costs."""

    def require(self, requirement: Requirement, step: int) -> None:
        """Raise RequirementError if layer number `step` can't have what it requires."""

    def output(self, layer: Layer, shape: Shape) -> Shape:
        """The layer's output shape for an input of `shape`."""

    def cost(self, layer: Layer, shape: Shape, step: int) -> Cost:
        """The cost of `layer`, number `step`, on an input of `shape`; RequirementError beyond all bounds."""


def unfulfilled(requirement: Requirement, step: int) -> RequirementError:
    """The error that layer number `step` does not have what it requires."""
    return RequirementError(
        requirement.message, hint=requirement.hint, argument=requirement.argument, step=step
    )


class NumericEvaluator:
    """The evaluator for numbers: requirements are checked at once."""

    def require(self, requirement: Requirement, step: int) -> None:
        """Raise RequirementError if `requirement` does not hold."""
        if not requirement.holds():
            raise unfulfilled(requirement, step)

    def output(self, layer: Layer, shape: Shape) -> Shape:
        """By the layer's formula."""
        return layer.output(shape)

    def cost(self, layer: Layer, shape: Shape, step: int) -> Cost:
        """By the layer's formula."""
        return layer.cost(shape)


NUMERIC = NumericEvaluator()


@dataclass(frozen=True)
class Network:
    """A chain of layers with its input, and what its sizes were called."""

    layers: tuple[Layer, ...]
    input: Shape
    name: str = ""
    text: str = ""
    sizes: Mapping[str, Size] | None = None
    assumed: tuple[str, ...] = ()
    divisions: tuple[Requirement, ...] = ()
    input_is_inferred: bool = False

    @property
    def is_open(self) -> bool:
        """Whether a size has no number."""
        return not all(isinstance(size, int) for size in (self.sizes or {}).values())

    def report(
        self, convention: Convention = MATMUL, dtype: str = "float32", evaluator: Evaluator = NUMERIC
    ) -> Report:
        """What it costs; raises RequirementError where a layer does not take its input."""
        dtype = dtype_named(dtype)
        for division in self.divisions:
            evaluator.require(division, 0)
        return Report(
            name=self.name,
            spec=self.text,
            rows=rows(self.layers, self.input, evaluator),
            sizes=self.sizes or {},
            assumed=self.assumed,
            input_is_inferred=self.input_is_inferred,
            convention=convention,
            dtype=dtype,
        )


def rows(layers: tuple[Layer, ...], shape: Shape, evaluator: Evaluator = NUMERIC) -> tuple[Row, ...]:
    """A row for each layer, from an input of `shape` on."""
    for size in shape:
        evaluator.require(AtLeast(size, 1, "a dimension of the input"), 0)
    known: dict[tuple[int, Shape], Row] = {}
    found = []
    for step, layer in enumerate(layers):
        key = id(layer), shape
        if key not in known:
            known[key] = _row(step, layer, shape, evaluator)
        row = known[key]
        found.append(row if row.path == str(step) else row._replace(path=str(step)))
        shape = found[-1].output
    return tuple(found)


def _row(step: int, layer: Layer, shape: Shape, evaluator: Evaluator) -> Row:
    for requirement in layer.requirements(shape):
        evaluator.require(requirement, step)
    output = evaluator.output(layer, shape)
    return Row(
        str(step),
        type(layer).__name__,
        layer,
        shape,
        output,
        layer.parameters(),
        evaluator.cost(layer, shape, step),
        arithmetic.elements(output) if layer.contracts else 0,
        layer.input_itemsize,
    )

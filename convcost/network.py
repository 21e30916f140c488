"""Layers on an input shape: every shape between them, checked, and the Report that comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from convcost.errors import RequirementError
from convcost.layers.interface import Layer
from convcost.quantities import MATMUL, Convention, Shape, Size
from convcost.report import Report, Row, check_dtype
from convcost.requirements import AtLeast, Requirement


@dataclass(frozen=True)
class Network:
    """A chain of layers with its input, and what its sizes were called."""

    layers: tuple[Layer, ...]
    input: Shape
    name: str = ""
    text: str = ""
    sizes: Mapping[str, Size] | None = None
    assumed: tuple[str, ...] = ()
    input_is_inferred: bool = False

    def report(self, convention: Convention = MATMUL, dtype: str = "float32") -> Report:
        """What it costs; raises RequirementError where a layer does not take its input."""
        check_dtype(dtype)
        return Report(
            name=self.name,
            spec=self.text,
            rows=rows(self.layers, self.input),
            sizes=self.sizes or {},
            assumed=self.assumed,
            input_is_inferred=self.input_is_inferred,
            convention=convention,
            dtype=dtype,
        )


def rows(layers: tuple[Layer, ...], shape: Shape) -> tuple[Row, ...]:
    """A row for each layer, from an input of `shape` on."""
    for size in shape:
        check(AtLeast(size, 1, "a dimension of the input"), step=0)
    known: dict[tuple[int, Shape], Row] = {}
    found = []
    for step, layer in enumerate(layers):
        key = id(layer), shape
        if key not in known:
            known[key] = _row(step, layer, shape)
        row = known[key]
        found.append(row if row.path == str(step) else row._replace(path=str(step)))
        shape = found[-1].output
    return tuple(found)


def _row(step: int, layer: Layer, shape: Shape) -> Row:
    for requirement in layer.requirements(shape):
        if requirement.holds() is not True:
            check(requirement, step)
    return Row(
        str(step),
        type(layer).__name__,
        layer,
        shape,
        layer.output(shape),
        layer.parameters(),
        layer.cost(shape),
        layer.contracts,
        layer.input_itemsize,
    )


def check(requirement: Requirement, step: int) -> None:
    """Raise RequirementError for layer `step` if the requirement is about ints and does not hold."""
    if requirement.holds() is True or not _is_about_ints(requirement):
        return
    raise RequirementError(
        requirement.message, hint=requirement.hint, argument=requirement.argument, step=step
    )


def _is_about_ints(requirement: Requirement) -> bool:
    return all(isinstance(size, int) for size in requirement.sizes)

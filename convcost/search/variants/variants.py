"""The variants of a module: one for each combination of arguments."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from convcost.core.cost import BATCH_LIKE, Size, example_size
from convcost.core.errors import ConvcostError, UnboundSizeError, UsageError, nearest
from convcost.search.design import CountedQuantities
from convcost.search.evaluator import ColumnEvaluator
from convcost.search.formulas import QuantityFormulas
from convcost.search.variants.arguments import ArgumentAxis, Arguments, combinations


class VariantCount(NamedTuple):
    """The formulas of a variant, or why it was not counted: its own `failure`, or one of all variants."""

    formulas: QuantityFormulas | None = None
    failure: str = ""
    common_failure: str = ""


CountVariants = Callable[[Sequence[Arguments], Mapping[str, Size], CountedQuantities], Iterator[VariantCount]]
"""Counts a module with each combination of arguments, in their order, at these sizes of its inputs."""


@dataclass(frozen=True)
class ModuleVariants:
    """A module to build with each combination of the values of `axes`.

    `names` are the named sizes in its inputs that are not arguments.
    """

    name: str
    text: str
    axes: tuple[ArgumentAxis, ...]
    names: tuple[str, ...]
    count: CountVariants

    def assumed(self, known: Collection[str]) -> tuple[str, ...]:
        """The sizes that default to 1; UnboundSizeError if another one is not `known`."""
        missing = tuple(name for name in self.names if name not in known)
        if needed := [name for name in missing if name not in BATCH_LIKE]:
            message = f"{', '.join(needed)} has no value in {self.name}"
            if near := nearest(needed[0], (axis.name for axis in self.axes)):
                raise UnboundSizeError(f"{message}; {near} is swept (did you mean {needed[0]}?)")
            hint = f"Give it a value, {needed[0]}={example_size(needed[0])}, or sweep it."
            cli_hint = f"Give it a value, --{needed[0]} {example_size(needed[0])}, or sweep it."
            raise UnboundSizeError(message, hint=hint, cli_hint=cli_hint)
        return missing

    def designs(self, sizes: Mapping[str, Size], counted: CountedQuantities) -> tuple[VariantDesign, ...]:
        """Count all variants on inputs of these sizes; UsageError for a failure that they share."""
        fixed = {name: sizes[name] for name in self.names if name in sizes}
        arguments = combinations(self.axes)
        designs = []
        for given, found in zip(arguments, self.count(arguments, fixed, counted), strict=True):
            if found.common_failure:
                raise UsageError(found.common_failure)
            designs.append(VariantDesign(given, self.names, found, counted))
        return tuple(designs)


@dataclass(frozen=True)
class VariantDesign:
    """A variant with its `arguments` and its count; `names` are the sizes of its inputs."""

    arguments: Arguments
    names: tuple[str, ...]
    count: VariantCount
    counted: CountedQuantities

    @property
    def spec_format(self) -> None:
        """None: a module has no spec."""

    def evaluator(self) -> ColumnEvaluator:
        """An evaluator for the variant's quantities."""
        return ColumnEvaluator(self.counted.metrics, self.counted.convention)

    def evaluate(self, varied: Mapping[str, Any], evaluator: ColumnEvaluator) -> tuple[Any, ...]:
        """Its quantities at sizes of its inputs; ConvcostError if it could not be counted."""
        if self.count.formulas is None:
            raise ConvcostError(self.count.failure)
        own = {name: size for name, size in varied.items() if name in self.names}
        return self.count.formulas.evaluate(own, evaluator)


def open_input_names(names: tuple[str, ...], axes: Sequence[ArgumentAxis]) -> tuple[str, ...]:
    """The sizes of inputs that are not arguments; UsageError if an argument has values that are not sizes."""
    for axis in axes:
        if axis.name in names and not all(type(value) is int and value > 0 for value in axis.values):
            hint = f"Its values are {axis.text[:60]}."
            raise UsageError(f"{axis.name} is a size of the inputs, so its values must be sizes", hint=hint)
    return tuple(name for name in names if name not in {axis.name for axis in axes})


def sizes_of(arguments: Arguments) -> dict[str, Size]:
    """The arguments that can be sizes of inputs."""
    return {name: value for name, value in arguments.items() if type(value) is int}

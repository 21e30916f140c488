"""A module built with each combination of some arguments: each counted alone, its formulas evaluated as all are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from convcost.core.cost import Convention, Size
from convcost.core.errors import ConvcostError, UnboundSizeError, UsageError
from convcost.search.arguments import ArgumentAxis, Arguments, combinations
from convcost.search.design import CountedQuantities
from convcost.search.evaluator import ColumnEvaluator
from convcost.search.formulas import Formulas
from convcost.spec.spec import BATCH_LIKE


class VariantCount(NamedTuple):
    """What a variant was counted as; or what kept it from being counted, which is an error `of_all` or its own."""

    formulas: Formulas | None = None
    failure: str = ""
    of_all: str = ""


CountVariants = Callable[[Sequence[Arguments], Mapping[str, Size], CountedQuantities], Iterator[VariantCount]]
"""Counts a module with each combination of arguments, in their order, at these sizes of its inputs."""


@dataclass(frozen=True)
class ModuleVariants:
    """A module that is built with each combination of the values of `axes`.

    `names` are the sizes in its inputs that have names.
    """

    name: str
    text: str
    axes: tuple[ArgumentAxis, ...]
    names: tuple[str, ...]
    count: CountVariants

    def designs(
        self, sizes: Mapping[str, Size], swept: Sequence[str], counted: CountedQuantities
    ) -> tuple[VariantDesign, ...]:
        """Each of them, counted; UsageError where one shows that none can be."""
        missing = [name for name in self.names if name not in sizes and name not in swept]
        if needed := [name for name in missing if name not in BATCH_LIKE]:
            message = f"{', '.join(needed)} has no value in {self.name}"
            raise UnboundSizeError(message, hint=f"Give it with --{needed[0]} 128, or sweep it.")
        fixed = {name: sizes[name] for name in self.names if name in sizes} | dict.fromkeys(missing, 1)
        arguments = combinations(self.axes)
        designs = []
        for given, found in zip(arguments, self.count(arguments, fixed, counted), strict=True):
            if found.of_all:
                raise UsageError(found.of_all)
            designs.append(VariantDesign(self.text, given, self.names, found, counted, tuple(missing)))
        return tuple(designs)


@dataclass(frozen=True)
class VariantDesign:
    """A module with its `arguments`, as it was counted on inputs whose sizes have `names`; what is `assumed` was put in."""

    text: str
    arguments: Arguments
    names: tuple[str, ...]
    count: VariantCount
    counted: CountedQuantities
    assumed: tuple[str, ...] = ()

    def evaluator(self) -> ColumnEvaluator:
        """What evaluates it."""
        return ColumnEvaluator(self.counted.metrics, self.counted.convention)

    def evaluate(self, varied: Mapping[str, Any], evaluator: ColumnEvaluator) -> tuple[Any, ...]:
        """Each of its metrics at sizes of its inputs; ConvcostError where it could not be counted."""
        if self.count.formulas is None:
            raise ConvcostError(self.count.failure)
        own = {name: size for name, size in varied.items() if name in self.names}
        return self.count.formulas.evaluate(own, evaluator)

"""Runs of a model on one set of example sizes after another, until one shows what holds for others too."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from convcost.core.report import Report
from convcost.operators.interface import Operator
from convcost.tracing.inputs import Inputs
from convcost.tracing.symbolic_shapes.decisive import facts
from convcost.tracing.symbolic_shapes.examples import TYPICAL, Examples, ladder, points
from convcost.tracing.symbolic_shapes.expressions import NoFormulaError
from convcost.tracing.symbolic_shapes.facts import Fact
from convcost.tracing.symbolic_shapes.finish import finished
from convcost.tracing.symbolic_shapes.inquiry import ValueAskedError
from convcost.tracing.symbolic_shapes.run import run
from convcost.tracing.symbolic_shapes.sizes import Sizes
from convcost.tracing.symbolic_shapes.suggested import suggested
from convcost.tracing.symbolic_shapes.unable import data_needed, fixed, never_ran, no_formula, value_needed

if TYPE_CHECKING:
    import torch

MOST_RUNS = 10

OF_NO_SIZE = (AttributeError, NameError, TypeError)
"""What a model raises where another size is of no help."""


class Run(NamedTuple):
    """A run that went through, and what it says of sizes."""

    report: Report
    sizes: Sizes
    facts: tuple[Fact, ...]

    @property
    def untypical(self) -> list[Fact]:
        """What of that is not so for the sizes that people have most."""
        typical = dict.fromkeys(self.sizes.examples, TYPICAL)
        return [fact for fact in self.facts if not fact.holds(typical)]

    @property
    def forcing(self) -> list[Fact]:
        """What leaves sizes no other number."""
        return [fact for fact in self.facts if fact.forces(self.sizes.examples)]

    @property
    def narrowness(self) -> tuple[int, int, int]:
        """By which runs are ranked: that sizes are open comes first, that few have to be equal last."""
        equalities = sum(fact.relation == "zero" for fact in self.facts)
        return len(self.forcing), len(self.untypical), equalities

    def is_best(self, failed: Collection[Examples]) -> bool:
        """Whether nothing untypical is said, or nothing but what examples that `failed` lack."""
        untypical = self.untypical
        needed = (not all(map(fact.holds, failed)) for fact in untypical)
        return not untypical or (all(needed) and not self.forcing)


@dataclass
class Attempts:
    """What is run, with the formulas of the user's own operators; and what came of it so far."""

    module: torch.nn.Module
    inputs: Inputs
    operators: Mapping[str, Operator]
    examples: Examples = field(default_factory=dict)
    _runs: list[Run] = field(default_factory=list)
    _failures: list[tuple[Sizes, Exception]] = field(default_factory=list)

    def report(self) -> Report:
        """In formulas that hold for typical sizes, if that can be; ConvcostError if sizes can't stay open."""
        waiting = ladder(self.inputs.names)
        tried: list[Examples] = []
        while waiting and len(tried) < MOST_RUNS:
            examples = waiting.pop(0)
            if examples not in tried:
                tried.append(examples)
                try:
                    waiting[:0] = self._tried(examples)
                except NoFormulaError as error:
                    raise no_formula(error, self.inputs) from None
            if self._runs and self._runs[-1].is_best([sizes.examples for sizes, _ in self._failures]):
                break
        if not self._runs:
            raise never_ran(*self._failures[0], self.inputs)
        return self._finished(min(self._runs, key=lambda run: run.narrowness))

    def _tried(self, examples: Examples) -> list[Examples]:
        """What to try next if the model doesn't run on `examples`."""
        sizes = Sizes(examples)
        try:
            report, units = run(self.module, self.inputs, sizes, self.operators)
        except ValueAskedError as error:
            raise value_needed(sizes.names_in(*error.args), error, self.inputs) from None
        except NoFormulaError:
            raise
        except Exception as error:
            if _asks_for_data(error):
                raise data_needed(error, self.inputs) from None
            self._failures.append((sizes, error))
            found: list[Examples] = []
            with suppress(NoFormulaError, ZeroDivisionError):
                found.extend(() if isinstance(error, OF_NO_SIZE) else suggested(sizes))
            return found
        self._runs.append(Run(report, sizes, facts(sizes, units, points(examples))))
        return []

    def _finished(self, run: Run) -> Report:
        self.examples = run.sizes.examples
        if run.forcing:
            raise fixed([fact.difference for fact in run.forcing], run.sizes, self.inputs)
        return finished(run.report, run.sizes, run.facts)


def _asks_for_data(error: Exception) -> bool:
    from torch._subclasses import fake_tensor
    from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode

    kinds = (fake_tensor.DataDependentOutputException, fake_tensor.DynamicOutputShapeException)
    return isinstance(error, (*kinds, GuardOnDataDependentSymNode))

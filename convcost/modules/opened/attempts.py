"""Runs of a model on one set of example sizes after another, until one shows what holds for others too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from convcost.modules.inputs import Inputs
from convcost.modules.opened.examples import TYPICAL, Examples, ladder, points
from convcost.modules.opened.expressions import NoFormulaError
from convcost.modules.opened.facts import Fact, facts
from convcost.modules.opened.finish import finished
from convcost.modules.opened.inquiry import ValueAskedError
from convcost.modules.opened.run import run
from convcost.modules.opened.sizes import Sizes
from convcost.modules.opened.suggested import suggested
from convcost.modules.opened.unable import data_needed, fixed, never_ran, no_formula, value_needed
from convcost.operators.interface import Operator
from convcost.report import Report
from convcost.symbols.change import names_in

if TYPE_CHECKING:
    import torch

MOST_RUNS = 10


class Run(NamedTuple):
    """A run that went through, and what it says of sizes."""

    report: Report
    sizes: Sizes
    facts: tuple[Fact, ...]

    @property
    def untypical(self) -> int:
        """How much of that is not so for the sizes that people have most."""
        typical = dict.fromkeys(self.sizes.examples, TYPICAL)
        return sum(not fact.holds(typical) for fact in self.facts)


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
                waiting[:0] = self._tried(examples)
            if self._runs and not self._runs[-1].untypical:
                break
        if not self._runs:
            raise never_ran(*self._failures[0], self.inputs)
        return self._finished(min(self._runs, key=lambda run: run.untypical))

    def _tried(self, examples: Examples) -> list[Examples]:
        """What to try next if the model doesn't run on `examples`."""
        sizes = Sizes(examples)
        try:
            report, units = run(self.module, self.inputs, sizes, self.operators)
        except ValueAskedError as error:
            raise value_needed(sorted(names_in(sizes.formula_of(*error.args))), error, self.inputs) from None
        except NoFormulaError as error:
            raise no_formula(error, self.inputs) from None
        except Exception as error:
            if _asks_for_data(error):
                raise data_needed(error, self.inputs) from None
            self._failures.append((sizes, error))
            return list(suggested(sizes))
        self._runs.append(Run(report, sizes, facts(sizes, units, points(examples))))
        return []

    def _finished(self, run: Run) -> Report:
        self.examples = run.sizes.examples
        forcing = [fact.difference for fact in run.facts if fact.forces(run.sizes.examples)]
        if forcing:
            raise fixed(forcing, run.sizes, self.inputs)
        return finished(run.report, run.sizes, run.facts)


def _asks_for_data(error: Exception) -> bool:
    from torch._subclasses import fake_tensor
    from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode

    kinds = (fake_tensor.DataDependentOutputException, fake_tensor.DynamicOutputShapeException)
    return isinstance(error, (*kinds, GuardOnDataDependentSymNode))

"""Profile a module on inputs with open sizes, by runs on one set of example sizes after another."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import torch
from torch._subclasses import fake_tensor
from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode

from convcost.core.dtypes import dtype_named
from convcost.core.errors import open_sizes_error
from convcost.core.generation import GenerationPhase
from convcost.core.report import Report
from convcost.operators.interface import Operator
from convcost.system.garbage_collection import fast_garbage_collection
from convcost.tracing.declared_inputs import DeclaredInputs, DeclaredTensor
from convcost.tracing.distributed.run import is_distributed
from convcost.tracing.module_call import ModuleCall
from convcost.tracing.profile import user_operator
from convcost.tracing.symbolic_shapes.assumptions import with_assumptions
from convcost.tracing.symbolic_shapes.examples import (
    TYPICAL,
    Examples,
    fitting_examples,
    probe_points,
    suggested_examples,
    trial_examples,
)
from convcost.tracing.symbolic_shapes.guards import Guard, decisive_guards
from convcost.tracing.symbolic_shapes.memory import symbolic_footprint
from convcost.tracing.symbolic_shapes.refusals import (
    data_needed_error,
    fixed_sizes_error,
    never_ran_error,
    no_formula_error,
    value_needed_error,
)
from convcost.tracing.symbolic_shapes.run import run
from convcost.tracing.symbolic_shapes.shape_env import ConcreteSizeNeededError
from convcost.tracing.symbolic_shapes.sizes import NoFormulaError, SymbolicSizes

MOST_RUNS = 10

UNRELATED_TO_SIZES = (AttributeError, NameError, TypeError)
"""Errors of a model that other sizes would not help."""


class GuardedRun(NamedTuple):
    """A successful run, with its guards on sizes."""

    report: Report
    sizes: SymbolicSizes
    guards: tuple[Guard, ...]

    @property
    def atypical_guards(self) -> list[Guard]:
        """Guards that don't hold for typical sizes."""
        typical = dict.fromkeys(self.sizes.examples, TYPICAL)
        return [guard for guard in self.guards if not guard.holds(typical)]

    @property
    def fixing_guards(self) -> list[Guard]:
        """Guards that fix sizes to one number."""
        return [guard for guard in self.guards if guard.forces(self.sizes.examples)]

    @property
    def narrowness(self) -> tuple[int, int, int]:
        """The key that ranks runs: by fixed sizes, then by atypical guards, then by equalities."""
        equalities = sum(guard.relation == "zero" for guard in self.guards)
        return len(self.fixing_guards), len(self.atypical_guards), equalities

    def is_best(self, failed: Collection[Examples]) -> bool:
        """Whether its atypical guards, if any, are all needed: the examples that `failed` violate them."""
        atypical = self.atypical_guards
        needed = (not all(map(guard.holds, failed)) for guard in atypical)
        return not atypical or (all(needed) and not self.fixing_guards)


@dataclass
class ExampleSearch:
    """The search for examples on which a module runs; `operators` are the user's own formulas."""

    module: torch.nn.Module
    inputs: DeclaredInputs
    operators: Mapping[str, Operator]
    phase: GenerationPhase | None = None
    examples: Examples = field(default_factory=dict)
    _runs: list[GuardedRun] = field(default_factory=list)
    _failures: list[tuple[SymbolicSizes, Exception]] = field(default_factory=list)

    def report(self) -> Report:
        """The report, if possible for typical sizes; ConvcostError if a size can't stay open."""
        waiting = trial_examples(self.inputs.names)
        done: list[Examples] = []
        while waiting and len(done) < MOST_RUNS:
            examples = fitting_examples(waiting.pop(0), self.inputs)
            if examples not in done:
                done.append(examples)
                try:
                    waiting[:0] = self._run_examples(examples)
                except NoFormulaError as error:
                    raise no_formula_error(error, self.inputs) from None
            if self._runs and self._runs[-1].is_best([sizes.examples for sizes, _ in self._failures]):
                break
        if not self._runs:
            raise never_ran_error(*self._failures[0], self.inputs)
        return self._final_report(min(self._runs, key=lambda run: run.narrowness))

    def _run_examples(self, examples: Examples) -> list[Examples]:
        """Run the model on `examples`; if that fails, return the examples to try next."""
        sizes = SymbolicSizes(examples)
        try:
            report, calls = run(self.module, self.inputs, sizes, self.operators, self.phase)
        except ConcreteSizeNeededError as error:
            raise value_needed_error(sizes.names_in(*error.args), error, self.inputs) from None
        except NoFormulaError:
            raise
        except Exception as error:
            if _asks_for_data(error):
                raise data_needed_error(error, self.inputs) from None
            self._failures.append((sizes, error))
            found: list[Examples] = []
            with suppress(NoFormulaError, ZeroDivisionError):
                found.extend(() if isinstance(error, UNRELATED_TO_SIZES) else suggested_examples(sizes))
            return found
        guards = decisive_guards(sizes, calls, self._probe_points(examples))
        self._runs.append(GuardedRun(report, sizes, guards))
        return []

    def _probe_points(self, examples: Examples) -> list[Examples]:
        """Points at which to compare shapes, where computed sizes are integers."""
        return [fitting_examples(point, self.inputs) for point in probe_points(examples)]

    def _final_report(self, run: GuardedRun) -> Report:
        self.examples = run.sizes.examples
        if run.fixing_guards:
            raise fixed_sizes_error([guard.difference for guard in run.fixing_guards], run.sizes, self.inputs)
        return with_assumptions(run.report, run.sizes, run.guards)


def _asks_for_data(error: Exception) -> bool:
    kinds = (fake_tensor.DataDependentOutputException, fake_tensor.DynamicOutputShapeException)
    return isinstance(error, (*kinds, GuardOnDataDependentSymNode))


@fast_garbage_collection()
def profile_open(
    module: torch.nn.Module,
    args: tuple[DeclaredTensor, ...] = (),
    kwargs: Mapping[str, DeclaredTensor] | None = None,
    formulas: Mapping[str, Callable[..., Any]] | None = None,
    footprint: str | None = None,
    phase: GenerationPhase | None = None,
) -> Report:
    """The cost of `module` on declared inputs, as formulas in their open sizes. The module is not changed.

    It takes seconds, since torch infers shapes with symbols.

    Args:
        module: The module.
        args: Its positional inputs.
        kwargs: Its keyword inputs.
        formulas: Costs of the user's own operators, as for Profiler.
        footprint: The dtype for the memory, or "" for that of the module; None to skip the memory.
        phase: The phase of a language model.

    Raises:
        ConvcostError: A size can't stay open; the hint says what to give instead.
        Exception: What the module's forward raises.
    """
    inputs = DeclaredInputs(args, kwargs or {})
    if is_distributed(ModuleCall(module)):
        raise open_sizes_error("a distributed module", inputs.names)
    operators = {name: user_operator(formula) for name, formula in (formulas or {}).items()}
    search = ExampleSearch(module, inputs, operators, phase)
    report = search.report()
    if footprint is None or not report.trace:
        return report
    dtype = dtype_named(footprint or report.dtype)
    found = symbolic_footprint(module, inputs, report, search.examples, dtype)
    return replace(report, trace=report.trace._replace(held=found))

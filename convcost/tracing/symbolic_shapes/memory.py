"""The memory of a module on inputs with open sizes, as formulas that a run on numbers confirms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from torch.utils._pytree import tree_map_only

from convcost.core.errors import UsageError, join_words
from convcost.core.report import Report
from convcost.core.trace import MemoryUse
from convcost.symbolic.bounds import as_sympy, maximum_under, value_of
from convcost.symbolic.report import map_formulas
from convcost.symbolic.sizes import check_assumptions
from convcost.tracing.declared_inputs import DeclaredInputs, DeclaredTensor
from convcost.tracing.isolation.isolated_call import isolated_copy
from convcost.tracing.memory_kernels import memory_kernels
from convcost.tracing.memory_profile import (
    MeasuredCall,
    SizeArithmetic,
    converted_copies,
    failure_reason,
    measured_footprint,
    memory_footprint,
    stored_footprint,
)
from convcost.tracing.module_call import ModuleCall
from convcost.tracing.symbolic_shapes.fake_tensors import fake_copy
from convcost.tracing.symbolic_shapes.run import fake_mode, symbolic_inputs
from convcost.tracing.symbolic_shapes.shape_env import ConcreteSizeNeededError
from convcost.tracing.symbolic_shapes.sizes import SymbolicSizes

FIGURES = ("inputs", "kept", "forward", "training")
"""The figures that are formulas."""

NOT_CONFIRMED = "a run on numbers did not confirm the formulas"

TOO_MANY = "its formula has too many cases: give the sizes numbers"


def symbolic_footprint(
    module: torch.nn.Module, inputs: DeclaredInputs, report: Report, examples: Mapping[str, int], dtype: str
) -> MemoryUse:
    """The memory of `module` on `inputs` as formulas, or the reason why there are none.

    The `examples` answer questions about sizes, as they did for the `report`.
    """
    try:
        found = _in_formulas(module, inputs, report, examples, dtype)
        is_confirmed = all(
            _is_confirmed(found, module, inputs, sizes, dtype) for sizes in _other_sizes(report, examples)
        )
    except ConcreteSizeNeededError:
        reason = f"they need numbers for {join_words(inputs.names)}"
        return _unknown_footprint(module, report, dtype, reason)
    except Exception as error:
        return _unknown_footprint(module, report, dtype, failure_reason(error))
    if not is_confirmed:
        return _unknown_footprint(module, report, dtype, NOT_CONFIRMED)
    return found if None not in found[:-2] else found._replace(reason=TOO_MANY)


def _unknown_footprint(module: torch.nn.Module, report: Report, dtype: str, reason: str) -> MemoryUse:
    inputs = report.trace.inputs if report.trace else ()
    found = stored_footprint(ModuleCall(module), dtype)
    return found._replace(inputs=sum(tensor.bytes for tensor in inputs), reason=reason)


def _in_formulas(
    module: torch.nn.Module, inputs: DeclaredInputs, report: Report, examples: Mapping[str, int], dtype: str
) -> MemoryUse:
    largest = maximum_under(report.assumptions)
    found = measured_footprint(partial(_symbolic_call, module, inputs, examples, dtype, largest), dtype)
    figures = {name: map_formulas(getattr(found, name), as_sympy) for name in FIGURES}
    return found._replace(**figures, ran="shapes")


@contextmanager
def _symbolic_call(
    module: torch.nn.Module, inputs: DeclaredInputs, examples: Mapping[str, int], dtype: str, largest: Any
) -> Iterator[MeasuredCall]:
    """A copy of the call on fake tensors, and the arithmetic that turns their sizes into formulas."""
    sizes = SymbolicSizes(examples)
    with ExitStack() as stack:
        mode = stack.enter_context(fake_mode(sizes.shape_env))
        copy = converted_copies(partial(fake_copy, mode, device="meta"), dtype)  # as in a run on numbers
        copied = stack.enter_context(isolated_copy(ModuleCall(module), copy, copy))
        stack.enter_context(memory_kernels(has_data=False))
        with sizes.guard_log.inside_torch():
            args, kwargs = tree_map_only(torch.Tensor, copy, symbolic_inputs(inputs, sizes))
        yield ModuleCall(copied.model, args, kwargs), SizeArithmetic(sizes.formula, largest)


def _other_sizes(report: Report, examples: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Other sizes that the report's assumptions allow, if one of a few does."""
    for factor, more in ((2, 0), (1, 2), (3, 1), (4, 0)):
        sizes = {name: factor * size + more for name, size in examples.items()}
        try:
            check_assumptions(report, sizes)
        except UsageError:
            continue
        yield sizes
        return


def _is_confirmed(
    found: MemoryUse, module: torch.nn.Module, inputs: DeclaredInputs, sizes: Mapping[str, int], dtype: str
) -> bool:
    """Whether a run on these `sizes` agrees with the formulas."""

    def tensor(declared: DeclaredTensor) -> torch.Tensor:
        return declared.sized(sizes).tensor(torch.get_default_dtype(), "meta")

    args = tuple(map(tensor, inputs.args))
    kwargs = {name: tensor(declared) for name, declared in inputs.kwargs.items()}
    numbers = memory_footprint(ModuleCall(module, args, kwargs), dtype=dtype)
    pairs = ((getattr(found, name), getattr(numbers, name)) for name in FIGURES)
    return all(number == value_of(formula, sizes) for formula, number in pairs if formula is not None)

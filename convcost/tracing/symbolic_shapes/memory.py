"""The memory that a module holds on inputs with open sizes, as formulas that a run on numbers confirms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from convcost.core.errors import UsageError
from convcost.core.report import Report
from convcost.core.trace import MemoryUse
from convcost.tracing.fused_kernels import fused_kernels
from convcost.tracing.isolation.isolated_call import ModuleCall, isolated
from convcost.tracing.memory_profile import (
    SizeArithmetic,
    converting,
    evaluation_peak,
    failure_reason,
    stored_footprint,
    training_peak,
)
from convcost.tracing.memory_profile import memory_footprint as held_on_numbers
from convcost.tracing.module_tree import module_tree
from convcost.tracing.symbolic_shapes.run import fake_copy, fake_mode, symbolic_inputs
from convcost.tracing.symbolic_shapes.sizes import SymbolicSizes
from convcost.tracing.target.inputs import Declared, Inputs

NOT_CONFIRMED = "a run on numbers held something else than the formulas say"


TOO_MANY = "it depends on the sizes in too many ways; numbers for them give it"


def symbolic_footprint(
    module: torch.nn.Module, inputs: Inputs, report: Report, examples: Mapping[str, int], dtype: str
) -> MemoryUse:
    """What `module` holds on `inputs`, in formulas; where they fail, or are not confirmed, it is said why.

    The `examples` decide where the module or torch asks about a size, as they did for its `report`.
    """
    try:
        found = _in_formulas(module, inputs, report, examples, dtype)
        is_confirmed = all(
            _is_confirmed(found, module, inputs, sizes, dtype) for sizes in _other_sizes(report, examples)
        )
    except Exception as error:
        return _unknown_footprint(module, report, dtype, failure_reason(error))
    if not is_confirmed:
        return _unknown_footprint(module, report, dtype, NOT_CONFIRMED)
    return found if None not in found[:-2] else found._replace(reason=TOO_MANY)


def _unknown_footprint(module: torch.nn.Module, report: Report, dtype: str, reason: str) -> MemoryUse:
    inputs = report.trace.inputs if report.trace else ()
    found = stored_footprint(module_tree(module), (), dtype)
    return found._replace(inputs=sum(tensor.bytes for tensor in inputs), reason=reason)


def _in_formulas(
    module: torch.nn.Module, inputs: Inputs, report: Report, examples: Mapping[str, int], dtype: str
) -> MemoryUse:
    from convcost.symbolic.bounds import as_sympy, largest_under
    from convcost.symbolic.report import throughout

    largest = largest_under(report.assumptions)
    with _symbolic_call(module, inputs, examples, dtype) as (model, call, sizes):
        args, kwargs = call
        forward = evaluation_peak(model, args, kwargs, SizeArithmetic(sizes.formula, largest))
    with _symbolic_call(module, inputs, examples, dtype) as (model, call, sizes):
        args, kwargs = call
        kept, training = training_peak(model, args, kwargs, SizeArithmetic(sizes.formula, largest))
        found = stored_footprint(module_tree(model), call, dtype)
        given = sizes.formula(found.inputs)
    numbers = {"inputs": given, "kept": kept, "forward": forward, "training": training}
    in_sympy = {name: throughout(number, as_sympy) for name, number in numbers.items()}
    return found._replace(**in_sympy, ran="shapes")


@contextmanager
def _symbolic_call(
    module: torch.nn.Module, inputs: Inputs, examples: Mapping[str, int], dtype: str
) -> Iterator[tuple[torch.nn.Module, Any, SymbolicSizes]]:
    """The module made ready, what it is called with, and the sizes in it."""
    sizes = SymbolicSizes(examples)

    def without_device(tensor: torch.Tensor) -> torch.Tensor:
        """As a run on numbers has it."""
        return fake_copy(tensor).to("meta")

    copy = converting(without_device, dtype)
    with (
        fake_mode(sizes.environment),
        isolated(ModuleCall(module, (), {}), copy, copy) as copied,
        fused_kernels(),
    ):
        with sizes.guard_log.inside_torch():
            call = torch.utils._pytree.tree_map_only(torch.Tensor, copy, symbolic_inputs(inputs, sizes))
        yield copied.model, call, sizes


def _other_sizes(report: Report, examples: Mapping[str, int]) -> Iterator[dict[str, int]]:
    """Further sizes that the report's assumptions allow, if one of a few does."""
    from convcost.symbolic.sizes import check_assumptions

    for factor, more in ((2, 0), (1, 2), (3, 1), (4, 0)):
        sizes = {name: factor * size + more for name, size in examples.items()}
        try:
            check_assumptions(report, sizes)
        except UsageError:
            continue
        yield sizes
        return


def _is_confirmed(
    found: MemoryUse, module: torch.nn.Module, inputs: Inputs, sizes: Mapping[str, int], dtype: str
) -> bool:
    """Whether a run on these `sizes` holds what the formulas say."""
    from convcost.symbolic.bounds import value_of

    def tensor(declared: Declared) -> torch.Tensor:
        return declared.sized(sizes).tensor(torch.get_default_dtype(), "meta")

    args = tuple(map(tensor, inputs.args))
    kwargs = {name: tensor(declared) for name, declared in inputs.kwargs.items()}
    numbers = held_on_numbers(ModuleCall(module, args, kwargs), dtype=dtype)
    names = ("inputs", "kept", "forward", "training")
    pairs = ((getattr(found, name), getattr(numbers, name)) for name in names)
    return all(number == value_of(formula, sizes) for formula, number in pairs if formula is not None)

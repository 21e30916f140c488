"""A torch module on inputs as they are given in Python: tensors, or texts such as `f32[B,128]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from convcost.core.cost import Size
from convcost.core.errors import UsageError
from convcost.core.report import Report
from convcost.tracing.declared_inputs import DeclaredInputs, parse_inputs

if TYPE_CHECKING:
    import torch

INPUTS_HINT = 'Give tensors, or texts such as "f32[1,3,224,224]" and "ids=i64[B,128]".'


def profile_on_inputs(
    module: torch.nn.Module, inputs: tuple[Any, ...], sizes: Mapping[str, Size], backward: bool = False
) -> Report:
    """What `module` costs on `inputs`, all of them tensors, or all of them texts with `sizes` put in.

    Raises UsageError where there are no inputs, what the module's forward raises, and SpecError for a text
    that declares no input. Sizes that occur in no text are not looked at.
    """
    from convcost.tracing.profile import Profiler

    if not inputs:
        raise UsageError(f"{type(module).__name__} has no inputs", hint=INPUTS_HINT)
    declared = declared_inputs(inputs)
    if not declared.all:
        return Profiler(backward).profile(module, *inputs)
    return _profile_declared(module, declared, sizes, backward)


def declared_inputs(inputs: tuple[Any, ...]) -> DeclaredInputs:
    """The inputs that are texts; nothing where one is a tensor."""
    are_texts = all(isinstance(each, str) for each in inputs)
    return parse_inputs(inputs) if are_texts else DeclaredInputs()


def _profile_declared(
    module: torch.nn.Module, declared: DeclaredInputs, sizes: Mapping[str, Size], backward: bool
) -> Report:
    """As formulas where a size in them has no number."""
    from convcost.tracing.profile import Profiler
    from convcost.tracing.target.construction import declared_arguments, parameter_dtype

    given = declared.sized(sizes).typed(parameter_dtype(module))
    if given.names and backward:
        raise UsageError(f"backward needs a number for {', '.join(given.names)}")
    if given.names:
        from convcost.tracing.symbolic_shapes.profile import profile_open

        report = profile_open(module, given.args, given.kwargs)
    else:
        args, kwargs = declared_arguments(given, module, "meta")
        report = Profiler(backward).profile(module, *args, **kwargs)
    own = {name: sizes[name] for name in declared.names if name in sizes}
    return replace(report, sizes={**own, **report.sizes})

"""A torch module on inputs as they are given in Python: tensors, or texts such as `f32[B,128]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from convcost.core.cost import Size
from convcost.core.errors import UsageError
from convcost.core.report import Report
from convcost.tracing.declared_inputs import DeclaredInputs, parse_inputs
from convcost.tracing.prompt_inputs import PhaseRequest, with_context

if TYPE_CHECKING:
    import torch

    from convcost.tracing.profile import Profiler

INPUTS_HINT = 'Give tensors, or texts such as "f32[1,3,224,224]" and "ids=i64[B,128]".'


def profile_on_inputs(
    module: torch.nn.Module,
    inputs: tuple[Any, ...],
    sizes: Mapping[str, Size],
    backward: bool = False,
    request: PhaseRequest | None = None,
) -> Report:
    """What `module` costs on `inputs`, all of them tensors, or all of them texts with `sizes` put in.

    Raises UsageError where there are no inputs, what the module's forward raises, and SpecError for a text
    that declares no input. Sizes that occur in no text are not looked at. A `request` is for a language
    model, whose inputs are those of the prompt; they may be left out.
    """
    from convcost.tracing.profile import Profiler

    if not inputs and not request:
        raise UsageError(f"{type(module).__name__} has no inputs", hint=INPUTS_HINT)
    phase = request.phase if request else None
    declared = declared_inputs(inputs, request)
    if not declared.all:
        return Profiler(backward, phase=phase).profile(module, *inputs)
    return _profile_declared(module, declared, sizes, Profiler(backward, phase=phase))


def declared_inputs(inputs: tuple[Any, ...], request: PhaseRequest | None = None) -> DeclaredInputs:
    """The inputs that are texts, with the context of `request`; nothing where one is a tensor."""
    if not all(isinstance(each, str) for each in inputs):
        if request and request.context is not None:
            raise UsageError("the context is that of the tensors", hint="Leave it out, or give texts.")
        return DeclaredInputs()
    declared = parse_inputs(inputs)
    return with_context(declared, request.context) if request else declared


def _profile_declared(
    module: torch.nn.Module, declared: DeclaredInputs, sizes: Mapping[str, Size], profiler: Profiler
) -> Report:
    """As formulas where a size in them has no number."""
    from convcost.tracing.target.construction import declared_arguments, parameter_dtype

    given = declared.sized(sizes).typed(parameter_dtype(module))
    if given.names and profiler.backward:
        raise UsageError(f"backward needs a number for {', '.join(given.names)}")
    if given.names:
        from convcost.tracing.symbolic_shapes.profile import profile_open

        report = profile_open(module, given.args, given.kwargs, phase=profiler.phase)
    else:
        args, kwargs = declared_arguments(given, module, "meta")
        report = profiler.profile(module, *args, **kwargs)
    own = {name: sizes[name] for name in declared.names if name in sizes}
    return replace(report, sizes={**own, **report.sizes})

"""A torch module, or a model of a source, on inputs from Python: tensors, or texts such as `f32[B,128]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from convcost.core.cost import Size
from convcost.core.errors import UsageError
from convcost.core.report import Report
from convcost.tracing.declared_inputs import DeclaredInputs, parse_inputs
from convcost.tracing.sources.interface import BuildableModel
from convcost.tracing.target.module_text import parse_module_text
from convcost.tracing.target.source_models import source_notes, with_source_model
from convcost.tracing.target.target import Target

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


def profile_reference(
    text: str, inputs: tuple[Any, ...], sizes: Mapping[str, Size], backward: bool = False
) -> Report:
    """What the model costs that `text` names by a source, such as timm:resnet50, on its own inputs or these.

    Sizes that none of its inputs has are not looked at. Raises as `profile_on_inputs` does, and UsageError
    where there is no such model.
    """
    from convcost.tracing.profile import Profiler
    from convcost.tracing.target.profile import profile_target

    stated = parse_module_text(text)
    if inputs and stated.inputs:
        raise UsageError(f"{text.strip()[:80]} states its inputs", hint="Leave out the others.")
    declared = declared_inputs(inputs)
    target = Target(stated.place, stated.arguments, stated.inputs or declared)
    if inputs and not declared.all:
        return _profile_on_tensors(target, inputs, backward)
    return profile_target(with_source_model(target).sized(sizes), Profiler(backward)).report


def _profile_on_tensors(target: Target, inputs: tuple[Any, ...], backward: bool) -> Report:
    from convcost.tracing.target.construction import construct_module

    target = with_source_model(target)
    if not isinstance(target.model, BuildableModel):
        raise UsageError(f"{target} is read as a file, and takes no tensors", hint=INPUTS_HINT)
    report = profile_on_inputs(construct_module(target.model.make, {}), inputs, {}, backward)
    name = target.place.label or target.place.title
    return replace(report, name=name, spec=str(target), notes=source_notes(target))


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

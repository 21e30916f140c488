"""A torch module as a design: an object with its inputs, or a text that names one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from convcost.core.cost import Size
from convcost.core.errors import UsageError, open_sizes_error
from convcost.core.generation import GenerationPhase
from convcost.core.report import Report
from convcost.core.type_checks import is_module
from convcost.tracing.declared_inputs import DeclaredInputs, DeclaredTensor, parse_inputs
from convcost.tracing.given_inputs import (
    NO_INPUTS_HINT,
    GivenInputs,
    check_inputs,
    forward_names,
    given_inputs,
)
from convcost.tracing.mesh_request import MeshRequest
from convcost.tracing.prompt_inputs import PhaseRequest, with_context
from convcost.tracing.signatures import check_arguments
from convcost.tracing.sources.interface import BuildableModel
from convcost.tracing.target.module_text import parse_module_text
from convcost.tracing.target.target import Target, with_prompt

if TYPE_CHECKING:
    import torch

    from convcost.tracing.profile import Profiler
    from convcost.tracing.target.profile import ProfiledModel


@dataclass(frozen=True, eq=False)
class ModuleDesign:
    """A module with inputs, or a target that has its own inputs. Nothing has run yet.

    A module from a source of models has both. In a `phase`, the inputs are the prompt of a language model.
    On a `mesh`, one rank is counted too.
    """

    module: torch.nn.Module | None
    inputs: GivenInputs
    target: Target | None = None
    phase: GenerationPhase | None = None
    mesh: MeshRequest | None = None

    @property
    def name(self) -> str:
        """Its name in messages."""
        return str(self.target) if self.target else type(self.module).__name__

    @property
    def names(self) -> tuple[str, ...]:
        """The named sizes in its inputs."""
        return self.target.inputs.names if self.target else self.inputs.names

    def report(
        self, sizes: Mapping[str, Size], backward: bool = False, footprint: str | None = None
    ) -> Report:
        """The report, as formulas in the named sizes that are not in `sizes`.

        Args:
            sizes: Values of sizes; names that don't occur in the inputs are ignored.
            backward: Whether to count the backward.
            footprint: The dtype to measure the memory in, as for Profiler.

        Raises:
            UsageError: The inputs don't fit.
            Exception: What the module's forward raises.
        """
        return self.profiled(sizes, backward, footprint).report

    def profiled(
        self, sizes: Mapping[str, Size], backward: bool = False, footprint: str | None = None
    ) -> ProfiledModel:
        """Like `report`, with the module and its arguments."""
        from convcost.tracing.profile import Profiler
        from convcost.tracing.target.profile import profile_target

        own = {name: sizes[name] for name in self.names if name in sizes}
        profiler = Profiler(backward, footprint=footprint, phase=self.phase)
        if self.module is None:
            assert self.target
            target = self.target.sized(own)
            if self.mesh:
                from convcost.tracing.target.mesh_profile import profile_target_on_mesh

                return profile_target_on_mesh(target, profiler, self.mesh)
            return profile_target(target, profiler)
        found = _profile_module(self.module, self.inputs.sized(own), profiler, self.mesh)
        report = replace(found.report, sizes={**own, **found.report.sizes})
        return found._replace(report=_named_report(report, self.target) if self.target else report)


def _named_report(report: Report, target: Target) -> Report:
    """The report with the name of its target, and notes on its source's assumptions."""
    from convcost.tracing.target.source_models import source_notes

    name = target.place.label or target.place.title
    return replace(report, name=name, spec=str(target), notes=source_notes(target))


def _profile_module(
    module: torch.nn.Module, inputs: GivenInputs, profiler: Profiler, mesh: MeshRequest | None
) -> ProfiledModel:
    from convcost.tracing.module_call import parameter_dtype
    from convcost.tracing.symbolic_shapes.profile import profile_open
    from convcost.tracing.target.profile import ProfiledModel

    if not inputs.names:
        call = profiler.call(module, inputs)
        report = profiler.profile_call(call)
        return ProfiledModel(profiler.add_rank(call, report, mesh) if mesh else report, *call)
    if mesh:
        raise open_sizes_error("a mesh", inputs.names)
    if profiler.backward:
        raise open_sizes_error("backward", inputs.names)
    declared = inputs.declared().typed(parameter_dtype(module))
    report = profile_open(
        module, declared.args, declared.kwargs, profiler.formulas, profiler.footprint, profiler.phase
    )
    return ProfiledModel(report, module)


def design_in_phase(design: object, request: PhaseRequest) -> ModuleDesign:
    """The design as a language model on a prompt; UsageError if it is not a module."""
    if not isinstance(design, ModuleDesign):
        raise UsageError("phases are only for language models that are torch modules")
    if design.module is None:
        assert design.target
        target = with_prompt(replace(design.target, request=request))
        return replace(design, target=target, phase=request.phase)
    given = design.inputs
    if all(type(value) is DeclaredTensor for value in given.all):
        declared = with_context(given.declared(), request.context)
        return replace(design, inputs=GivenInputs(declared.args, declared.kwargs), phase=request.phase)
    if request.context is not None:
        raise UsageError(
            "tensors have a fixed context length", hint="Leave the context out, or give the inputs as texts."
        )
    return replace(design, phase=request.phase)


def design_on_mesh(design: object, mesh: MeshRequest) -> ModuleDesign:
    """The design on a mesh; UsageError if it is not a module."""
    if not isinstance(design, ModuleDesign):
        raise UsageError("a mesh is only for torch modules", hint='For example, "f32[1,8] -> net.py:Net".')
    return replace(design, mesh=mesh)


def module_design(design: Any, inputs: tuple[Any, ...], keywords: Mapping[str, Any]) -> ModuleDesign:
    """A module, or a text that names one, with its inputs; UsageError if a module has none."""
    if not is_module(design):
        return _named_module(str(design), inputs, keywords)
    if not inputs and not keywords:
        what = f"{type(design).__name__}.forward"
        check_arguments(what, design.forward, noun="input", hint=NO_INPUTS_HINT)
        raise UsageError(f"{type(design).__name__} has no inputs", hint=NO_INPUTS_HINT)
    found = given_inputs(inputs, keywords, forward_names(design))
    if inputs and all(isinstance(value, str) for value in found.all):
        parse_inputs(found.args)  # raises the error for the first of them
    check_inputs(design, found.args, found.kwargs)
    return ModuleDesign(design, found)


def _named_module(text: str, inputs: tuple[Any, ...], keywords: Mapping[str, Any]) -> ModuleDesign:
    """The module that `text` names, with the inputs in the text or with these."""
    from convcost.tracing.target.source_models import with_source_model

    stated = parse_module_text(text)
    if stated.inputs and (inputs or keywords):
        raise UsageError(f"{text.strip()[:80]} already has inputs", hint="Leave out the others.")
    given = given_inputs(inputs, keywords)
    are_declared = all(type(value) is DeclaredTensor for value in given.all)
    declared = given.declared() if are_declared else DeclaredInputs()
    target = with_source_model(Target(stated.place, stated.arguments, stated.inputs or declared))
    if are_declared:
        return ModuleDesign(None, GivenInputs(), target)
    if not isinstance(target.model, BuildableModel):
        hint = 'For example, "f32[1,3,224,224]". To give tensors, load the module: (module, x).'
        raise UsageError(f"the inputs of {target} must be texts", hint=hint)
    from convcost.tracing.target.construction import construct_module

    return ModuleDesign(construct_module(target.model.make, {}), given, target)

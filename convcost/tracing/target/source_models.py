"""Load a target from a source of models, with the source's default inputs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from convcost.core.errors import ConvcostError, UsageError
from convcost.tracing.declared_inputs import DeclaredInputs
from convcost.tracing.prompt_inputs import without_prompt
from convcost.tracing.sources import load_model
from convcost.tracing.sources.interface import INPUTS, BuildableModel, SourceModel, SourceReference
from convcost.tracing.target.loading import importable
from convcost.tracing.target.target import Target, with_prompt
from convcost.tracing.user_error import target_error


def with_source_model(target: Target) -> Target:
    """The target with the model of its source. A target without a source, or a loaded one, is not changed.

    Raises:
        UsageError: There is no such model.
        TargetError: Its library failed.
    """
    if not isinstance(target.place, SourceReference) or target.model:
        return target
    try:
        with importable(Path.cwd()):
            model = load_model(target.place, target.arguments)
    except ConvcostError:
        raise
    except BaseException as error:
        raise target_error(f"{target} could not be loaded", error) from None
    target = _with_named_input(target, model)
    is_assumed = target.inputs_are_assumed or not (target.inputs.all or target.maker)
    if is_assumed:
        inputs = model.inputs.sized(target.sizes)
    else:
        model, inputs = _with_complete_inputs(model, target.inputs)
    return with_prompt(replace(target, model=model, inputs=inputs, inputs_are_assumed=is_assumed))


def _with_named_input(target: Target, model: SourceModel) -> Target:
    """If forward has an input of the label's name, it is that: `input_ids=i64[1,8] -> hf:./llama`."""
    label, inputs = target.place.label, target.inputs
    if not (isinstance(model, BuildableModel) and label in model.input_names and inputs.args):
        return target
    [first, *others] = inputs.args
    if others:
        raise UsageError(f"{target}: inputs without a name must come before {label}={first}")
    inputs = DeclaredInputs((), {label: first, **inputs.kwargs})
    return replace(target, place=target.place._replace(label=""), inputs=inputs)


def _with_complete_inputs(model: SourceModel, declared: DeclaredInputs) -> tuple[SourceModel, DeclaredInputs]:
    """`declared` with required inputs added, and the model with a note on these."""
    if not (isinstance(model, BuildableModel) and model.complete and declared.all):
        return model, declared
    inputs = model.complete(declared)
    added = DeclaredInputs(
        (), {name: each for name, each in inputs.kwargs.items() if name not in declared.kwargs}
    )
    note = f"The input {added} is assumed: the model needs it."
    return (replace(model, notes=(*model.notes, note)) if added.all else model), inputs


def source_notes(target: Target) -> tuple[str, ...]:
    """Notes on the assumptions of the target's source that were used."""
    if target.model is None:
        return ()
    model, request = target.model, target.request
    has_context = request is not None and request.context is not None
    inputs = without_prompt(target.inputs) if has_context else model.inputs
    notes = (*_limit_notes(target), *model.notes)
    if not (target.inputs_are_assumed and inputs.all and model.input_note):
        return notes
    return (*notes, model.input_note.replace(INPUTS, str(inputs)))


def _limit_notes(target: Target) -> Iterable[str]:
    """Notes on inputs that the model does not run on."""
    model, request = target.model, target.request
    if not isinstance(model, BuildableModel) or not model.limits:
        return ()
    named = dict(zip(model.input_names, target.inputs.args, strict=False)) | dict(target.inputs.kwargs)
    new_tokens = 1 if request and request.phase == "decode" else 0
    return model.limits(DeclaredInputs((), named), new_tokens)

"""A target that a source of models has: loaded, on the source's own inputs where none are declared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from convcost.core.errors import ConvcostError
from convcost.tracing.sources import load_model
from convcost.tracing.sources.interface import SourceReference
from convcost.tracing.target.loading import importable
from convcost.tracing.target.target import Target, with_prompt
from convcost.tracing.user_error import target_error


def with_source_model(target: Target) -> Target:
    """The target with what its source finds; any other target, and one that is loaded already, as it is.

    Raises UsageError where there is no such model, and TargetError where its library fails.
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
    is_assumed = target.inputs_are_assumed or not (target.inputs.all or target.maker)
    inputs = model.inputs.sized(target.sizes) if is_assumed else target.inputs
    return with_prompt(replace(target, model=model, inputs=inputs, inputs_are_assumed=is_assumed))


def source_notes(target: Target) -> tuple[str, ...]:
    """What the source of the target's model guessed, where that was used."""
    if target.model is None:
        return ()
    note = target.model.input_note if target.inputs_are_assumed else ""
    return (*target.model.notes, *([note] if note else ()))

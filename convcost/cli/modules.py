"""Reads torch modules on the command line, with their arguments and inputs, and runs them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import typer

from convcost.cli.hints import is_target, shorten_design
from convcost.cli.options import MemoryOptions, MeshOptions, ModuleOptions
from convcost.cli.output import stdout_to_stderr
from convcost.cli.parser_errors import option_names
from convcost.cli.phases import phase_requests
from convcost.cli.places import dotted_error
from convcost.cli.sizes import check_options, missing_design_error, read_sizes, split_tokens
from convcost.cli.supervisor import time_limit
from convcost.core.errors import ConvcostError, UsageError
from convcost.core.source_text import SourceText
from convcost.layers import find_layer, library_hint
from convcost.spec import check_names
from convcost.tracing.declared_inputs import parse_inputs
from convcost.tracing.target.module_text import ModuleText, parse_module_text
from convcost.tracing.target.target import (
    MeshTarget,
    Place,
    Target,
    parse_argument_value,
    parse_place,
    with_prompt,
)

if TYPE_CHECKING:
    from convcost.tracing.profile import Profiler
    from convcost.tracing.target.profile import ProfiledModel


def read_targets(texts: Iterable[str], modules: ModuleOptions) -> dict[str, tuple[Target, ...]]:
    """The targets of each text: with its own inputs and arguments, or else those of `modules`.

    A text has one target for each requested phase.
    """
    shared = parse_inputs(modules.inputs or ())
    if modules.inputs_from and shared.all:
        raise UsageError("--input and --inputs-from can't be combined")
    stated = {text: _parse_module(text) for text in texts}
    if (shared.all or modules.inputs_from) and all(each.inputs for each in stated.values()):
        option = "--input" if shared.all else "--inputs-from"
        hint = "Leave out either the option or the inputs before the module."
        raise UsageError(f"{option} is only for modules that state no inputs", hint=hint)
    arguments = _arguments(modules.module_arguments or ())
    maker = parse_place(modules.inputs_from, "a function") if modules.inputs_from else None
    return {
        text: tuple(
            _complete_target(
                Target(
                    each.place,
                    {**arguments, **each.arguments},
                    each.inputs or shared,
                    maker=None if each.inputs else maker,
                    train=modules.train,
                    request=request,
                ),
                modules.seconds,
            )
            for request in phase_requests(modules)
        )
        for text, each in stated.items()
    }


def _complete_target(target: Target, timeout: float) -> Target:
    """Complete the target: load a model from its source, or add a prompt."""
    if isinstance(target.place, Place):
        return with_prompt(target)
    from convcost.tracing.target.source_models import with_source_model

    with stdout_to_stderr(), time_limit(timeout):
        return with_source_model(target)


def _parse_module(text: str) -> ModuleText:
    """Parse a module; errors name the file of designs that it is in."""
    try:
        return parse_module_text(text)
    except ConvcostError as error:
        if not isinstance(text, SourceText):
            raise
        raise UsageError(f"{text.where}: {error}") from None


def _arguments(texts: Iterable[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in map(_argument, texts):
        if name in found:
            raise UsageError(f"--arg {name[:40]} is given twice", hint="It takes one value.")
        found[name] = value
    return found


def _argument(text: str) -> tuple[str, Any]:
    """Parse NAME=VALUE: the value as a Python literal, or else as a string."""
    name, equals, value = text.partition("=")
    if not equals and name.strip().isidentifier():
        raise UsageError(f"--arg {text[:40]} has no value", hint=f"Write it as --arg {name.strip()[:40]}=10.")
    if not name.strip().isidentifier():
        raise UsageError(f"--arg {text[:40]} is not an argument", hint="Write it as --arg num_classes=10.")
    return name.strip(), parse_argument_value(value)


def read_target(
    context: typer.Context, tokens: Iterable[str], settings: Iterable[str], modules: ModuleOptions
) -> Target:
    """The target of a command that takes one module."""
    texts, options = split_tokens(tokens, option_names(context), takes_numbers=True)
    if not texts:
        raise missing_design_error(context, options, "a target is missing", TARGET_HINT)
    _check_target(texts[0])
    [[target, *others]] = read_targets(texts[:1], modules).values()
    check_options(options, (target.inputs,), context, others=missing_input_hint((target,)))
    if len(texts) > 1:
        hint = "convcost compare takes several." if is_target(texts[1]) else ARGUMENTS_HINT
        raise UsageError(f"{context.command_path} takes one target, not {len(texts)}", hint=hint)
    if others:
        hint = "convcost compare takes several."
        raise UsageError(f"{context.command_path} takes one phase, not {1 + len(others)}", hint=hint)
    sizes = read_sizes(options, settings)
    check_names(sizes, (target.inputs,))
    return target.sized(sizes)


def missing_input_hint(targets: Iterable[Target]) -> str:
    """How to give inputs, if one of the targets has none; else empty."""
    are_given = all(target.inputs.all or target.maker for target in targets)
    return "" if are_given else 'No input is given, such as --input "f32[B,128]".'


def _check_target(text: str) -> None:
    """UsageError for a text that is a design, a layer, or not a module's place."""
    if is_target(text):
        return
    if find_layer(text) or any(sign in text for sign in "([>"):
        design = f"'{shorten_design(text)}'" if set(text) & set("([> ") else text[:80]
        command = "layer" if find_layer(text) else "cost"
        hint = f"For a design: convcost {command} {design}"
        raise UsageError(f"{text[:80]} is not a torch module", hint=hint)
    if problem := dotted_error(text):
        raise problem
    raise UsageError(f"{text[:80]} does not name a file or module", hint=library_hint(text) or TARGET_HINT)


ARGUMENTS_HINT = "Give a module's arguments by name: --arg num_classes=10."
TARGET_HINT = "Write it as path/to/file.py:Name or package.module:Name."


def read_mesh(mesh: MeshOptions, memory: MemoryOptions) -> MeshTarget | None:
    """The requested mesh; UsageError for an invalid one, or with estimates for a single device."""
    if not mesh.dimensions:
        return None
    if memory.memory:
        raise UsageError("--memory is for one device, so it can't be combined with --mesh")
    return MeshTarget(
        mesh.dimensions, parse_place(mesh.parallelize, "a function") if mesh.parallelize else None
    )


def run_target(
    target: Target, profiler: Profiler, timeout: float, mesh: MeshTarget | None = None
) -> ProfiledModel:
    """Run and count the module, with its output redirected to stderr.

    After `timeout` seconds the process is killed; the supervising process prints the error.
    """
    from convcost.tracing.target.mesh_profile import profile_target_on_mesh
    from convcost.tracing.target.profile import profile_target

    with stdout_to_stderr(), time_limit(timeout):
        return profile_target_on_mesh(target, profiler, mesh) if mesh else profile_target(target, profiler)


def read_formulas(text: str) -> dict[str, Any]:
    """Load the dict of formulas at `text`, by the full names of operators."""
    from convcost.tracing.target.loading import load_formulas

    with stdout_to_stderr():
        return load_formulas(parse_place(text, "a dict"))

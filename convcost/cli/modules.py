"""Torch modules on the command line: where they are, how they are made, what they are run on."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import typer

from convcost.cli.hints import is_target
from convcost.cli.options import ModuleOptions
from convcost.cli.output import stdout_to_stderr
from convcost.cli.parser_errors import option_names
from convcost.cli.sizes import check_options, read_sizes, split_tokens
from convcost.cli.supervisor import time_limit
from convcost.core.cost import Size
from convcost.core.errors import UsageError
from convcost.layers import find_layer
from convcost.tracing.declared_inputs import DeclaredInputs, parse_inputs
from convcost.tracing.target.target import Target, parse_place

if TYPE_CHECKING:
    from convcost.tracing.profile import Profiler
    from convcost.tracing.target.profile import ProfiledModel


def declared_inputs(modules: ModuleOptions) -> DeclaredInputs:
    """The inputs that are stated; there are none if a function makes them."""
    inputs = parse_inputs(modules.inputs or ())
    if modules.inputs_from and inputs.all:
        raise UsageError("--input and --inputs-from exclude each other")
    return inputs


def make_target(
    text: str, modules: ModuleOptions, inputs: DeclaredInputs, sizes: Mapping[str, Size]
) -> Target:
    """The module at `text`, with those of `sizes` that its inputs have."""
    return Target(
        parse_place(text),
        _arguments(modules.module_arguments or ()),
        inputs.sized(sizes),
        {name: sizes[name] for name in inputs.names if name in sizes},
        parse_place(modules.inputs_from) if modules.inputs_from else None,
        modules.train,
    )


def _arguments(texts: Iterable[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in map(_argument, texts):
        if name in found:
            raise UsageError(f"--arg {name[:40]} is given twice", hint="It takes one value.")
        found[name] = value
    return found


def _argument(text: str) -> tuple[str, Any]:
    """`NAME=VALUE`, the value as Python reads it, or else as a text."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise UsageError(f"--arg {text[:40]} is no argument", hint="Write it as --arg num_classes=10.")
    try:
        return name.strip(), ast.literal_eval(value.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return name.strip(), value


def read_target(
    context: typer.Context, tokens: Iterable[str], settings: Iterable[str], modules: ModuleOptions
) -> Target:
    """The one module that is named, on its inputs."""
    texts, options = split_tokens(tokens, option_names(context), takes_numbers=True)
    if not texts:
        raise UsageError("there is no target", hint=TARGET_HINT)
    check_target(texts[0])
    if len(texts) > 1:
        hint = "convcost compare takes several." if is_target(texts[1]) else ARGUMENTS_HINT
        raise UsageError(f"{context.command_path} takes one target, not {len(texts)}", hint=hint)
    inputs = declared_inputs(modules)
    check_options(options, (inputs,), context)
    return make_target(texts[0], modules, inputs, read_sizes(options, settings))


def check_target(text: str) -> None:
    """Refuse what is a design or a layer, or does not say where the module is."""
    if is_target(text):
        return
    if find_layer(text) or any(sign in text for sign in "([>"):
        design = f"'{text[:80]}'" if set(text) & set("([> ") else text[:80]
        hint = f"It is a design: convcost cost {design} shows it."
        raise UsageError(f"{text[:80]} is no torch module", hint=hint)
    source, dot, name = text.rpartition(".")
    if dot and text.replace(".", "").isidentifier():
        raise UsageError(f"{text[:80]} has no colon", hint=f"Write it as {source[:80]}:{name[:80]}.")
    raise UsageError(f"{text[:80]} does not say where it is", hint=TARGET_HINT)


ARGUMENTS_HINT = "A module's arguments are given by name: --arg num_classes=10."
TARGET_HINT = "Name it as path/to/file.py:Name or as package.module:Name."


def run_target(target: Target, profiler: Profiler, timeout: float) -> ProfiledModel:
    """What the module costs; what it prints meanwhile is no result, and goes to stderr.

    After `timeout` seconds the process of the command ends, and the one that waits for it says so.
    """
    from convcost.tracing.target.profile import profile_target

    with stdout_to_stderr(), time_limit(timeout):
        return profile_target(target, profiler)


def read_formulas(text: str) -> dict[str, Any]:
    """The formulas for operators, by full name, in the dict at `text`."""
    from convcost.tracing.target.loading import load_formulas

    with stdout_to_stderr():
        return load_formulas(parse_place(text))

"""Torch modules on the command line: where they are, how they are made, what they are run on."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from convcost.cli.commands import known
from convcost.cli.hints import is_target
from convcost.cli.output import stdout_to_stderr
from convcost.cli.sizes import bindings, check_options, split
from convcost.cli.supervisor import ended_after
from convcost.core.cost import Size
from convcost.core.errors import UsageError
from convcost.core.units import parse_seconds
from convcost.layers import find_layer
from convcost.system.workers import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from convcost.tracing.profile import Profiler
    from convcost.tracing.target.inputs import Inputs
    from convcost.tracing.target.profile import ProfiledModel
    from convcost.tracing.target.target import Target


class ModuleOptions(NamedTuple):
    """What the options say about torch modules: all that are named share it."""

    inputs: tuple[str, ...] = ()
    maker: str = ""
    arguments: tuple[str, ...] = ()
    train: bool = False
    timeout: float = DEFAULT_TIMEOUT

    def declared(self) -> Inputs:
        """The inputs that are stated; they come from somewhere else if there is a `maker`."""
        from convcost.tracing.target.inputs import parse_inputs

        inputs = parse_inputs(self.inputs)
        if self.maker and inputs.all:
            raise UsageError("--input and --inputs-from exclude each other")
        return inputs

    def target(self, text: str, inputs: Inputs, sizes: Mapping[str, Size]) -> Target:
        """The module at `text`, with those of `sizes` that its inputs have."""
        from convcost.tracing.target.target import Target, parse_place

        return Target(
            parse_place(text),
            _arguments(self.arguments),
            inputs.sized(sizes),
            {name: sizes[name] for name in inputs.names if name in sizes},
            parse_place(self.maker) if self.maker else None,
            self.train,
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


def of_target(
    context: typer.Context, tokens: Iterable[str], settings: Iterable[str], models: ModuleOptions
) -> Target:
    """The one module that is named, on its inputs."""
    texts, options = split(tokens, known(context), takes_numbers=True)
    if not texts:
        raise UsageError("there is no target", hint=PLACES)
    _check_target(texts[0])
    if len(texts) > 1:
        hint = "convcost compare takes several." if is_target(texts[1]) else ARGUMENTS
        raise UsageError(f"convcost model takes one target, not {len(texts)}", hint=hint)
    inputs = models.declared()
    check_options(options, (inputs,), context)
    return models.target(texts[0], inputs, bindings(options, settings))


def _check_target(text: str) -> None:
    """Refuse what is a design or a layer, or does not say where the module is."""
    if is_target(text):
        return
    if find_layer(text) or any(sign in text for sign in "([>"):
        design = f"'{text[:80]}'" if set(text) & set("([> ") else text[:80]
        hint = f"convcost layer {design} shows a layer, convcost explain a whole design."
        raise UsageError(f"{text[:80]} is no torch module", hint=hint)
    source, dot, name = text.rpartition(".")
    if dot and text.replace(".", "").isidentifier():
        raise UsageError(f"{text[:80]} has no colon", hint=f"Write it as {source[:80]}:{name[:80]}.")
    raise UsageError(f"{text[:80]} does not say where it is", hint=PLACES)


ARGUMENTS = "A module's arguments are given by name: --arg num_classes=10."
PLACES = "Name it as path/to/file.py:Name or as package.module:Name."


def time_limit(text: str) -> float:
    """The seconds that `--timeout` allows."""
    return parse_seconds(text, "--timeout") if text else DEFAULT_TIMEOUT


def measured(target: Target, profiler: Profiler, timeout: float) -> ProfiledModel:
    """What the module costs; what it prints meanwhile is no result, and goes to stderr.

    After `timeout` seconds the process of the command ends, and the one that waits for it says so.
    """
    from convcost.tracing.target.profile import profile_target

    with stdout_to_stderr(), ended_after(timeout):
        return profile_target(target, profiler)


def formulas_at(text: str) -> dict[str, Any]:
    """The formulas for operators, by full name, in the dict at `text`."""
    from convcost.tracing.target.loading import load_formulas
    from convcost.tracing.target.target import parse_place

    with stdout_to_stderr():
        return load_formulas(parse_place(text))

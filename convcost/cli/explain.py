"""`convcost explain`: the costs derived step by step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

import typer

from convcost.analysis.explain.explanation import derivation
from convcost.analysis.explain.steps import Explanation
from convcost.cli.designs import read_candidates
from convcost.cli.layer_arguments import layer_name, read_layer
from convcost.cli.options import (
    ConventionOptions,
    MaxMemoryOption,
    ModuleOptions,
    OutputOptions,
    SettingsOption,
)
from convcost.cli.output import print_result
from convcost.core.errors import UsageError
from convcost.core.units import parse_bytes
from convcost.layers import is_torch_layer


@dataclass(frozen=True)
class DerivedModuleOptions(ModuleOptions):
    """How torch modules are made and run; a layer by its kind has an input as well."""

    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            metavar="[NAME=]DTYPE[SIZES]",
            help="A module's input, such as 'f32[1,3,224,224]'; for a layer given by its kind, a shape: "
            "4,128,10.",
        ),
    ] = None


@dataclass(frozen=True)
class DerivationOutputOptions(OutputOptions):
    """The format of a derivation."""

    output_format: Annotated[
        str, typer.Option("--format", metavar="NAME", help="table, json, markdown or latex.")
    ] = "table"


def explain(
    context: typer.Context,
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[DESIGN|KIND]... [--NAME SIZE]...",
            help="Designs, torch modules and sizes as for compare, or a layer as for layer.",
        ),
    ] = None,
    settings: SettingsOption = None,
    *,
    modules: DerivedModuleOptions,
    max_memory: MaxMemoryOption = "1GiB",
    flops: ConventionOptions,
    output: DerivationOutputOptions,
) -> None:
    """Derive the costs of a design step by step.

    A torch module is derived by the operators that it runs.

    \b
    Examples:
      convcost explain --E 128 --L 10
      convcost explain conv1d 128 128 3 --padding same --length 10
      convcost explain timm:resnet18
    """
    format_name = output.format_for(Explanation)
    tokens = arguments or []
    if tokens and (is_torch_layer(layer_name(tokens[0])) or _is_kind(tokens)):
        specs, sizes = read_layer(context, tokens[0], tokens[1:], _shape(modules), settings or [])
        print_result(derivation(specs, sizes, flops.convention), format_name)
        return
    found = read_candidates(context, tokens, settings or [], modules, parse_bytes(max_memory))
    print_result(derivation(found.designs, found.sizes, flops.convention), format_name)


def _shape(modules: ModuleOptions) -> str:
    """The input shape of a layer given by its kind; UsageError for options of torch modules."""
    shapes = modules.inputs or []
    if len(shapes) > 1 or replace(modules, inputs=None).describe_a_module:
        raise UsageError("a layer by its kind has one --input and no options of torch modules")
    return shapes[0] if shapes else ""


def _is_kind(tokens: list[str]) -> bool:
    """Whether a word is followed by a number: a misspelt layer with its arguments."""
    return tokens[0].isidentifier() and len(tokens) > 1 and tokens[1].isdigit()

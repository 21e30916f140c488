"""`convcost explain`: the costs derived step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from convcost.analysis.explain.explanation import derivation
from convcost.analysis.explain.steps import Explanation
from convcost.cli.designs import SizedSpecs, read_specs
from convcost.cli.hints import DESIGN_HINT
from convcost.cli.layer_arguments import layer_name, read_layer
from convcost.cli.options import ConventionOptions, OutputOptions, SettingsOption
from convcost.cli.output import print_result
from convcost.core.errors import UsageError
from convcost.layers import is_torch_layer


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
            metavar="[SPEC|KIND]... [--NAME SIZE]...",
            help="Designs and sizes as for compare, or a layer and its arguments as for layer.",
        ),
    ] = None,
    shape: Annotated[
        str,
        typer.Option(
            "--input",
            metavar="SHAPE",
            help="The input shape, such as 4,128,10, for a layer given by its kind.",
        ),
    ] = "",
    settings: SettingsOption = None,
    *,
    flops: ConventionOptions,
    output: DerivationOutputOptions,
) -> None:
    """Derive the costs of a design step by step.

    \b
    Examples:
      convcost explain --E 128 --L 10
      convcost explain conv1d 128 128 3 --padding same --length 10
    """
    format_name = output.format_for(Explanation)
    specs, sizes = _read_specs(context, arguments or [], shape, settings or [])
    print_result(derivation(specs, sizes, flops.convention), format_name)


def _read_specs(context: typer.Context, tokens: list[str], shape: str, settings: list[str]) -> SizedSpecs:
    if tokens and (is_torch_layer(layer_name(tokens[0])) or _is_kind(tokens)):
        return read_layer(context, tokens[0], tokens[1:], shape, settings)
    if shape:
        raise UsageError("--input is for a layer given by its kind, such as linear", hint=DESIGN_HINT)
    return read_specs(context, tokens, settings)


def _is_kind(tokens: list[str]) -> bool:
    """Whether a word is followed by a number: a misspelt layer with its arguments."""
    return tokens[0].isidentifier() and len(tokens) > 1 and tokens[1].isdigit()

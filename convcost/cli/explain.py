"""`convcost explain`: where the numbers come from, step by step."""

from __future__ import annotations

from typing import Annotated

import typer

from convcost.analysis.explain.explanation import derivation
from convcost.analysis.explain.steps import Explanation
from convcost.cli.designs import Request, bare, of_designs, of_layer
from convcost.cli.options import CountOption, JsonOption, Sizes, TapsOption
from convcost.cli.output import emit, handle_errors, style
from convcost.core.cost import convention
from convcost.core.errors import UsageError
from convcost.layers import is_torch_layer
from convcost.render import check_format, render


@handle_errors
def explain(
    context: typer.Context,
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SPEC|KIND]... [--NAME SIZE]...",
            help="Designs and sizes as compare takes them, or a layer and its arguments as layer does.",
        ),
    ] = None,
    shape: Annotated[
        str, typer.Option("--input", metavar="SHAPE", help="The input's shape, for a layer by its kind.")
    ] = "",
    settings: Sizes = None,
    count: CountOption = "matmul",
    taps: TapsOption = "full",
    output_format: Annotated[
        str, typer.Option("--format", metavar="NAME", help="table, json, markdown or latex.")
    ] = "table",
    json: JsonOption = False,
) -> None:
    """Derive the costs step by step: shapes, loops, MACs, FLOPs, parameters, ratios.

    For example: convcost explain --E 128 --L 10, or
    convcost explain conv1d 128 128 3 --padding same --length 10
    """
    format_name = "json" if json else output_format
    check_format(format_name, Explanation)
    designs, sizes = _request(context, arguments or [], shape, settings or [])
    result = derivation(designs, sizes, convention(count, taps))
    emit(render(result, format_name, style()))


def _request(context: typer.Context, tokens: list[str], shape: str, settings: list[str]) -> Request:
    if tokens and (is_torch_layer(bare(tokens[0])) or _is_kind(tokens)):
        return of_layer(context, tokens[0], tokens[1:], shape, settings)
    if shape:
        hint = "In a design the shape stands in front: [B, S, E] -> Linear(E, E)"
        raise UsageError("--input is for a layer by its kind, such as linear", hint=hint)
    return of_designs(context, tokens, settings)


def _is_kind(tokens: list[str]) -> bool:
    """Whether the first is a word with a number behind it, as a misspelt layer has."""
    return tokens[0].isidentifier() and len(tokens) > 1 and tokens[1].isdigit()

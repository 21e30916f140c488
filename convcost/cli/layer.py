"""`convcost layer`: one layer in full, given by its kind and arguments."""

from __future__ import annotations

from typing import Annotated

import typer

from convcost.cli.design_cost import print_cost
from convcost.cli.layer_arguments import read_layer
from convcost.cli.options import CostOptions, SettingsOption
from convcost.design import SizedSpec


def layer(
    context: typer.Context,
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="A torch.nn layer, such as conv1d or 'Conv1d(E, E, 3)'.")
    ],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ARGUMENT]... [--NAME VALUE]...",
            help="The layer's arguments, in torch's order or by name (--kernel-size 3, --no-bias); sizes of "
            "its input by name, or as --batch, --length, --depth, --height, --width.",
        ),
    ] = None,
    shape: Annotated[
        str, typer.Option("--input", metavar="SHAPE", help="The input shape, such as 4,128,10.")
    ] = "",
    settings: SettingsOption = None,
    *,
    options: CostOptions,
) -> None:
    """Show what one layer costs: shapes, parameters, MACs, FLOPs, bytes.

    \b
    Examples:
      convcost layer conv1d 128 128 3 --padding same --length 10 --batch 4
      convcost layer linear 1280 128
    """
    [spec], sizes = read_layer(context, kind, arguments or (), shape, settings or ())
    print_cost(SizedSpec(spec, sizes), options)

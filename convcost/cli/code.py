"""`convcost code`: a design as the source of a torch module."""

from __future__ import annotations

from typing import Annotated

import typer

from convcost.analysis.code import module_code, numeric_network
from convcost.cli.designs import read_single_spec
from convcost.cli.options import SettingsOption
from convcost.cli.output import emit


def code(
    context: typer.Context,
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DESIGN [--NAME SIZE]...",
            help="A design such as '[B, C, 32, 32] -> x + Conv2d(C, C, 3, padding=1)', and all of its sizes.",
        ),
    ] = None,
    settings: SettingsOption = None,
) -> None:
    """Print a design as a PyTorch module.

    It is an nn.Sequential, or a class where the design has branches.

    \b
    Examples:
      convcost code "[1, 3, 32, 32] -> Conv2d(3, 8, 3) -> ReLU -> Flatten" > net.py
      convcost model net.py:model --input "f32[1,3,32,32]"
    """
    spec, sizes = read_single_spec(context, arguments or [], settings or [])
    emit(module_code(numeric_network(spec, sizes), spec.report(sizes)))

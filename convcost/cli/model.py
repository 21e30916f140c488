"""`convcost model`: the costs of a torch module by submodule and operator."""

from __future__ import annotations

from typing import Annotated

import typer

from convcost.cli.design_cost import ModuleTarget, print_cost
from convcost.cli.modules import read_mesh, read_target
from convcost.cli.options import (
    CostOptions,
    FormulasOption,
    MeshOptions,
    ModuleOptions,
    PartOptions,
    SettingsOption,
)
from convcost.cli.phases import check_phases


def model(
    context: typer.Context,
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TARGET [--NAME SIZE]...",
            help="A module, its class, or a function that makes it, such as net.py:Net; a model of a library "
            "or in a file, such as timm:resnet50 or net.pt2; values of sizes in its inputs.",
        ),
    ] = None,
    *,
    modules: ModuleOptions,
    formulas: FormulasOption = "",
    mesh: MeshOptions,
    parts: PartOptions,
    settings: SettingsOption = None,
    options: CostOptions,
) -> None:
    """Show what a torch module costs, by submodule and operator.

    \b
    Examples:
      convcost model net.py:Net --input "f32[1,3,224,224]" --depth 2
      convcost model timm:resnet50 --top 5
      convcost model net.py:Net --input "f32[1,T,256]" --T 128 --backward
    """
    check_phases(modules, options.timing, options.memory)
    target = read_target(context, arguments or (), settings or (), modules)
    ranks = read_mesh(mesh, options.memory)
    print_cost(ModuleTarget(target, formulas, modules.seconds, ranks), options, parts)

"""`convcost cost`: one design, a spec or a torch module, in full."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import typer

from convcost.cli.design_cost import ModuleTarget, print_cost
from convcost.cli.designs import read_specs
from convcost.cli.hints import is_target, shorten_design
from convcost.cli.modules import read_mesh, read_target
from convcost.cli.options import (
    CostOptions,
    FormulasOption,
    MemoryOptions,
    MeshOptions,
    ModuleOptions,
    PartOptions,
    SettingsOption,
)
from convcost.cli.parser_errors import option_names
from convcost.cli.phases import check_phases
from convcost.cli.places import dotted_error
from convcost.cli.sizes import missing_design_error, split_tokens
from convcost.core.errors import UsageError
from convcost.design import SizedSpec
from convcost.layers import find_layer


def cost(
    context: typer.Context,
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DESIGN [--NAME SIZE]...",
            help="A design such as '[B, E, L] -> 2 x Conv1d(E, E, 3)', a torch module such as net.py:Net, or "
            "a model such as timm:resnet50 or net.pt2, and sizes.",
        ),
    ] = None,
    settings: SettingsOption = None,
    *,
    parts: PartOptions,
    options: CostOptions,
    modules: ModuleOptions,
    formulas: FormulasOption = "",
    mesh: MeshOptions,
) -> None:
    """Show what one design costs, by layer, with counters, memory and time.

    \b
    Examples:
      convcost cost "[B, 64, 32, 32] -> 3 x Conv2d(64, 64, 3, padding=1)"
      convcost cost "2 x Linear(E, E)" --backward --columns output,flops,share
      convcost cost net.py:Net --input "f32[1,3,224,224]" --device h100,a100
    """
    check_phases(modules, options.timing, options.memory)
    target_options = ModuleTargetOptions(modules, formulas, mesh)
    design = _read_design(context, arguments or [], settings or [], target_options, options.memory)
    print_cost(design, options, parts)


class ModuleTargetOptions(NamedTuple):
    """Options that are only for torch modules."""

    modules: ModuleOptions
    formulas: str
    mesh: MeshOptions


def _read_design(
    context: typer.Context,
    tokens: list[str],
    settings: list[str],
    given: ModuleTargetOptions,
    memory: MemoryOptions,
) -> SizedSpec | ModuleTarget:
    """The design: a torch module by its place, or else a spec."""
    texts, options = split_tokens(tokens, option_names(context), takes_numbers=True)
    if not texts:
        raise missing_design_error(context, options, "a design is missing", DESIGN_HINT)
    if is_target(texts[0]) or dotted_error(texts[0]):
        target = read_target(context, tokens, settings, given.modules)
        return ModuleTarget(target, given.formulas, given.modules.seconds, read_mesh(given.mesh, memory))
    _check_is_one_text(texts)
    _check_options(texts[0], given)
    specs, sizes = read_specs(context, tokens, settings)
    if len(specs) > 1:
        hint = "convcost compare takes several."
        raise UsageError(f"cost takes one design, not {len(specs)}", hint=hint)
    return SizedSpec(specs[0], sizes)


DESIGN_HINT = "Write one, such as '[B, E] -> Linear(E, 4E)', or name a torch module: net.py:Net."


def _check_is_one_text(texts: list[str]) -> None:
    """UsageError for a layer's kind followed by its arguments."""
    first, *others = texts
    if others and find_layer(first):
        hint = f"Write '{first}({', '.join(others)})', or convcost layer {' '.join(texts)}."
        raise UsageError(f"a design is one text, not {len(texts)}", hint=hint)


def _check_options(text: str, given: ModuleTargetOptions) -> None:
    """UsageError for options that are only for torch modules: a spec states its own input."""
    modules = given.modules
    if modules.inputs:
        shape = modules.inputs[0]
        hint = f"Write the shape in front: '[{_sizes(shape)}] -> {shorten_design(text)}'"
        has_input = text.lstrip().startswith("[") and "->" in text
        raise UsageError(
            "--input is for torch modules; a design states its input",
            hint=f"It has one: {shorten_design(text)}" if has_input else hint,
        )
    others = {
        "--inputs-from": modules.inputs_from,
        "--arg": modules.module_arguments,
        "--train": modules.train,
        "--phase": modules.phase,
        "--context": modules.context_length,
        "--timeout": modules.timeout,
        "--formulas": given.formulas,
        "--mesh": given.mesh.mesh,
        "--parallelize": given.mesh.parallelize,
    }
    if first := next((name for name, value in others.items() if value), ""):
        raise UsageError(f"{first} is for torch modules, such as net.py:Net", hint="Leave it out.")


def _sizes(shape: str) -> str:
    """The sizes in an input, which may be written as for a module or a layer: f32[4, 8] or 4,8."""
    inner = shape.partition("[")[2] if "[" in shape else shape
    return inner.strip(" []()").replace("x", ",")[:40]

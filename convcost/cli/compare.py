"""`convcost compare`: two designs or more, side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from convcost import api
from convcost.cli.options import (
    CountersOption,
    CountOption,
    DtypeOption,
    FormatOption,
    JsonOption,
    MemoryOption,
    Sizes,
    StrictOption,
    TapsOption,
)
from convcost.cli.output import guarded
from convcost.cli.present import Wishes, present
from convcost.cli.requests import of_designs
from convcost.quantities import convention
from convcost.report import Comparison


@guarded
def compare(
    context: typer.Context,
    specs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SPEC]... [--NAME SIZE]...",
            help="Designs such as 'Linear(10E, E)' or 'conv = [B*S, E, L] -> 2 x Conv1d(E, E, 3)', and "
            "sizes.",
        ),
    ] = None,
    settings: Sizes = None,
    count: CountOption = "matmul",
    taps: TapsOption = "full",
    dtype: DtypeOption = "float32",
    counters: CountersOption = "all",
    max_memory: MemoryOption = "1GiB",
    strict: StrictOption = False,
    layers: Annotated[bool, typer.Option("--layers", help="Show each design layer by layer too.")] = False,
    output_format: FormatOption = "table",
    json: JsonOption = False,
) -> None:
    """Compare designs: parameters, MACs, FLOPs, outputs and their ratios, exactly.

    Without a SPEC: a dense layer on merged positions against two convolutions over them.
    Sizes are given by name: convcost compare --E 128 --L 10.
    """
    designs, sizes = of_designs(context, specs or (), settings or ())
    result = api.comparison(designs, sizes, convention(count, taps), dtype)
    wishes = Wishes(counters, max_memory, strict, output_format, json, layers)
    present(result.candidates, lambda: tuple(design.network(sizes) for design in designs), Comparison, wishes)

"""`convcost compare`: two designs or more, side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from convcost import api
from convcost.cli.candidates import of_candidates
from convcost.cli.options import (
    ArgumentsOption,
    CountersOption,
    CountOption,
    DtypeOption,
    FormatOption,
    InputsOption,
    JsonOption,
    MakerOption,
    MemoryOption,
    Sizes,
    StrictOption,
    TapsOption,
    TrainOption,
)
from convcost.cli.output import guarded
from convcost.cli.present import Wishes, present
from convcost.cli.targets import Models
from convcost.formats import check_format
from convcost.quantities import convention
from convcost.report import Comparison
from convcost.units import parse_bytes


@guarded
def compare(
    context: typer.Context,
    specs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SPEC]... [--NAME SIZE]...",
            help="Designs such as 'Linear(10E, E)' or 'conv = [B*S, E, L] -> 2 x Conv1d(E, E, 3)', torch "
            "modules such as net.py:Net, and sizes.",
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
    inputs: InputsOption = None,
    inputs_from: MakerOption = "",
    arg: ArgumentsOption = None,
    train: TrainOption = False,
    output_format: FormatOption = "table",
    json: JsonOption = False,
) -> None:
    """Compare designs: parameters, MACs, FLOPs, outputs and their ratios, exactly.

    Without a SPEC: a dense layer on merged positions against two convolutions over them.
    Sizes are given by name: convcost compare --E 128 --L 10. Torch modules stand beside designs:
    convcost compare a.py:Net "Linear(10, 10)" --input "f32[1,10]"
    """
    check_format("json" if json else output_format)
    wanted = convention(count, taps)
    models = Models(tuple(inputs or ()), inputs_from, tuple(arg or ()), train)
    memory = parse_bytes(max_memory)
    candidates = of_candidates(context, specs or (), settings or (), models, memory)
    result = api.comparison(candidates.stated, candidates.sizes, wanted, dtype)
    wishes = Wishes(counters, max_memory, strict, output_format, json, layers)
    present(result.candidates, candidates.subjects, Comparison, wishes)

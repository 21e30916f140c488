"""`convcost compare`: two designs or more, side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from convcost import api
from convcost.cli.candidates import of_candidates
from convcost.cli.crosscheck import OutputOptions, present
from convcost.cli.estimates import Times, estimate_options
from convcost.cli.modules import ModuleOptions, time_limit
from convcost.cli.options import (
    ArgumentsOption,
    BackwardOption,
    CompileOption,
    CountersOption,
    CountOption,
    DeviceOption,
    FootprintOption,
    FormatOption,
    InputsOption,
    JsonOption,
    MakerOption,
    MemoryOption,
    OnOption,
    OptimizerOption,
    OwnDtypeOption,
    Sizes,
    StrictOption,
    TapsOption,
    ThreadsOption,
    TimeOption,
    TimeoutOption,
    TrainOption,
)
from convcost.cli.output import handle_errors
from convcost.core.cost import convention
from convcost.core.report import Comparison
from convcost.core.units import parse_bytes
from convcost.render import check_format


@handle_errors
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
    dtype: OwnDtypeOption = "",
    device: DeviceOption = "",
    time: TimeOption = False,
    backward: BackwardOption = False,
    compiled: CompileOption = False,
    on: OnOption = "",
    threads: ThreadsOption = "",
    footprint: FootprintOption = False,
    optimizer: OptimizerOption = "",
    counters: CountersOption = "all",
    max_memory: MemoryOption = "1GiB",
    strict: StrictOption = False,
    layers: Annotated[bool, typer.Option("--layers", help="Show each design layer by layer too.")] = False,
    inputs: InputsOption = None,
    inputs_from: MakerOption = "",
    arg: ArgumentsOption = None,
    train: TrainOption = False,
    timeout: TimeoutOption = "",
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
    times = Times(time, backward, compiled, on, threads).checked()
    asked = estimate_options(times, device, dtype, footprint, optimizer)
    models = ModuleOptions(tuple(inputs or ()), inputs_from, tuple(arg or ()), train, time_limit(timeout))
    memory, of_designs = parse_bytes(max_memory), dtype or "float32"
    candidates = of_candidates(
        context, specs or (), settings or (), models, memory, footprint=asked.footprint
    )
    result = api.comparison(candidates.stated, candidates.sizes, wanted, of_designs)
    wishes = OutputOptions(counters, max_memory, strict, output_format, json, layers)
    again = (candidates.again(design, wanted, of_designs) for design in candidates.designs)
    reports = asked.added(result.candidates, again, candidates.subjects)
    present(reports, candidates.subjects, Comparison, wishes)

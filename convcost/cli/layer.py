"""`convcost layer`: one layer, in full."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from convcost.cli.crosscheck import OutputOptions, present
from convcost.cli.designs import of_layer
from convcost.cli.estimates import Times, estimate_options
from convcost.cli.options import (
    BackwardOption,
    CompileOption,
    CountersOption,
    CountOption,
    DeviceOption,
    DtypeOption,
    FootprintOption,
    FormatOption,
    JsonOption,
    MemoryOption,
    OnOption,
    OptimizerOption,
    Sizes,
    StrictOption,
    TapsOption,
    ThreadsOption,
    TimeOption,
)
from convcost.cli.output import handle_errors
from convcost.core.cost import Size, convention
from convcost.core.report import Report
from convcost.layers.network import Network


@handle_errors
def layer(
    context: typer.Context,
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="A torch.nn layer, such as conv1d or 'Conv1d(E, E, 3)'.")
    ],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ARGUMENT]... [--NAME VALUE]...",
            help="Its arguments, in torch's order or by name (--kernel-size 3, --no-bias); the usual input's "
            "--batch, --length, --depth, --height, --width; sizes by name.",
        ),
    ] = None,
    shape: Annotated[
        str, typer.Option("--input", metavar="SHAPE", help="The input's shape, such as 4,128,10.")
    ] = "",
    settings: Sizes = None,
    count: CountOption = "matmul",
    taps: TapsOption = "full",
    dtype: DtypeOption = "float32",
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
    output_format: FormatOption = "table",
    json: JsonOption = False,
) -> None:
    """Show one layer in full: shapes, parameters, MACs, FLOPs, bytes, intensity.

    For example: convcost layer conv1d 128 128 3 --padding same --length 10 --batch 4
    """
    [design], sizes = of_layer(context, kind, arguments or (), shape, settings or ())
    wanted = convention(count, taps)
    times = Times(time, backward, compiled, on, threads).checked()
    asked = estimate_options(times, device, dtype, footprint, optimizer)
    wishes = OutputOptions(counters, max_memory, strict, output_format, json)

    def report(more: Mapping[str, Size]) -> Report:
        return design.report({**sizes, **more}, wanted, dtype)

    def networks() -> tuple[Network]:
        return (design.network(sizes),)

    reports = asked.added((report({}),), (report,), networks)
    present(reports, networks, lambda reports: reports[0], wishes)

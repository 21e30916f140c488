"""`convcost layer`: one layer, in full."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from convcost.cli.crosscheck import print_with_verdicts
from convcost.cli.estimates import read_estimator
from convcost.cli.layer_arguments import read_layer
from convcost.cli.options import (
    ConventionOptions,
    CounterOptions,
    DeviceOption,
    DtypeOption,
    MemoryOptions,
    OutputOptions,
    SettingsOption,
    TimingOptions,
)
from convcost.core.cost import Size
from convcost.core.report import Report
from convcost.layers.network import Network


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
    settings: SettingsOption = None,
    *,
    flops: ConventionOptions,
    dtype: DtypeOption = "float32",
    device: DeviceOption = "",
    timing: TimingOptions,
    memory: MemoryOptions,
    counters: CounterOptions,
    output: OutputOptions,
) -> None:
    """Show one layer in full: shapes, parameters, MACs, FLOPs, bytes, intensity.

    For example: convcost layer conv1d 128 128 3 --padding same --length 10 --batch 4
    """
    [spec], sizes = read_layer(context, kind, arguments or (), shape, settings or ())
    convention = flops.convention
    timing.check()
    estimator = read_estimator(timing, memory, device, dtype)
    format_name = output.format_for(Report)

    def report(more: Mapping[str, Size]) -> Report:
        return spec.report({**sizes, **more}, convention, dtype)

    def networks() -> tuple[Network]:
        return (spec.network(sizes),)

    reports = estimator.add((report({}),), (report,), networks)
    print_with_verdicts(reports, networks, lambda reports: reports[0], counters, format_name)

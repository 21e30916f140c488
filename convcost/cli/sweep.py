"""`convcost sweep`: the best designs over a grid of sizes."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer

from convcost.cli.designs import read_sources, run_sources
from convcost.cli.estimates import catalogue_devices
from convcost.cli.options import (
    ConventionOptions,
    DesignDtypeOption,
    MaxMemoryOption,
    OpenSizeModuleOptions,
    OutputOptions,
    PlotOptions,
    SettingsOption,
)
from convcost.cli.output import emit, print_error, print_result, show_progress
from convcost.cli.parser_errors import option_names
from convcost.cli.plots import read_plots
from convcost.cli.sizes import missing_design_error, split_tokens
from convcost.cli.variants import read_variants
from convcost.core.errors import UsageError
from convcost.core.sweep import Sweep
from convcost.core.units import parse_bytes, parse_count
from convcost.render.sweep import why_nothing
from convcost.search.engines.choice import AUTO
from convcost.search.grid import parse_axis
from convcost.search.sweep import split_names, sweep_designs
from convcost.search.sweep_request import DEFAULT_TOP, MOST_ROWS, SweepRequest


def sweep(
    context: typer.Context,
    specs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DESIGN... [--NAME SIZE]...",
            help="Specs, torch modules such as net.py:Net, and sizes. With several designs, ratios are to "
            "the first.",
        ),
    ] = None,
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over",
            metavar="NAME=VALUES",
            help="The values of a size: C=64:1024:64 (the stop is included), K=1,3,5, P=2^5..2^10, or "
            "formulas in other sizes, M=2C,4C.",
        ),
    ] = None,
    over_arg: Annotated[
        list[str] | None,
        typer.Option(
            "--over-arg",
            metavar="NAME=VALUES",
            help="The values of an argument of a module's class or function: width=64:512:64 or "
            "activation=relu,gelu. The module is built and counted with each combination.",
        ),
    ] = None,
    where: Annotated[
        str,
        typer.Option(
            "--where",
            metavar="CONDITION",
            help="Keep only designs that meet it: 'flops <= 1G and (params < 2M or C >= 64)'. With "
            "several designs, it may also use ratio.",
        ),
    ] = "",
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="NAME[:max]",
            help="Sort by a quantity, a size or ratio, smallest first, or with :max largest first.",
        ),
    ] = "",
    top: Annotated[str, typer.Option("--top", metavar="N", help="Keep the first N designs.")] = str(
        DEFAULT_TOP
    ),
    pareto: Annotated[
        str,
        typer.Option(
            "--pareto",
            metavar="NAME[:max],...",
            help="Keep only the Pareto front in these quantities or sizes: flops,C:max.",
        ),
    ] = "",
    columns: Annotated[
        str,
        typer.Option(
            "--columns",
            metavar="NAMES",
            help="The quantities to show and write, such as flops,bytes,arithmetic_intensity (default: "
            "flops, params, and those in other options).",
        ),
    ] = "",
    device: Annotated[
        str,
        typer.Option(
            "--device",
            metavar="NAMES",
            help="Add the roofline lower bound on a device as seconds: --where 'seconds <= 2ms'. With "
            "several, such as h100,a100, they are called seconds_h100_sxm and so on.",
        ),
    ] = "",
    out: Annotated[
        str,
        typer.Option(
            "--out",
            metavar="FILE",
            help="Write every design that meets --where, with its spec: .parquet, .arrow, .csv or .jsonl.",
        ),
    ] = "",
    engine: Annotated[
        str,
        typer.Option(
            "--engine",
            metavar="auto|numpy|duckdb|spark",
            help="The engine that evaluates the grid; auto: duckdb, if installed, for 262,144 points or "
            "more, else numpy.",
        ),
    ] = AUTO,
    master: Annotated[
        str,
        typer.Option(
            "--master",
            metavar="URL",
            help="The Spark master, for --engine spark: spark://host:7077 (default: local[*], this machine).",
        ),
    ] = "",
    settings: SettingsOption = None,
    *,
    modules: OpenSizeModuleOptions,
    jobs: Annotated[
        str,
        typer.Option(
            "--jobs", metavar="N", help="Processes for --over-arg (default: one for each processor)."
        ),
    ] = "",
    max_memory: MaxMemoryOption = "1GiB",
    flops: ConventionOptions,
    dtype: DesignDtypeOption = "",
    plots: PlotOptions,
    output: OutputOptions,
) -> None:
    """Evaluate designs over a grid of sizes; show the best, or the Pareto front.

    Every combination is counted exactly. Impossible ones are left out and counted by reason. For a torch
    module, --over varies sizes of its inputs, and --over-arg arguments of its constructor. The exit code is 1
    if no design is left.

    \b
    Examples:
      convcost sweep "Conv1d(C, C, K)" --over C=64:512:64 --over K=3,5 --L 10
      convcost sweep "Conv1d(C, C, K)" --over C=64:512 --over K=1,3 --L 10 \\
        --device h100 --where "flops <= 1G and seconds < 20us" --by params:max
      convcost sweep net.py:Net --input "f32[B,3,H,H]" --over H=64:512:32
      convcost sweep net.py:Net --input "f32[1,3,64,64]" --over-arg width=16:64:16
    """
    format_name = output.format_for(Sweep)
    pictures = read_plots(plots, format_name)
    tokens = list(specs or ())
    texts, options = split_tokens(tokens, option_names(context))
    if not texts:
        hint = "Give one or more; ratios are to the first."
        raise missing_design_error(context, options, "a design is missing", hint)
    axes = tuple(map(parse_axis, over or ()))
    swept = tuple(axis.name for axis in axes)
    memory = parse_bytes(max_memory)
    sources, variants = read_sources(context, tokens, settings or (), modules), None
    if over_arg:
        sources, variants = read_variants(sources, over_arg, jobs, modules, memory)
    elif jobs:
        raise UsageError("--jobs needs --over-arg", hint="A grid of sizes is evaluated by formulas.")
    candidates = run_sources(sources, memory, modules.seconds, vary=swept)
    request = SweepRequest(
        candidates.designs,
        axes,
        where,
        by,
        parse_count(top, "--top", least=1, most=MOST_ROWS),
        split_names(pareto),
        Path(out) if out else None,
        flops.convention,
        dtype,
        catalogue_devices(device),
        split_names(columns),
        engine,
        master,
        variants,
    )
    result = sweep_designs(request, candidates.sizes, _show_progress)
    charts = pictures.draw(result) if result.rows else ""
    print_result(result, format_name)
    emit(charts)
    if not result.rows:
        print_error(why_nothing(result))
        raise typer.Exit(1)


PROGRESS_AFTER = 1.0
"""Seconds before progress is shown."""


def _show_progress(parts: Iterator[Any], number: int, points: int) -> Iterator[Any]:
    """Yield the parts of the work, and show how many points of the grid are done."""
    share = Fraction(points, max(number, 1))
    return show_progress(parts, points, lambda _: "points of the grid", share, PROGRESS_AFTER)

"""`convcost compare`: two designs or more, side by side."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from convcost import api
from convcost.cli.crosscheck import print_with_verdicts
from convcost.cli.designs import USUAL_PAIR, read_candidates
from convcost.cli.estimates import read_estimator
from convcost.cli.options import (
    ConventionOptions,
    CounterOptions,
    DeviceOption,
    MemoryOptions,
    MetricPlotOptions,
    ModuleOptions,
    OutputOptions,
    SettingsOption,
    TimingOptions,
)
from convcost.cli.output import check_backward
from convcost.cli.plots import read_plots
from convcost.core.comparison import Comparison
from convcost.core.errors import UsageError
from convcost.core.units import parse_count
from convcost.spec.founding_pair import FoundingPair


def compare(
    context: typer.Context,
    specs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SPEC|@FILE]... [--NAME SIZE]...",
            help="Designs such as 'Linear(10E, E)' or 'conv = [B*S, E, L] -> 2 x Conv1d(E, E, 3)', torch "
            "modules such as net.py:Net, files with one design per line, and sizes.",
        ),
    ] = None,
    settings: SettingsOption = None,
    *,
    flops: ConventionOptions,
    dtype: Annotated[
        str,
        typer.Option(
            "--dtype", help="The dtype of bytes, such as bf16 (default: float32; a module's own dtypes)."
        ),
    ] = "",
    device: DeviceOption = "",
    timing: TimingOptions,
    memory: MemoryOptions,
    counters: CounterOptions,
    layers: Annotated[bool, typer.Option("--layers", help="Also show each design layer by layer.")] = False,
    no_bias: Annotated[bool, typer.Option("--no-bias", help="Without a SPEC: no biases.")] = False,
    convolutions: Annotated[
        str,
        typer.Option(
            "--convs",
            metavar="N",
            help="Without a SPEC: N convolutions (default: 2); --layers N does the same.",
        ),
    ] = "",
    modules: ModuleOptions,
    plots: MetricPlotOptions,
    output: OutputOptions,
) -> None:
    """Compare designs: parameters, MACs, FLOPs, outputs and their ratios, exactly.

    Without a SPEC, a dense layer on merged positions is compared with two convolutions over them; --K 5,
    --no-bias and --convs 3 vary this pair. Sizes are given by name:
    convcost compare --E 128 --L 10

    Torch modules may be compared with designs. Each may state its own inputs and arguments, with named
    inputs in brackets; --input and --arg are for modules that state none:
    convcost compare "f32[1,10] -> a.py:Net(width=2)" "(ids=i64[1,9], mask=f32[1,9]) -> b.py:Net"

    --plot saves a picture: with one size left open the cost along it, with the break-even points, such as
    convcost compare --E 128 --plot-metric activations --plot curve.svg

    A file has one design or definition per line, comments after #, and continuation lines indented:
    convcost compare @designs.txt "Linear(10E, E)"
    """
    format_name = output.format_for(Comparison)
    convention = flops.convention
    timing.check()
    pictures = read_plots(plots, format_name)
    estimator = read_estimator(timing, memory, device, dtype)
    pair = FoundingPair(not no_bias, _number_of_convolutions(convolutions))
    candidates = read_candidates(
        context,
        specs or (),
        settings or (),
        modules,
        counters.max_bytes,
        pair=pair,
        memory_dtype=estimator.memory_dtype,
        backward=timing.backward,
    )
    spec_dtype = dtype or "float32"
    comparison = api.comparison(candidates.designs, candidates.sizes, convention, spec_dtype, timing.backward)
    factories = candidates.report_factories(convention, spec_dtype, timing.backward)
    reports = estimator.add(comparison.candidates, factories, candidates.countables)
    if timing.backward:
        check_backward(*reports)
    make_result = partial(Comparison, notes=candidates.notes)
    charts = pictures.draw(make_result(reports))
    print_with_verdicts(
        reports, candidates.countables, make_result, counters, format_name, charts, layers=layers
    )


def _number_of_convolutions(text: str) -> int:
    """The number of `--convs`, 2 where it is not given."""
    number = parse_count(text, "--convs") if text else USUAL_PAIR.layers
    if number < 1:
        raise UsageError(f"--convs is {number}; at least 1 is needed")
    return number

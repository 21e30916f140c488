"""`convcost compare`: two designs or more, side by side."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from convcost.cli.counted_designs import ComparisonOptions, count_designs
from convcost.cli.crosscheck import print_with_verdicts
from convcost.cli.designs import USUAL_PAIR
from convcost.cli.options import MetricPlotOptions, OutputOptions, SettingsOption
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
    options: ComparisonOptions,
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
    pictures = read_plots(plots, format_name)
    pair = FoundingPair(not no_bias, _number_of_convolutions(convolutions))
    candidates, reports = count_designs(context, specs or (), settings or (), options, pair)
    make_result, counters = partial(Comparison, notes=candidates.notes), options.counters
    charts = pictures.draw(make_result(reports))
    print_with_verdicts(
        reports, candidates.countables, make_result, counters, format_name, charts, layers=layers
    )


def _number_of_convolutions(text: str) -> int:
    """The number of `--convs`, 2 where it is not given."""
    number = parse_count(text, "--convs") if text else USUAL_PAIR.layers
    if number < 1:
        raise UsageError(f"--convs is {number}; it must be at least 1")
    return number

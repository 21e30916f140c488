"""`convcost compare`: two or more designs side by side."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from convcost.cli.counted_designs import ComparisonOptions, count_designs
from convcost.cli.crosscheck import print_with_verdicts
from convcost.cli.designs import DEFAULT_PAIR
from convcost.cli.options import MetricPlotOptions, OutputOptions, SettingsOption
from convcost.cli.plots import read_plots
from convcost.core.comparison import Comparison
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
            help="Without a SPEC: N convolutions (default: 2); with a number, --layers does the same.",
        ),
    ] = "",
    plots: MetricPlotOptions,
    output: OutputOptions,
) -> None:
    """Compare designs: costs, ratios and break-even points.

    A design is a line of text, a torch module, or a model such as timm:resnet50. Without one, a dense layer
    is compared with two convolutions; --K 5, --no-bias and --convs 3 vary this pair. @FILE reads designs from
    a file, one per line. A module may state its own inputs and arguments; --input and --arg are for modules
    that state none.

    \b
    Examples:
      convcost compare --E 128 --L 10
      convcost compare "Linear(10E, E)" "2 x Conv1d(E, E, 3, padding=1)" --E 128
      convcost compare @designs.txt "f32[1,10] -> net.py:Net(width=2)"
      convcost compare --E 128 --plot curve.svg
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
    """The number of convolutions: of `--convs`, or 2."""
    return parse_count(text, "--convs", least=1) if text else DEFAULT_PAIR.layers

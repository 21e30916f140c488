"""`convcost match`: the size for which a design costs as much as another one, or a budget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

import typer

from convcost.cli.designs import read_candidates
from convcost.cli.options import (
    ConventionOptions,
    DtypeOption,
    MaxMemoryOption,
    OpenSizeModuleOptions,
    OutputOptions,
    PlotOptions,
    SettingsOption,
)
from convcost.cli.output import emit, print_error, print_result
from convcost.cli.parser_errors import option_names
from convcost.cli.plots import read_plots
from convcost.cli.sizes import missing_design_error, split_tokens
from convcost.core.cost import Size
from convcost.core.errors import UsageError
from convcost.core.match import Match
from convcost.core.units import parse_bytes, parse_count
from convcost.search.match import match_designs, parse_budget


def match(
    context: typer.Context,
    specs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TARGET] DESIGN [--NAME SIZE]...",
            help="The design to match, the design to fit, and sizes. A design is a spec or a torch module "
            "such as net.py:Net. With --budget, give only the design to fit.",
        ),
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", metavar="NAME", help="The size of DESIGN to find, or two sizes: E,K."),
    ] = None,
    metric: Annotated[
        str,
        typer.Option("--metric", metavar="flops|macs|valid_macs|params|bytes", help="The quantity to match."),
    ] = "flops",
    budget: Annotated[
        str, typer.Option("--budget", metavar="AMOUNT", help="The maximum cost, such as 2GFLOPs or 300K.")
    ] = "",
    multiple_of: Annotated[
        list[str] | None,
        typer.Option(
            "--multiple-of", metavar="N", help="Try only multiples of N; or for one of two sizes, E=8."
        ),
    ] = None,
    minimum: Annotated[
        list[str] | None,
        typer.Option("--min", metavar="N", help="The smallest value to try; or for one of two sizes, E=64."),
    ] = None,
    maximum: Annotated[
        list[str] | None,
        typer.Option(
            "--max",
            metavar="N",
            help="The largest value to try; or for one of two sizes, E=4096 (default: 1048576, or 4194304 "
            "pairs).",
        ),
    ] = None,
    settings: SettingsOption = None,
    *,
    modules: OpenSizeModuleOptions,
    max_memory: MaxMemoryOption = "1GiB",
    flops: ConventionOptions,
    dtype: DtypeOption = "",
    plots: PlotOptions,
    output: OutputOptions,
) -> None:
    """Find the size for which a design meets a budget, or costs as much as another design.

    The result is the value whose cost is closest, from below or above; a budget is never exceeded. With two
    sizes, it is the pairs that don't exceed the target, each without a closer one of the same first or the
    same second size. The closest pair above the target is also shown. Every value in the range is tried. The
    exit code is 1 if none fits.

    \b
    Examples:
      convcost match "Linear(E, E)" "Conv1d(W, W, 3)" --vary W --E 128 --L 10
      convcost match "Linear(E, 4E) -> Linear(4E, E)" --vary E --budget 2GFLOPs
      convcost match net.py:Net --input "f32[B,3,224,224]" --vary B --budget 1TFLOPs
    """
    format_name = output.format_for(Match)
    pictures = read_plots(plots, format_name)
    names = tuple(_names(vary or ()))
    candidates = read_candidates(
        context, _read_tokens(context, specs), settings or (), modules, parse_bytes(max_memory), vary=names
    )
    result = match_designs(
        candidates.designs,
        candidates.sizes,
        vary=names,
        metric=metric,
        budget=parse_budget(budget, metric) if budget else None,
        multiple_of=_limits("--multiple-of", multiple_of, names, least=1),
        minimum=_limits("--min", minimum, names),
        maximum=_limits("--max", maximum, names),
        convention=flops.convention,
        dtype=dtype,
    )
    charts = pictures.draw(result) if result.found else ""
    print_result(result, format_name)
    emit(charts)
    if not result.found:
        if format_name in ("json", "csv"):  # the others have it among their notes
            print_error(result.notes[-1])
        raise typer.Exit(1)


def _read_tokens(context: typer.Context, specs: Iterable[str] | None) -> list[str]:
    """The designs and sizes; UsageError without a design."""
    tokens = list(specs or ())
    texts, options = split_tokens(tokens, option_names(context))
    if not texts:
        hint = "Give the one to match, then the one to fit."
        raise missing_design_error(context, options, "a design is missing", hint)
    return tokens


def _names(texts: Iterable[str]) -> Iterator[str]:
    """The names in texts, where commas may separate several."""
    for text in texts:
        yield from (name.strip() for name in text.split(",") if name.strip())


def _limits(
    option: str, texts: Iterable[str] | None, names: tuple[str, ...], least: int = 0
) -> dict[str, Size]:
    """The limits of varied sizes by name; one without a name applies to sizes without their own."""
    limits: dict[str, Size] = {}
    for text in ",".join(texts or ()).split(",") if texts else ():
        name, equals, number = (part.strip() for part in text.rpartition("="))
        if equals and not (name and number):
            raise UsageError(f"{option} {text[:40]}: a part is missing", hint="Write it as E=64.")
        if name in limits:
            raise UsageError(f"{option} is given twice{f' for {name[:40]}' if name else ''}")
        limits[name] = parse_count(number, option, least)
    for_all = dict.fromkeys(names, limits.pop("")) if "" in limits else {}
    return for_all | limits

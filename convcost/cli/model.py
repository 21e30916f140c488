"""`convcost model`: what a torch module costs, by submodule and operator."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from convcost.analysis.breakdown import phases
from convcost.cli.crosscheck import refereed
from convcost.cli.estimates import Times, estimate_options
from convcost.cli.modules import ModuleOptions, formulas_at, measured, of_target, time_limit
from convcost.cli.options import (
    ArgumentsOption,
    CompileOption,
    CountOption,
    DeviceOption,
    FootprintOption,
    FormatOption,
    InputsOption,
    JsonOption,
    MakerOption,
    OnOption,
    OptimizerOption,
    Sizes,
    TapsOption,
    ThreadsOption,
    TimeOption,
    TimeoutOption,
    TrainOption,
)
from convcost.cli.output import emit, handle_errors, print_error, style
from convcost.core.cost import convention
from convcost.core.diagnosis import DiagnosedReport
from convcost.core.errors import UsageError, did_you_mean
from convcost.core.units import parse_bytes, parse_count
from convcost.counters import select_model_counters
from convcost.render import check_format, render
from convcost.render.style import View

SORTS = ("macs", "flops", "params", "activations", "path", "order")
SORTED_BY_COST = ("macs", "flops", "activations")
GROUPINGS = ("module", "operator")


@handle_errors
def model(
    context: typer.Context,
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TARGET [--NAME SIZE]...",
            help="A module, its class, or a function that makes one, such as net.py:Net or "
            "torchvision.models:resnet50; sizes for letters in its inputs.",
        ),
    ] = None,
    inputs: InputsOption = None,
    inputs_from: MakerOption = "",
    arg: ArgumentsOption = None,
    train: TrainOption = False,
    timeout: TimeoutOption = "",
    backward: Annotated[
        bool, typer.Option("--backward", help="Count the gradients by inputs and weights too.")
    ] = False,
    depth: Annotated[str, typer.Option("--depth", metavar="N", help="Show so many levels of modules.")] = "",
    sort: Annotated[
        str,
        typer.Option(
            "--sort", metavar="|".join(SORTS), help="Show the largest first, or in order of running."
        ),
    ] = "order",
    filter_by: Annotated[
        str, typer.Option("--filter", metavar="TEXT", help="Show modules with TEXT in their path or class.")
    ] = "",
    by: Annotated[
        str, typer.Option("--by", metavar="|".join(GROUPINGS), help="Show modules, or every operator.")
    ] = "module",
    formulas: Annotated[
        str,
        typer.Option("--formulas", metavar="FILE.py:NAME", help="A dict of formulas for operators by name."),
    ] = "",
    max_memory: Annotated[
        str, typer.Option("--max-memory", metavar="BYTES", help="What a run on real data may take.")
    ] = "1GiB",
    counters: Annotated[
        str,
        typer.Option("--counters", metavar="NAMES", help="Ask counters: all there are, none, or names."),
    ] = "none",
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit with 1 if an operator is not counted, or a counter differs."),
    ] = False,
    settings: Sizes = None,
    count: CountOption = "matmul",
    taps: TapsOption = "full",
    device: DeviceOption = "",
    footprint: FootprintOption = False,
    optimizer: OptimizerOption = "",
    dtype: Annotated[
        str,
        typer.Option("--dtype", help="The dtype of times and memory, such as bf16; the model's own if none."),
    ] = "",
    time: TimeOption = False,
    compiled: CompileOption = False,
    on: OnOption = "",
    threads: ThreadsOption = "",
    output_format: FormatOption = "table",
    json: JsonOption = False,
) -> None:
    """Count a torch module: parameters, MACs and FLOPs by submodule and operator, exactly.

    For example: convcost model torchvision.models:resnet50 --input "f32[1,3,224,224]"
    """
    format_name = "json" if json else output_format
    check_format(format_name)
    view = _view(depth, sort, filter_by, by)
    wanted = convention(count, taps)
    times = Times(time, backward, compiled, on, threads).checked(is_for_time_alone=False)
    memory = parse_bytes(max_memory)
    asked = select_model_counters(counters)
    besides = estimate_options(times, device, dtype, footprint, optimizer)
    models = ModuleOptions(tuple(inputs or ()), inputs_from, tuple(arg or ()), train, time_limit(timeout))
    target = of_target(context, arguments or (), settings or (), models)
    from convcost.tracing.profile import Profiler

    profiler = Profiler(backward, formulas_at(formulas) if formulas else {}, memory, besides.footprint)
    found = measured(target, profiler, models.timeout)
    [report] = besides.added((replace(found.report, convention=wanted),), (None,), lambda: (found,))
    if report.open_names and sort in SORTED_BY_COST:
        names = ", ".join(report.open_names)
        raise UsageError(f"--sort {sort} needs a number for {names}", hint="Formulas have no order.")
    result = refereed(found, report, asked, memory)
    emit(render(result, format_name, style()._replace(view=view)))
    if backward and report.trace is not None and not phases(report.trace):
        print_error("--backward adds nothing: the backward has no work to count")
    is_partial = report.trace is not None and report.trace.is_partial
    if strict and is_partial:
        print_error("the count is partial: an operator is not counted")
    differing = result.differing if isinstance(result, DiagnosedReport) else ()
    if strict and differing:
        print_error(f"differs from the exact count: {', '.join(differing)}")
    if strict and (is_partial or differing):
        raise typer.Exit(1)


def _view(depth: str, sort: str, text: str, by: str) -> View:
    for option, word, known in (("--sort", sort, SORTS), ("--by", by, GROUPINGS)):
        if word not in known:
            message = f"{option} is {' or '.join(known)}, not {word[:40]}{did_you_mean(word, known)}"
            raise UsageError(message)
    levels = parse_count(depth, "--depth") if depth else None
    if levels == 0:
        raise UsageError("--depth is 0; at least 1 is needed")
    return View(levels, "" if sort == "order" else sort, text, "operator" if by == "operator" else "module")

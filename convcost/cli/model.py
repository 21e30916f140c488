"""`convcost model`: what a torch module costs, by submodule and operator."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from convcost.analysis.breakdown import phase_costs
from convcost.cli.crosscheck import diagnose_model
from convcost.cli.estimates import read_estimator
from convcost.cli.modules import read_formulas, read_target, run_target
from convcost.cli.options import (
    ConventionOptions,
    DeviceOption,
    MemoryOptions,
    ModuleOptions,
    OutputOptions,
    SettingsOption,
    TimingOptions,
)
from convcost.cli.output import print_error, print_result
from convcost.core.diagnosis import DiagnosedReport
from convcost.core.errors import UsageError, did_you_mean
from convcost.core.metrics import BY_NAME, METRICS
from convcost.core.report import Report
from convcost.core.units import parse_bytes, parse_count
from convcost.counters import select_model_counters
from convcost.render.style import View

SORTS = (*(metric.name for metric in METRICS if metric.is_additive), "path", "order")
GROUPINGS = ("module", "operator")


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
    *,
    modules: ModuleOptions,
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
        str, typer.Option("--max-memory", metavar="BYTES", help="Memory limit for a run on real data.")
    ] = "1GiB",
    counters: Annotated[
        str,
        typer.Option("--counters", metavar="NAMES", help="Ask counters: all there are, none, or names."),
    ] = "none",
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit with 1 if an operator is not counted, or a counter differs."),
    ] = False,
    settings: SettingsOption = None,
    flops: ConventionOptions,
    device: DeviceOption = "",
    memory: MemoryOptions,
    dtype: Annotated[
        str,
        typer.Option("--dtype", help="The dtype of times and memory, such as bf16; the model's own if none."),
    ] = "",
    timing: TimingOptions,
    output: OutputOptions,
) -> None:
    """Count a torch module: parameters, MACs and FLOPs by submodule and operator, exactly.

    For example: convcost model torchvision.models:resnet50 --input "f32[1,3,224,224]"
    """
    format_name = output.format_for(Report)
    view = _view(depth, sort, filter_by, by)
    convention = flops.convention
    timing.check(backward_needs_time=False)
    max_bytes = parse_bytes(max_memory)
    chosen = select_model_counters(counters)
    estimator = read_estimator(timing, memory, device, dtype)
    seconds = modules.seconds
    target = read_target(context, arguments or (), settings or (), modules)
    from convcost.tracing.profile import Profiler

    own_formulas = read_formulas(formulas) if formulas else {}
    profiled = run_target(
        target, Profiler(backward, own_formulas, max_bytes, estimator.memory_dtype), seconds
    )
    [report] = estimator.add((replace(profiled.report, convention=convention),), (None,), lambda: (profiled,))
    if sort in BY_NAME and not isinstance(getattr(report, sort), int):
        names = ", ".join(report.open_names)
        raise UsageError(f"--sort {sort} needs a number for {names}", hint="Formulas have no order.")
    result = diagnose_model(profiled, report, chosen, max_bytes)
    print_result(result, format_name, view=view)
    if backward and report.trace is not None and not phase_costs(report.trace):
        print_error("--backward adds nothing: the backward has no work to count")
    if strict:
        _exit_if_wrong(report, result)


def _exit_if_wrong(report: Report, result: Report | DiagnosedReport) -> None:
    """Exit with 1, with a message, if an operator is not counted or a counter differs."""
    is_partial = report.trace is not None and report.trace.is_partial
    if is_partial:
        print_error("the count is partial: an operator is not counted")
    differing = result.differing if isinstance(result, DiagnosedReport) else ()
    if differing:
        print_error(f"differs from the exact count: {', '.join(differing)}")
    if is_partial or differing:
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

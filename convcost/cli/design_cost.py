"""Prints one design with the requested estimates and verdicts, for `cost`, `layer` and `model`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from convcost.cli.crosscheck import Countables, diagnose_model, exit_if_wrong, print_with_verdicts
from convcost.cli.estimates import Estimator, read_estimator
from convcost.cli.modules import read_formulas, run_target
from convcost.cli.options import CostOptions, PartOptions
from convcost.cli.output import check_backward, emit, print_result
from convcost.cli.plots import PlotRequest, read_plots
from convcost.cli.view import BY_LAYER, BY_MODULE, check_order, read_view
from convcost.core.cost import Size
from convcost.core.report import Report
from convcost.counters import select_model_counters
from convcost.design import SizedSpec
from convcost.render.style import View
from convcost.spec import check_names
from convcost.tracing.target.target import MeshTarget, Target

if TYPE_CHECKING:
    from convcost.tracing.target.profile import ProfiledModel

DEFAULT_PARTS = PartOptions()


class ModuleTarget(NamedTuple):
    """A torch module's place, its formulas for operators, its time limit in seconds, and its mesh."""

    target: Target
    formulas: str
    seconds: float
    mesh: MeshTarget | None = None


def print_cost(
    design: SizedSpec | ModuleTarget, options: CostOptions, parts: PartOptions = DEFAULT_PARTS
) -> None:
    """Print the costs of the design; with --strict, exit with 1 if a counter differs or the count is partial.

    Raises UsageError for options that don't apply, before anything runs.
    """
    format_name = options.output.format_for(Report)
    is_spec = isinstance(design, SizedSpec)
    view = read_view(parts, BY_LAYER if is_spec else BY_MODULE, options.timing.backward)
    options.timing.check()
    pictures = read_plots(options.plots, format_name)
    estimator = read_estimator(options.timing, options.memory, options.devices, options.dtype)
    if isinstance(design, SizedSpec):
        _print_spec(design, options, estimator, pictures, view, format_name)
    else:
        _print_module(design, options, estimator, pictures, view, format_name)


def _print_spec(
    design: SizedSpec,
    options: CostOptions,
    estimator: Estimator,
    pictures: PlotRequest,
    view: View,
    format_name: str,
) -> None:
    spec, sizes = design
    check_names(sizes, (spec,))
    convention, dtype = options.flops.convention, options.dtype or "float32"

    def report(more: Mapping[str, Size]) -> Report:
        return spec.report({**sizes, **more}, convention, dtype, backward=options.timing.backward)

    def networks() -> Countables:
        return (spec.network(sizes),)

    reports = estimator.add((report({}),), (report,), networks)
    check_order(reports[0], view)
    charts = pictures.draw(reports[0])
    if options.timing.backward:
        check_backward(*reports)
    print_with_verdicts(
        reports, networks, lambda found: found[0], options.crosscheck, format_name, charts, view=view
    )


def _print_module(
    design: ModuleTarget,
    options: CostOptions,
    estimator: Estimator,
    pictures: PlotRequest,
    view: View,
    format_name: str,
) -> None:
    counters = select_model_counters(options.crosscheck.counters or "none")
    max_bytes = options.crosscheck.max_bytes
    profiled = _profile(design, options, estimator)
    found = replace(profiled.report, convention=options.flops.convention)
    [report] = estimator.add((found,), (None,), lambda: (profiled,))
    check_order(report, view)
    charts = pictures.draw(report)
    result = diagnose_model(profiled, report, counters, max_bytes)
    print_result(result, format_name, view=view)
    emit(charts)
    if options.timing.backward:
        check_backward(report)
    if options.crosscheck.strict:
        exit_if_wrong(result)


def _profile(design: ModuleTarget, options: CostOptions, estimator: Estimator) -> ProfiledModel:
    from convcost.tracing.profile import Profiler

    formulas = read_formulas(design.formulas) if design.formulas else {}
    max_bytes = options.crosscheck.max_bytes
    profiler = Profiler(options.timing.backward, formulas, max_bytes, estimator.memory_dtype)
    return run_target(design.target, profiler, design.seconds, design.mesh)

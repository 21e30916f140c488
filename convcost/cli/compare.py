"""`convcost compare`: two designs or more, side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from convcost import api
from convcost.cli.crosscheck import print_with_verdicts
from convcost.cli.designs import read_candidates
from convcost.cli.estimates import read_estimator
from convcost.cli.options import (
    ConventionOptions,
    CounterOptions,
    DeviceOption,
    MemoryOptions,
    ModuleOptions,
    OutputOptions,
    SettingsOption,
    TimingOptions,
)
from convcost.core.report import Comparison


def compare(
    context: typer.Context,
    specs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SPEC]... [--NAME SIZE]...",
            help="Designs such as 'Linear(10E, E)' or 'conv = [B*S, E, L] -> 2 x Conv1d(E, E, 3)', torch "
            "modules such as net.py:Net, and sizes.",
        ),
    ] = None,
    settings: SettingsOption = None,
    *,
    flops: ConventionOptions,
    dtype: Annotated[
        str,
        typer.Option(
            "--dtype", help="The dtype of bytes, such as bf16; if none, float32, and a module's own dtypes."
        ),
    ] = "",
    device: DeviceOption = "",
    timing: TimingOptions,
    memory: MemoryOptions,
    counters: CounterOptions,
    layers: Annotated[bool, typer.Option("--layers", help="Show each design layer by layer too.")] = False,
    modules: ModuleOptions,
    output: OutputOptions,
) -> None:
    """Compare designs: parameters, MACs, FLOPs, outputs and their ratios, exactly.

    Without a SPEC: a dense layer on merged positions against two convolutions over them.
    Sizes are given by name: convcost compare --E 128 --L 10. Torch modules stand beside designs:
    convcost compare a.py:Net "Linear(10, 10)" --input "f32[1,10]"
    """
    format_name = output.format_for(Comparison)
    convention = flops.convention
    timing.check()
    estimator = read_estimator(timing, memory, device, dtype)
    candidates = read_candidates(
        context, specs or (), settings or (), modules, counters.max_bytes, memory_dtype=estimator.memory_dtype
    )
    spec_dtype = dtype or "float32"
    comparison = api.comparison(candidates.designs, candidates.sizes, convention, spec_dtype)
    factories = candidates.report_factories(convention, spec_dtype)
    reports = estimator.add(comparison.candidates, factories, candidates.countables)
    print_with_verdicts(reports, candidates.countables, Comparison, counters, format_name, layers=layers)

"""`convcost verify`: checks the formulas against torch and the counters on generated layers."""

from __future__ import annotations

from typing import Annotated

import typer

from convcost.cli.options import OutputOptions
from convcost.cli.output import print_result, show_progress
from convcost.core.units import parse_count

MOST_CASES = 1_000_000


def verify(
    cases: Annotated[
        str, typer.Option("--cases", metavar="N", help="The number of cases for each argument of a layer.")
    ] = "6",
    seed: Annotated[
        str, typer.Option("--seed", metavar="S", help="Random seed; the same seed gives the same cases.")
    ] = "0",
    kinds: Annotated[
        str,
        typer.Option("--kinds", metavar="NAMES", help="all, or layers and families, such as conv1d,pooling."),
    ] = "all",
    counters: Annotated[
        str,
        typer.Option(
            "--counters",
            metavar="NAMES",
            help="all, none, or comma-separated names.",
        ),
    ] = "fvcore,flop_counter_mode,torch_profiler",
    *,
    output: OutputOptions,
) -> None:
    """Check every formula against torch and the counters on generated layers.

    The exit code is 1 if there is an unknown disagreement. Run it after upgrading torch.
    """
    format_name = output.format_for()
    from convcost.verify.run import (
        VerificationPlan,
        collect_result,
        family_of,
        run_checks,
        select_installed_counters,
        select_kinds,
    )

    number = parse_count(cases, "--cases", least=1, most=MOST_CASES)
    plan = VerificationPlan(
        select_kinds(kinds), select_installed_counters(counters), number, parse_count(seed, "--seed")
    )
    total = sum(map(plan.number_of_cases, plan.kinds))
    result = collect_result(
        plan, show_progress(run_checks(plan), total, lambda found: family_of(found[0].kind))
    )
    print_result(result, format_name)
    if not result.agrees:
        raise typer.Exit(1)

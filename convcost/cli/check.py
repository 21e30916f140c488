"""`convcost check`: checks costs against a configuration."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from convcost.cli import github_actions
from convcost.cli.options import ConfigOption, OutputOptions, TimeoutOption
from convcost.cli.output import emit, print_error, stdout_to_stderr, style
from convcost.cli.page_file import page_path, write_page
from convcost.core.errors import UsageError
from convcost.core.units import parse_seconds
from convcost.gate.config import Config, read_config
from convcost.gate.config_file import ConfigError
from convcost.gate.result import GateResult
from convcost.gate.run import run_gate
from convcost.gate.starter import write_starter
from convcost.render import render
from convcost.system.files import check_is_writable, display_path, write_text


def check(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Entries to check (default: all).")
    ] = None,
    config: ConfigOption = "",
    update: Annotated[
        bool, typer.Option("--update", help="Write the current costs to convcost.lock as baselines.")
    ] = False,
    init: Annotated[
        bool, typer.Option("--init", help="Write a convcost.toml that explains every key.")
    ] = False,
    growth_only: Annotated[
        bool | None,
        typer.Option(
            "--growth-only/--any-change",
            help="Fail only if a total exceeds its baseline, or on any change (default: as configured).",
        ),
    ] = None,
    specs_only: Annotated[bool, typer.Option("--specs-only", help="Skip entries that run a model.")] = False,
    timeout: TimeoutOption = "",
    junit: Annotated[
        str, typer.Option("--junit", metavar="FILE", help="Also write a JUnit XML report to FILE.")
    ] = "",
    report: Annotated[
        str,
        typer.Option("--report", metavar="FILE", help="Also write a self-contained HTML page, FILE.html."),
    ] = "",
    *,
    output: OutputOptions,
) -> None:
    """Check costs against limits, formulas, counters and baselines.

    Entries are read from [tool.convcost] in pyproject.toml, or from convcost.toml. The exit code is 1 if an
    entry fails, and 2 if none fails but one could not be counted. Models are executed: check only
    configurations that you trust. In GitHub Actions, the result is added to the job summary, and failed
    entries are annotated.

    \b
    Examples:
      convcost check --init
      convcost check
      convcost check --update
    """
    format_name = output.format_for(GateResult)
    if init:
        if names or update or junit or report:
            raise UsageError("--init only writes a file", hint="Give it alone, or with --config FILE.")
        emit(f"{display_path(write_starter(config))} was written. Run convcost check to use it.\n")
        return
    try:
        with stdout_to_stderr():
            configuration = _read_configuration(config, growth_only, timeout)
            check_is_writable(Path(junit or os.devnull), configuration.input_files)
            page = page_path(report, configuration.input_files) if report else None
            result = run_gate(configuration, names or (), update, specs_only)
    except ConfigError as error:
        github_actions.annotate_problems(error)
        raise
    text = render(result, format_name, style())
    if junit:
        _write_junit(result, junit)
    if page:
        write_page(page, result, context)
    emit(text)
    github_actions.report(result)
    if result.problems:
        print_error(str(ConfigError(result.problems)))
    if not result.passed:
        raise typer.Exit(1 if result.failed else 2)


def _read_configuration(file: str, growth_only: bool | None, timeout: str) -> Config:
    """Read the configuration, with options applied to all entries."""
    overrides = {
        **({} if growth_only is None else {"growth_only": growth_only}),
        **({"timeout": parse_seconds(timeout, "--timeout")} if timeout else {}),
    }
    return read_config(file).with_values(**overrides)


def _write_junit(result: GateResult, file: str) -> None:
    from convcost.render.gate.ci import junit_xml  # Python's XML modules import its HTTP client

    write_text(Path(file), junit_xml(result), result.config.input_files)

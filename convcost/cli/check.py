"""`convcost check`: what a configuration asks of costs, and whether it is so."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from convcost.cli import actions
from convcost.cli.aside import aside
from convcost.cli.options import FormatOption, JsonOption
from convcost.cli.output import emit, guarded, style
from convcost.formats import check_format, render
from convcost.gate.config import config_at
from convcost.gate.run import checked
from convcost.gate.source import ConfigError
from convcost.gate.verdict import Checked


@guarded
def check(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Entries to check; all if none is named.")
    ] = None,
    config: Annotated[
        str,
        typer.Option("--config", metavar="FILE", help="The configuration, if not the nearest one upwards."),
    ] = "",
    update: Annotated[
        bool, typer.Option("--update", help="Make today's costs the baselines, in convcost.lock.")
    ] = False,
    junit: Annotated[
        str, typer.Option("--junit", metavar="FILE", help="Write JUnit's XML to FILE too.")
    ] = "",
    output_format: FormatOption = "table",
    json: JsonOption = False,
) -> None:
    """Check costs against limits, formulas, counters and baselines.

    Entries are in [tool.convcost] of pyproject.toml, or in a convcost.toml. The exit code is 1 if one fails.
    In GitHub Actions the summary gets the result too, and the lines of what failed are annotated.
    """
    format_name = "json" if json else output_format
    check_format(format_name)
    try:
        with aside():
            result = checked(config_at(config), names or (), update)
    except ConfigError as error:
        actions.annotate_problems(error)
        raise
    text = render(result, format_name, style())
    if junit:
        _write_junit(result, junit)
    emit(text)
    actions.report(result)
    if not result.passed:
        raise typer.Exit(1)


def _write_junit(result: Checked, file: str) -> None:
    from convcost.formats.gate.junit import junit
    from convcost.gate.locked import written

    written(Path(file), junit(result))

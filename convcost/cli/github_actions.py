"""What `check` shows in GitHub Actions: the summary of the job, and annotations on stderr."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from convcost.cli.output import print_error
from convcost.core.errors import UsageError
from convcost.core.escapes import escape_to_ascii
from convcost.gate.config_file import ConfigError
from convcost.render import render
from convcost.render.style import Style, as_ascii
from convcost.system.files import append_text

if TYPE_CHECKING:
    from convcost.gate.result import GateResult


def report(gate_result: GateResult) -> None:
    """The result in the job's summary, and what failed as annotations, if this runs in GitHub Actions."""
    if not _runs_here():
        return
    from convcost.render.gate.ci import failure_annotations, problem_annotations

    problems = ConfigError(gate_result.problems)
    _print_annotations(problem_annotations(problems, lambda file: _from_checkout(Path(file))))
    _print_annotations(failure_annotations(gate_result, _from_checkout(gate_result.config.source.path)))
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        text = f"### convcost check\n\n{render(gate_result, 'markdown', Style())}"
        _append_summary(Path(summary), text, gate_result.config.input_files)


def annotate_problems(error: ConfigError) -> None:
    """The places that are wrong as annotations, if this runs in GitHub Actions."""
    if _runs_here():
        from convcost.render.gate.ci import problem_annotations

        _print_annotations(problem_annotations(error, lambda file: _from_checkout(Path(file))))


def _runs_here() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true"


def _from_checkout(path: Path) -> str:
    """The path as GitHub has it: from the top of the repository."""
    top, whole = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()), path.resolve()
    return whole.relative_to(top.resolve()).as_posix() if whole.is_relative_to(top.resolve()) else str(path)


def _print_annotations(lines: Iterable[str]) -> None:
    with suppress(OSError, ValueError):
        for line in lines:
            typer.echo(escape_to_ascii(as_ascii(line)), err=True)


def _append_summary(path: Path, text: str, inputs: Iterable[Path]) -> None:
    """Say so if it can't be written: the check itself does not fail for that."""
    try:
        append_text(path, text, inputs)
    except UsageError as error:
        print_error(f"the job summary is not written: {error}")

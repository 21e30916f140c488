"""The output of `check` in GitHub Actions: the job summary, and annotations on stderr."""

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
    """Add the result to the job summary and annotate failures, if this runs in GitHub Actions."""
    if not _is_github_actions():
        return
    from convcost.render.gate.ci import failure_annotations, problem_annotations

    problems = ConfigError(gate_result.problems)
    _print_annotations(problem_annotations(problems, lambda file: _from_checkout(Path(file))))
    _print_annotations(failure_annotations(gate_result, _from_checkout(gate_result.config.source.path)))
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        text = f"### convcost check\n\n{render(gate_result, 'markdown', Style())}"
        _append_summary(Path(summary), text, gate_result.config.input_files)


def annotate_problems(error: ConfigError) -> None:
    """Annotate the problems of a configuration, if this runs in GitHub Actions."""
    if _is_github_actions():
        from convcost.render.gate.ci import problem_annotations

        _print_annotations(problem_annotations(error, lambda file: _from_checkout(Path(file))))


def _is_github_actions() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true"


def _from_checkout(path: Path) -> str:
    """The path relative to the repository's root, as GitHub expects it."""
    root = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()).resolve()
    absolute = path.resolve()
    return absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else str(path)


def _print_annotations(lines: Iterable[str]) -> None:
    with suppress(OSError, ValueError):
        for line in lines:
            typer.echo(escape_to_ascii(as_ascii(line)), err=True)


def _append_summary(path: Path, text: str, inputs: Iterable[Path]) -> None:
    """Append to the job summary; an error is printed but does not fail the check."""
    try:
        append_text(path, text, inputs)
    except UsageError as error:
        print_error(f"the job summary was not written: {error}")

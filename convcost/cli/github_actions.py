"""Where GitHub Actions looks: its summary of the job, and annotations among what goes to stderr."""

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
from convcost.render.style import Style
from convcost.system.files import append_text

if TYPE_CHECKING:
    from convcost.gate.result import GateResult


def report(gate_result: GateResult) -> None:
    """The result in the job's summary, and what failed as annotations, if this runs in GitHub Actions."""
    if not _is_here():
        return
    from convcost.render.gate.ci import failure_annotations, problem_annotations

    problems = ConfigError(gate_result.problems)
    _say(problem_annotations(problems, lambda file: _from_checkout(Path(file))))
    _say(failure_annotations(gate_result, _from_checkout(gate_result.config.source.path)))
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        text = f"### convcost check\n\n{render(gate_result, 'markdown', Style())}"
        _append(Path(summary), text, gate_result.config.inputs)


def annotate_problems(error: ConfigError) -> None:
    """The places that are wrong as annotations, if this runs in GitHub Actions."""
    if _is_here():
        from convcost.render.gate.ci import problem_annotations

        _say(problem_annotations(error, lambda file: _from_checkout(Path(file))))


def _is_here() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true"


def _from_checkout(path: Path) -> str:
    """The path as GitHub has it: from the top of the repository."""
    top, whole = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd()), path.resolve()
    return whole.relative_to(top.resolve()).as_posix() if whole.is_relative_to(top.resolve()) else str(path)


def _say(lines: Iterable[str]) -> None:
    from convcost.render.style import as_ascii

    with suppress(OSError, ValueError):
        for line in lines:
            typer.echo(escape_to_ascii(as_ascii(line)), err=True)


def _append(path: Path, text: str, inputs: Iterable[Path]) -> None:
    """What can't be written is said; the check itself is not the worse for it."""
    try:
        append_text(path, text, inputs)
    except UsageError as error:
        print_error(f"the job summary is not written: {error}")

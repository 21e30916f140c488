"""Writes the HTML page of a result, for `report` and `check --report`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from convcost.cli.commands import ARGUMENTS
from convcost.core.errors import UsageError
from convcost.system.files import check_is_writable, write_text

if TYPE_CHECKING:
    from convcost.analysis.explain.steps import Explanation
    from convcost.render.page.content import PageResult
    from convcost.render.page.page import PageOrigin

SUFFIXES = (".html", ".htm")


PAGE_HINT = "Name an .html file: report.html"


def page_path(text: str, inputs: Iterable[Path] = (), hint: str = PAGE_HINT) -> Path:
    """The path to write a page to; UsageError if that is impossible. Called before anything is counted.

    `inputs` are files that the command reads and must not overwrite.
    """
    path = Path(text)
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"a page can't be written to {text[:80]}", hint=hint)
    check_is_writable(path, inputs)
    return path


def write_page(
    path: Path, result: PageResult, context: typer.Context, explanation: Explanation | None = None
) -> None:
    """Write the page of `result` to `path`, atomically."""
    from convcost.render.page.content import report_page
    from convcost.render.page.template import page_html

    write_text(path, page_html(report_page(result, explanation), _origin(context)))


def _origin(context: typer.Context) -> PageOrigin:
    """The shell command, the versions, and the date: today, or that of SOURCE_DATE_EPOCH."""
    from convcost.render.page.page import PageOrigin
    from convcost.render.records.context import versions

    seconds = os.environ.get("SOURCE_DATE_EPOCH", "")
    made = datetime.fromtimestamp(int(seconds), UTC) if seconds.isdecimal() else datetime.now(UTC)
    command = shlex.join(("convcost", str(context.info_name), *context.meta[ARGUMENTS]))
    return PageOrigin(command, versions(), made.date().isoformat())

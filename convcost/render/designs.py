"""What a result is about: designs as they were stated, and their sizes."""

from __future__ import annotations

from convcost.core.report import Report
from convcost.render.document import Fact
from convcost.render.notes import size_text, sizes_text


def spec_text(report: Report) -> str:
    """The design as it was stated, with its input if that was inferred."""
    shown = f"[{', '.join(map(size_text, report.input))}] -> {report.spec}"
    return f"{shown} (input inferred)" if report.input_is_inferred else report.spec


def sizes_facts(reports: tuple[Report, ...]) -> tuple[Fact, ...]:
    """The fact about sizes, if there are any."""
    text = sizes_text(reports)
    return (Fact("sizes", text),) if text else ()

"""What an explanation is about, and what holds for all of it."""

from __future__ import annotations

from convcost.analysis.explain.steps import Explanation
from convcost.core.escapes import printable
from convcost.core.report import Report
from convcost.render.document import Fact
from convcost.render.notes import assumed_text, convention_note, sizes_facts, spec_text


def reports(explanation: Explanation) -> tuple[Report, ...]:
    """The reports of its designs."""
    return tuple(design.report for design in explanation.designs)


def heading(explanation: Explanation) -> tuple[tuple[str, str], ...]:
    """Each design by name."""
    return tuple((printable(report.name), printable(spec_text(report))) for report in reports(explanation))


def facts(explanation: Explanation) -> tuple[Fact, ...]:
    """The sizes."""
    return sizes_facts(reports(explanation))


def notes(explanation: Explanation) -> tuple[str, ...]:
    """The convention, and what the formulas take for granted."""
    found = reports(explanation)
    return tuple(note for note in (convention_note(found[0].convention), assumed_text(found)) if note)

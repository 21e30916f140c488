"""What an explanation is about, and what holds for all of it."""

from __future__ import annotations

from convcost.explain.steps import Explanation
from convcost.formats.layout import sizes_heading, spec_text
from convcost.formats.remarks import assumed_text, convention_note
from convcost.report import Report


def reports(explanation: Explanation) -> tuple[Report, ...]:
    """The reports of its designs."""
    return tuple(design.report for design in explanation.designs)


def heading(explanation: Explanation) -> tuple[tuple[str, str], ...]:
    """Each design by name, and the sizes."""
    found = reports(explanation)
    return (*((report.name, spec_text(report)) for report in found), *sizes_heading(found))


def notes(explanation: Explanation) -> tuple[str, ...]:
    """The convention, and what the formulas take for granted."""
    found = reports(explanation)
    return tuple(note for note in (convention_note(found[0].convention), assumed_text(found)) if note)

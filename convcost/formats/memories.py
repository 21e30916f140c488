"""Memory beside the costs, where it was asked for."""

from __future__ import annotations

from convcost.formats.document import Section
from convcost.report import Report


def memories(reports: tuple[Report, ...]) -> tuple[Section, ...]:
    """A section with the candidates' memory; none where it was not asked for."""
    if not all(report.memory for report in reports):
        return ()
    from convcost.formats.memory import memory_section

    return (memory_section(reports),)

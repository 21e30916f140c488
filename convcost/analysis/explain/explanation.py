"""The explanation of designs: each layer, each total, and how the designs compare."""

from __future__ import annotations

from convcost.analysis.explain.comparing import comparison_part
from convcost.analysis.explain.groups import Group, groups
from convcost.analysis.explain.layer import layer_part
from convcost.analysis.explain.steps import Design, Explanation, Part
from convcost.analysis.explain.total import total_part
from convcost.core.report import Comparison, Report


def explanation(reports: tuple[Report, ...], named: tuple[Report, ...]) -> Explanation:
    """How `reports` come about; `named` are the same designs with every size left open, or the same."""
    found = [groups(*pair) for pair in zip(reports, named, strict=True)]
    is_single = len(reports) == 1
    designs = tuple(
        Design(report, _parts(report, alike, "" if is_single else report.name))
        for report, alike in zip(reports, found, strict=True)
    )
    if is_single:
        return Explanation(designs)
    first, *others = found
    comparison = Comparison(reports)
    pairs = zip(reports[1:], others, strict=True)
    return Explanation(
        designs, tuple(comparison_part(comparison, other, first, alike) for other, alike in pairs)
    )


def _parts(report: Report, found: tuple[Group, ...], title: str) -> tuple[Part, ...]:
    parts = tuple(layer_part(group, report.convention, title) for group in found)
    return (*parts, total_part(report, found)) if len(found) > 1 else parts

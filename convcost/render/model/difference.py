"""What the FLOPs of two candidates differ by, part by part: where torch modules are compared."""

from __future__ import annotations

from typing import Any, NamedTuple

from convcost.analysis.breakdown import Pair, paired
from convcost.core.report import Comparison, Report
from convcost.render.document import Line, Section, Table
from convcost.render.model.modules import amount
from convcost.render.model.notes import partial_note
from convcost.render.model.selection import ITSELF

MOST_LINES = 12
"""Parts that are listed, those that make up most of the difference."""


class Contribution(NamedTuple):
    """What a part adds to the difference: FLOPs of both, None where one has no such part."""

    part: str
    first: int | None
    other: int | None

    @property
    def difference(self) -> int:
        """How many more the other has."""
        return (self.other or 0) - (self.first or 0)


def differences(comparison: Comparison) -> Section:
    """A table for each candidate whose FLOPs differ from the first one's; what is missing in which."""
    first = comparison.first
    notes = (partial_note(report.trace, report.name) for report in comparison.candidates if report.trace)
    tables = (_table(first, other, found) for other, found in _found(comparison))
    return Section(tuple(tables), tuple(note for note in notes if note))


def difference_records(comparison: Comparison) -> list[dict[str, Any]]:
    """The same as plain data, with every part."""
    return [
        {"name": other.name, "parts": [{**each._asdict(), "difference": each.difference} for each in found]}
        for other, found in _found(comparison)
    ]


def _found(comparison: Comparison) -> list[tuple[Report, list[Contribution]]]:
    """Each other candidate, and what its difference from the first is made of; nothing with sizes open."""
    if any(report.open_names for report in comparison.candidates):
        return []
    first, *others = comparison.candidates
    return [(other, _contributions(first, other)) for other in others if other.flops != first.flops]


def _contributions(first: Report, other: Report) -> list[Contribution]:
    """The largest first."""
    found = [_contribution(pair, first, other) for pair in paired(first, other)]
    return sorted((each for each in found if each.difference), key=lambda each: -abs(each.difference))


def _contribution(pair: Pair, first: Report, other: Report) -> Contribution:
    left, right = pair.costs
    return Contribution(
        _label(pair),
        left.flops(first.convention) if pair.first else None,
        right.flops(other.convention) if pair.other else None,
    )


def _label(pair: Pair) -> str:
    """`fc: Linear`; where both have it by other names, `fc, head: Linear`."""
    parts = [part for part in pair if part]
    paths = dict.fromkeys(part.path or ITSELF for part in parts)
    return f"{', '.join(paths)}: {' / '.join(dict.fromkeys(part.kind for part in parts))}"


def _table(first: Report, other: Report, found: list[Contribution]) -> Table:
    lines = [_line(each) for each in found[:MOST_LINES]]
    if more := found[MOST_LINES:]:
        lines.append(_line(_together(more)))
    lines.append(_line(Contribution("total", first.flops, other.flops)))
    heading = f"FLOPs, {other.name} − {first.name}"
    return Table((heading, first.name, other.name, "difference"), tuple(lines))


def _together(found: list[Contribution]) -> Contribution:
    first, other = sum(each.first or 0 for each in found), sum(each.other or 0 for each in found)
    return Contribution(f"{len(found)} others", first, other)


def _line(found: Contribution) -> Line:
    sign = "+" if found.difference > 0 else "−" if found.difference else ""
    shown = ("–" if value is None else amount(value) for value in (found.first, found.other))
    return Line(found.part, (*shown, f"{sign}{amount(abs(found.difference))}"))

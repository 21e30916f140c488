"""What changed from one baseline to another, in all and by layer or module."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from convcost.gate.counterparts import Placed, RowChange, row_changes
from convcost.gate.folding import natural
from convcost.gate.keys import METRICS
from convcost.gate.rows import Baseline, Figure


class Changes(NamedTuple):
    """Totals that changed, before and after, and the rows that did."""

    totals: Mapping[str, tuple[Figure, Figure]]
    rows: tuple[RowChange, ...]

    def within(self, tolerance: Fraction) -> bool:
        """Whether no total is off by more than this share of what it was."""
        return all(_is_within(before, after, tolerance) for before, after in self.totals.values())


def _is_within(before: Figure, after: Figure, tolerance: Fraction) -> bool:
    """Of a formula there is no share: another one is off."""
    if isinstance(before, str) or isinstance(after, str):
        return False
    return abs(after - before) <= tolerance * before


def changes(before: Baseline, after: Baseline) -> Changes:
    """What is not as it was."""
    totals = {metric: (before.totals[metric], after.totals[metric]) for metric in METRICS}
    return Changes(
        {metric: pair for metric, pair in totals.items() if pair[0] != pair[1]},
        tuple(row_changes(_placed(before), _placed(after))),
    )


def _placed(baseline: Baseline) -> list[Placed]:
    return [Placed(path, baseline.rows[path]) for path in sorted(baseline.rows, key=natural)]

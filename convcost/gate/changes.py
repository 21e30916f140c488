"""What changed from one baseline to another, in all and by layer or module."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

from convcost.gate.diff import Placed, RowChange, row_changes
from convcost.gate.keys import BASELINE_METRICS
from convcost.gate.row_folding import natural
from convcost.gate.rows import Baseline, Figure


class Changes(NamedTuple):
    """Totals that changed, before and after, and the rows that did."""

    totals: Mapping[str, tuple[Figure, Figure]]
    rows: tuple[RowChange, ...]

    def within(self, tolerance: Fraction, growth_only: bool = False) -> bool:
        """Whether no total is off by more than this share of what it was, or none has grown by more."""
        return all(_is_within(*pair, tolerance, growth_only) for pair in self.totals.values())


def _is_within(before: Figure, after: Figure, tolerance: Fraction, growth_only: bool) -> bool:
    """Of a formula there is no share: another one is off, as it may be more for some sizes."""
    if isinstance(before, str) or isinstance(after, str):
        return False
    change = after - before
    return (change if growth_only else abs(change)) <= tolerance * before


def changes(before: Baseline, after: Baseline) -> Changes:
    """What is not as it was."""
    totals = {metric: (before.totals[metric], after.totals[metric]) for metric in BASELINE_METRICS}
    return Changes(
        {metric: pair for metric, pair in totals.items() if pair[0] != pair[1]},
        tuple(row_changes(_placed(before), _placed(after))),
    )


def _placed(baseline: Baseline) -> list[Placed]:
    return [Placed(path, baseline.rows[path]) for path in sorted(baseline.rows, key=natural)]

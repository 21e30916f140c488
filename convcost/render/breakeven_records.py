"""Break-even points as plain data: what JSON writes."""

from __future__ import annotations

from typing import Any

from convcost.core.report import Comparison, Report
from convcost.render.breakeven import METRICS, found_break_even, is_open
from convcost.render.formulas import data


def break_even_records(comparison: Comparison, other: Report) -> dict[str, Any]:
    """The break-even points by metric; nothing where every size is bound."""
    if not is_open(comparison):
        return {}
    return {"break_even": {metric: _record(comparison, other, metric) for metric in METRICS}}


def _record(comparison: Comparison, other: Report, metric: str) -> dict[str, Any]:
    from convcost.symbolic.text import program

    found = found_break_even(comparison, other, metric)
    cheaper = {-1: other.name, 0: None, 1: comparison.first.name}
    return {
        "size": found.size or None,
        "crossings": [data(crossing) for crossing in found.crossings],
        "about": [float(crossing) for crossing in found.crossings],
        "cheaper": [cheaper[sign] for sign in found.signs],
        "condition": found.condition(program) or None,
        "equal_where": found.equality(program) or None,
        "exact": found.exact,
    }

"""Two designs with sizes left open: the ratio as a formula, and where the cheaper one changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcost import formulas
from convcost.errors import UsageError
from convcost.formats.numbers import data, is_number, shown, simplified
from convcost.report import Comparison, Report

if TYPE_CHECKING:
    from convcost.symbols.breakeven import BreakEven

METRICS = {"flops": "FLOPs", "params": "parameters", "activations": "activations"}
"""What break-even points are found for."""


def is_open(comparison: Comparison) -> bool:
    """Whether a candidate's costs are formulas."""
    return any(report.open_names for report in comparison.candidates)


def open_verdicts(comparison: Comparison, other: Report) -> list[str]:
    """For each metric, the ratio of `other` to the first and who has fewer where; where inputs are alike."""
    verdicts = [f"{label}: {_verdict(comparison, other, metric)}" for metric, label in METRICS.items()]
    return [*verdicts, *_where_inputs_agree(comparison, other)]


def _verdict(comparison: Comparison, other: Report, metric: str) -> str:
    ratio = simplified(comparison.ratio(metric, other))
    quotient = f"{other.name} ÷ {comparison.first.name} = {shown(ratio) if ratio is not None else '–'}"
    if ratio is not None and is_number(ratio):
        names = dict.fromkeys((*comparison.first.open_names, *other.open_names))
        return f"{other.name} ÷ {comparison.first.name} = {ratio}, whatever {', '.join(names)}."
    found = _break_even(comparison, other, metric)
    return f"{quotient}; {_order(found, comparison.first.name, other.name)}."


def _order(found: BreakEven, first: str, other: str) -> str:
    names = {-1: f"{other} has fewer", 1: f"{first} has fewer", 0: "both have as many"}
    if condition := found.condition():
        return f"{other} has fewer where {condition}"
    if not found.crossings:
        return f"{names[found.signs[0]]} always"
    points = [_point(crossing) for crossing in found.crossings]
    parts = [f"{names[found.signs[0]]} below {found.size} = {points[0]}"]
    for place, sign in enumerate(found.signs[1:-1]):
        parts.append(f"{names[sign]} {_stretch(found, place)}")
    return ", ".join([*parts, f"{names[found.signs[-1]]} {'above' if found.exact else 'from'} {points[-1]}"])


def _stretch(found: BreakEven, place: int) -> str:
    """From one crossing to the next: between two roots, or over whole numbers."""
    start, end = found.crossings[place : place + 2]
    if found.exact:
        return f"between {_point(start)} and {_point(end)}"
    return f"at {start}" if end == start + 1 else f"from {start} to {end - 1}"


def _point(crossing: Any) -> str:
    if is_number(crossing) or crossing.is_Rational:
        return str(crossing)
    return f"{shown(crossing)} (about {float(crossing):.6g})"


def _where_inputs_agree(comparison: Comparison, other: Report) -> list[str]:
    """At which size both inputs have as many elements, and the ratio of FLOPs there."""
    from convcost.symbols.breakeven import break_even, ratio_at

    first = comparison.first
    found = break_even(formulas.elements(first.input), formulas.elements(other.input))
    ratio = simplified(comparison.ratio("flops", other))
    if not (found.exact and len(found.crossings) == 1) or ratio is None:
        return []
    if not _is_possible(first, found) or not _is_possible(other, found):
        return []
    there = ratio_at(ratio, found.size, found.crossings[0])
    place = f"{found.size} = {_point(found.crossings[0])}"
    return [f"At {place}, where both inputs are of one size, the ratio of FLOPs is {shown(there)}."]


def _is_possible(report: Report, found: BreakEven) -> bool:
    """Whether the crossing is a size that the report's assumptions allow."""
    crossing = found.crossings[0]
    if not isinstance(crossing, int):
        return False
    try:
        report.subs(**{found.size: crossing} if found.size in report.open_names else {})
    except UsageError:
        return False
    return True


def _break_even(comparison: Comparison, other: Report, metric: str) -> BreakEven:
    from convcost.symbols.breakeven import break_even

    found = break_even(getattr(comparison.first, metric), getattr(other, metric))
    return found.from_least((*comparison.first.assumptions, *other.assumptions))


def break_even_record(comparison: Comparison, other: Report) -> dict[str, Any]:
    """The break-even points as data; nothing where every size is bound."""
    if not is_open(comparison):
        return {}
    return {"break_even": {metric: _record(comparison, other, metric) for metric in METRICS}}


def _record(comparison: Comparison, other: Report, metric: str) -> dict[str, Any]:
    from convcost.symbols.text import program

    found = _break_even(comparison, other, metric)
    cheaper = {-1: other.name, 0: None, 1: comparison.first.name}
    return {
        "size": found.size or None,
        "crossings": [data(crossing) for crossing in found.crossings],
        "cheaper": [cheaper[sign] for sign in found.signs],
        "condition": found.condition(program) or None,
        "exact": found.exact,
    }

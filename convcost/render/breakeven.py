"""Two designs with open sizes: the ratio as a formula, and where the cheaper one changes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from convcost.core import units
from convcost.core.breakeven import BreakEven
from convcost.core.comparison import Comparison, quotient_name
from convcost.core.errors import join_words
from convcost.core.metrics import BY_NAME
from convcost.core.report import Report
from convcost.render.formulas import TOO_LONG, is_number, relation_text, short_text, simplify
from convcost.render.texts import MathText, MixedText

LARGEST_PLAIN_DENOMINATOR = 9
"""A fraction with a larger denominator is followed by its decimal value."""


def open_verdicts(comparison: Comparison, other: Report) -> list[str]:
    """For each metric, the ratio to the first candidate and where each has fewer; also equal inputs."""
    labels: dict[str, list[str]] = {}
    for metric, found in comparison.break_evens(other).items():
        labels.setdefault(_verdict(comparison, other, metric, found), []).append(_label(metric))
    verdicts = [MixedText(f"{join_words(metrics)}: ", verdict) for verdict, metrics in labels.items()]
    return [*verdicts, *_equal_inputs(comparison, other)]


def _label(metric: str) -> str:
    """The label of a metric; activations are no activation memory."""
    return BY_NAME[metric].label + (" (outputs of contractions)" if metric == "activations" else "")


def _verdict(comparison: Comparison, other: Report, metric: str, found: BreakEven) -> str:
    first, values = comparison.first, [getattr(each, metric) for each in (comparison.first, other)]
    ratio = simplify(comparison.ratio(metric, other))
    if ratio is None:
        amount = short_text(values[1]) if values[1] != 0 else "neither"
        return MixedText(f"{first.name} has none, {other.name} ", amount, ".")
    quotient = quotient_name(other.name, first.name)
    if is_number(ratio):
        names = map(MathText, dict.fromkeys((*first.open_names, *other.open_names)))
        return MixedText(
            f"{quotient} = ", _exact_text(ratio), " for all ", MixedText.joined(", ", names), "."
        )
    order = _order_text(found, first.name, other.name)
    text = short_text(ratio)
    about_ratio = () if text == TOO_LONG else (f"{quotient} = ", text, "; ")
    return MixedText(*about_ratio, order, ".")


def _order_text(found: BreakEven, first: str, other: str) -> str:
    names = {-1: f"{other} has fewer", 1: f"{first} has fewer", 0: "both have as many"}
    if found.condition:
        return MixedText(f"{other} has fewer where ", relation_text(found.condition.text))
    if found.equality:
        return MixedText(
            f"{names[found.signs[0]]}, or both as many where ", relation_text(found.equality.text)
        )
    if not found.crossings:
        always = {-1: f"{other} always has fewer", 1: f"{first} always has fewer", 0: "both are always equal"}
        return always[found.signs[0]]
    stretches = (
        MixedText(f"{names[sign]} ", _range_text(found, place)) for place, sign in enumerate(found.signs)
    )
    return MixedText.joined(", ", stretches)


def _range_text(found: BreakEven, place: int) -> str:
    """Below the first crossing, between two, or above the last; crossings are roots or whole numbers."""
    if place == len(found.crossings):
        return "above" if found.exact else f"from {found.crossings[-1]:,} on"
    end = found.crossings[place]
    if place == 0:
        below = "at" if found.exact and found.signs[0] == 0 else "below"
        return MixedText(f"{below} ", crossing_text(found.size, end))
    start = found.crossings[place - 1]
    if found.exact:
        return MixedText("from there to ", crossing_text(found.size, end))
    return f"at {start:,}" if end == start + 1 else f"from {start:,} to {end - 1:,}"


def crossing_text(size: str, crossing: Any) -> str:
    """L = 2, L = 553/217 ≈ 2.548, L = √553/2 ≈ 11.76, or, without a closed form, L ≈ 11.76."""
    exact = _exact_text(crossing)
    if exact == TOO_LONG:
        return MathText(f"{size} ≈ {_decimal_text(crossing)}")
    is_plain = isinstance(crossing, int | Fraction) and crossing.denominator <= LARGEST_PLAIN_DENOMINATOR
    equation = MathText.joined(" = ", (size, exact))
    return equation if is_plain else MathText.joined(" ≈ ", (equation, _decimal_text(crossing)))


def _exact_text(crossing: Any) -> str:
    from convcost.symbolic.breakeven import has_closed_form

    if is_number(crossing):
        return units.fraction(crossing)
    return short_text(crossing) if has_closed_form(crossing) else TOO_LONG


def _decimal_text(crossing: Any) -> str:
    number = float(crossing)
    return f"{number:,.1f}" if number >= 1000 else f"{number:.6g}"


def _equal_inputs(comparison: Comparison, other: Report) -> list[str]:
    """The size at which both inputs have equally many elements, and the ratio of FLOPs there."""
    found = comparison.equal_inputs(other)
    if found is None:
        return []
    sentence = ", where both inputs have equally many elements, the ratio of FLOPs is "
    return [MixedText("At ", crossing_text(found.size, found.value), sentence, short_text(found.ratio), ".")]

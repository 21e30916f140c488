"""Several designs with open sizes: which one is the cheapest in which range of a size."""

from __future__ import annotations

from convcost.core.breakeven import LowerEnvelope, Stretch
from convcost.core.comparison import Comparison
from convcost.core.errors import join_words
from convcost.core.metrics import BY_NAME
from convcost.render.texts import MathText, MixedText

MOST_NAMED = 8
"""The most designs to list in a sentence."""


def cheapest_notes(comparison: Comparison) -> list[str]:
    """For each quantity, the cheapest design by range: Fewest FLOPs: a up to E = 199, b from 200 on."""
    names = [report.name for report in comparison.candidates]
    labels: dict[str, list[str]] = {}
    for metric, found in comparison.cheapest_by_metric().items():
        labels.setdefault(_envelope_text(found, names), []).append(BY_NAME[metric].label)
    return [MixedText(f"Fewest {join_words(metrics)}: ", text, ".") for text, metrics in labels.items()]


def _envelope_text(found: LowerEnvelope, names: list[str]) -> str:
    """a up to E = 199, a and b (equal) at 200, b from 201 on."""
    sizes = list(map(MathText, found.sizes))
    if not found.stretches:
        return MixedText("no value of ", *sizes, " fits all designs")
    first = found.stretches[0]
    if not first.is_decided and len(found.stretches) == 1:
        if len(names) > MOST_NAMED:
            return MixedText(f"{_names_text(first)}, depending on ", MixedText.joined(", ", sizes))
        others = [name for name in names if name not in first.candidates]
        verb = "have" if others[1:] else "has"
        rest = f"; {join_words(others)} never {verb} fewer" if others else ""
        return MixedText(f"{_names_text(first)}, depending on ", MixedText.joined(", ", sizes), rest)
    if len(found.sizes) != 1:
        return "all equal" if len(first.candidates) == len(names) else f"always {_names_text(first)}"
    if len(found.stretches) == 1:
        return MixedText(f"{_names_text(first)} for every ", *sizes)
    stretches = (_stretch_text(stretch, found) for stretch in found.stretches)
    return MixedText.joined(", ", stretches)


def _names_text(stretch: Stretch) -> str:
    """The designs that tie, or one of which is the cheapest."""
    if not stretch.candidates[1:]:
        return stretch.candidates[0]
    if len(stretch.candidates) > MOST_NAMED:
        return (
            f"{len(stretch.candidates)} designs (equal)"
            if stretch.is_decided
            else f"one of {len(stretch.candidates)} designs"
        )
    return (
        f"{join_words(stretch.candidates)} (equal)"
        if stretch.is_decided
        else join_words(stretch.candidates, "or")
    )


def _stretch_text(stretch: Stretch, found: LowerEnvelope) -> str:
    """A range: the first with the name of the size, a from E = 4 to 199; others with only numbers."""
    start, end, *_ = stretch
    if stretch is found.stretches[0]:
        [size] = found.sizes
        before, number = ("up to ", end) if start == 1 and end != 1 else ("from ", start)
        where = MixedText("at " if start == end else before, MathText(f"{size} = {number:,}"))
        return MixedText(
            f"{_names_text(stretch)} ", where, f" to {end:,}" if before == "from " and start != end else ""
        )
    if start == end:
        return f"{_names_text(stretch)} at {start:,}"
    return f"{_names_text(stretch)} from {start:,} {'on' if end is None else f'to {end:,}'}"

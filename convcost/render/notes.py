"""Sentences beside the numbers: what was assumed, what the convention is, what differs in kind."""

from __future__ import annotations

from convcost.core import arithmetic
from convcost.core.cost import NO_VALID_MACS, NUMBERS_NEEDED, Convention, Shape, Size, quotient
from convcost.core.report import Comparison, Report
from convcost.core.units import exact, human, ratio
from convcost.render.breakeven import is_open, open_verdicts
from convcost.render.numbers import TOO_LONG, shown

COUNTED = {
    "matmul": "2 × MACs; bias adds and elementwise work are counted apart",
    "bias": "2 × MACs + bias adds; elementwise work is counted apart",
    "all": "2 × MACs + bias adds + elementwise work",
}
TAPS = {
    "full": "taps on padding count",
    "valid": "only taps on real data count",
}


MOST_ASSUMED = 12
"""More assumptions than these are left to JSON."""

LONGEST_ASSUMED = 200

NO_COUNTERS = "The counters count numbers alone: they can be asked once every size has one."


def size_text(size: Size) -> str:
    """128, or a formula; without thousands separated, since it stands among commas."""
    return str(size) if isinstance(size, int) else shown(size, grouped=False)


def shape_text(shape: Shape) -> str:
    """(1, 128, 10)."""
    return f"({', '.join(map(size_text, shape))})"


def convention_note(convention: Convention) -> str:
    """What FLOPs means here."""
    return (
        f"FLOPs = {COUNTED[convention.count]}; {TAPS[convention.padding]} "
        f"(convention: {convention.count}, {convention.padding})."
    )


def sizes_text(reports: tuple[Report, ...]) -> str:
    """E = 128, L = 10; B = S = 1 assumed."""
    assumed = tuple(dict.fromkeys(name for report in reports for name in report.assumed))
    sizes = {name: size for report in reports for name, size in report.sizes.items() if name not in assumed}
    given = {name: size for name, size in sizes.items() if isinstance(size, int)}
    left = [name for name in sizes if name not in given]
    parts = [", ".join(f"{name} = {exact(size)}" for name, size in given.items())]
    parts += [" = ".join(assumed) + " = 1 assumed"] if assumed else []
    parts += [f"{', '.join(left)} open"] if left else []
    return "; ".join(part for part in parts if part)


def comparison_notes(comparison: Comparison) -> tuple[str, ...]:
    """What a reader has to know before taking a ratio at its word."""
    others = comparison.candidates[1:]
    notes = [_inputs(comparison)]
    for other in others:
        notes += open_verdicts(comparison, other) if is_open(comparison) else [_verdict(comparison, other)]
    reports = comparison.candidates
    notes += [assumed_text(reports), unknown_text(reports), NO_COUNTERS if is_open(comparison) else ""]
    return tuple(note for note in notes if note)


def assumed_text(reports: tuple[Report, ...]) -> str:
    """What the formulas take for granted."""
    texts = list(dict.fromkeys(found.text for report in reports for found in report.assumptions))
    shown = [text if len(text) <= LONGEST_ASSUMED else TOO_LONG for text in texts[:MOST_ASSUMED]]
    more = f"; and {len(texts) - MOST_ASSUMED} more: --json has them" if texts[MOST_ASSUMED:] else ""
    return f"Assumed: {'; '.join(shown)}{more}." if texts else ""


def unknown_text(reports: tuple[Report, ...]) -> str:
    """Why a row is left open."""
    is_known = all(report.valid_macs is not None for report in reports)
    return "" if is_known else f"{NO_VALID_MACS}. {NUMBERS_NEEDED}"


def _inputs(comparison: Comparison) -> str:
    if is_open(comparison):
        return ""
    counts = {report.name: arithmetic.elements(report.input) for report in comparison.candidates}
    if len(set(counts.values())) == 1:
        return ""
    listed = ", ".join(f"{name} {shown(count)}" for name, count in counts.items())
    return f"The inputs differ in size ({listed} elements), so the designs do not do the same work."


def _verdict(comparison: Comparison, other: Report) -> str:
    first = comparison.first
    if any((first.flops, other.flops, first.params, other.params)):
        costs = f"{costs_against(first, other)}{_amounts(first, other)} and has {_params(comparison, other)}."
    else:
        costs = f"{other.name} costs no FLOPs and has no parameters, like {first.name}."
    return " ".join(part for part in (costs, _outputs(comparison, other)) if part)


def costs_against(first: Report, other: Report) -> str:
    """conv costs 6.00× the FLOPs of dense; or, if that has none, 128 FLOPs against none of dense."""
    if not first.flops:
        return f"{other.name} costs {human(other.flops, 'FLOPs')} against none of {first.name}"
    return f"{other.name} costs {ratio(quotient(other.flops, first.flops))} the FLOPs of {first.name}"


def _amounts(first: Report, other: Report) -> str:
    """Both FLOPs, where the first has any: (1.97 MFLOPs against 327.7 KFLOPs)."""
    return f" ({human(other.flops, 'FLOPs')} against {human(first.flops, 'FLOPs')})" if first.flops else ""


def _params(comparison: Comparison, other: Report) -> str:
    """0.60× its parameters."""
    if comparison.first.params:
        return f"{ratio(comparison.ratio('params', other))} its parameters"
    return f"{exact(other.params)} parameters against none" if other.params else "no parameters either"


def _outputs(comparison: Comparison, other: Report) -> str:
    first = comparison.first
    if other.output == first.output:
        return ""
    shapes = f"{shape_text(other.output)} against {shape_text(first.output)}"
    if other.output_elements == first.output_elements:
        return f"The outputs have different shapes, {shapes}, and as many elements."
    if not (first.output_elements and other.output_elements):
        empty = first.name if other.output_elements else other.name
        return f"The outputs differ, {shapes}: that of {empty} is empty."
    elements = ratio(comparison.ratio("output_elements", other))
    each = ratio(comparison.ratio("flops_per_output_element", other))
    return (
        f"The outputs differ, {shapes}: {other.name} yields {elements} the output elements, each at {each} "
        f"the FLOPs; one can't stand in for the other without a further step."
    )

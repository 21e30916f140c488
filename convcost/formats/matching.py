"""A match laid out: the target, the sizes that come nearest to it, what is left over."""

from __future__ import annotations

from fractions import Fraction

from convcost.formats.document import Document, Line, Section, Table
from convcost.formats.remarks import convention_note
from convcost.matching import Choice, Match
from convcost.quantities import Size
from convcost.report import Report
from convcost.units import exact

LABELS = {"flops": "FLOPs", "macs": "MACs", "params": "parameters", "bytes": "bytes"}

MOST_LINES = 24


def matching(match: Match) -> Document:
    """What to read of a match."""
    beside = "flops" if match.metric == "params" else "params"
    columns = ("", *match.vary, LABELS[match.metric], "difference", "share", LABELS[beside])
    lines = (_target_line(match, beside), *(_line(choice, match, beside) for choice in _listed(match)))
    return Document(
        heading=_heading(match),
        costs=Section((Table(columns, lines),), tuple(_notes(match))),
        counters=Section((), ()),
    )


def _heading(match: Match) -> tuple[tuple[str, str], ...]:
    reference = match.reference
    stated = ((reference.name, reference.spec),) if reference else ()
    varied = "; ".join(f"{name}, {bounds}" for name, bounds in match.ranges.items())
    sizes = _sizes(match)
    return (
        *stated,
        (match.name, match.spec),
        *((("sizes", sizes),) if sizes else ()),
        ("vary", f"{varied}, in {match.name}" if reference else varied),
    )


def _sizes(match: Match) -> str:
    """E = 128, L = 10; B = S = 1 assumed."""
    reference = match.reference
    assumed = tuple(dict.fromkeys((*(reference.assumed if reference else ()), *match.assumed)))
    every = {**(reference.sizes if reference else {}), **match.sizes}
    given = ", ".join(f"{name} = {exact(size)}" for name, size in every.items() if name not in assumed)
    taken = " = ".join(assumed) + " = 1 assumed" if assumed else ""
    return "; ".join(part for part in (given, taken) if part)


def _target_line(match: Match, beside: str) -> Line:
    other = exact(getattr(match.reference, beside)) if match.reference else ""
    name = match.reference.name if match.reference else "budget"
    return Line(name, (*[""] * len(match.vary), exact(match.target), "", "", other))


def _line(choice: Choice, match: Match, beside: str) -> Line:
    sizes = (f"{size:,}" for size in choice.sizes.values())
    left = signed(choice.difference), share(choice.difference, match.target)
    other = exact(getattr(choice.report, beside))
    return Line(_label(choice, match), (*sizes, exact(choice.cost), *left, other))


def _label(choice: Choice, match: Match) -> str:
    if any(choice.sizes == best.sizes for best in match.best):
        return "closest"
    if match.choices:
        return ""
    return "next below" if choice.difference < 0 else "next above"


def _listed(match: Match) -> list[Choice]:
    """The choices to show, in order: of many pairs the nearest and others spread evenly."""
    if not match.choices:
        nearest = {best.cost for best in match.best}
        below, above = (
            [side] if side and side.cost not in nearest else [] for side in (match.below, match.above)
        )
        return sorted([*below, *match.best, *above], key=lambda choice: choice.cost)
    last = len(match.choices) - 1
    if last < MOST_LINES:
        return list(match.choices)
    places = {step * last // (MOST_LINES - 1) for step in range(MOST_LINES)}
    return [
        choice
        for place, choice in enumerate(match.choices)
        if place in places or _is_among(choice, match.best)
    ]


def _is_among(choice: Choice, others: tuple[Choice, ...]) -> bool:
    return any(choice.sizes == other.sizes for other in others)


def _notes(match: Match) -> list[str]:
    notes = [_verdict(match)] if match.found else []
    if len(match.choices) > 1 and match.complete:
        first, second = match.vary
        notes.append(f"No other pair within the target has both {first} and {second} as large or larger.")
    if len(match.choices) > MOST_LINES:
        notes.append(
            f"{len(match.choices):,} such pairs were found; {len(_listed(match))} of them are shown."
        )
    return [*notes, *match.notes, *([convention_note(match.convention)] if match.metric == "flops" else [])]


def _verdict(match: Match) -> str:
    unit = LABELS[match.metric]
    first = match.best[0]
    sizes = " or ".join(sizes_text(choice) for choice in match.best[:3]) + " or others" * (
        len(match.best) > 3
    )
    verb = "has" if match.metric == "params" else "moves" if match.metric == "bytes" else "costs"
    against = _against(match.reference)
    if first.difference == 0:
        return f"With {sizes}, {match.name} {verb} exactly {exact(first.cost)} {unit}, as {against}."
    more = "more" if first.difference > 0 else "fewer"
    off = f"{exact(abs(first.difference))} ({share(abs(first.difference), match.target).lstrip('+')})"
    if len({choice.cost for choice in match.best}) > 1:
        return f"With {sizes}, {match.name} comes as near to {against} on either side: {off} off."
    return f"With {sizes}, {match.name} {verb} {exact(first.cost)} {unit}, {off} {more} than {against}."


def _against(reference: Report | None) -> str:
    return reference.name if reference else "the budget"


def sizes_text(choice: Choice) -> str:
    """E = 48, K = 3."""
    return ", ".join(f"{name} = {size:,}" for name, size in choice.sizes.items())


def signed(difference: Size) -> str:
    """`difference` with its sign: +120, −3,200, 0."""
    return f"{'+' if difference > 0 else '−' if difference < 0 else ''}{exact(abs(difference))}"


def share(difference: Size, target: Size) -> str:
    """difference / target in percent; ~0% if it is less than a two-hundredth; a dash if target is 0."""
    if not target:
        return "–"
    percent = Fraction(100 * difference, target)
    if 0 < abs(percent) < Fraction(1, 200):
        return "~0%"
    return f"{float(percent):+,.2f}%".replace("-", "−") if percent else "0%"

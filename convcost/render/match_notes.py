"""What to say of a match: the answer in a sentence, what the pairs are, what was left out."""

from __future__ import annotations

from fractions import Fraction

from convcost.core.cost import Size
from convcost.core.match import UNITS, Choice, Match
from convcost.core.units import NONE, exact, in_full, percent, sign, signed_percent
from convcost.render.notes import convention_note

MOST_NAMED = 3
"""Sizes that a sentence names."""

VERBS = {"flops": "costs", "macs": "costs", "params": "has", "bytes": "moves"}


def match_notes(match: Match, lines: int) -> tuple[str, ...]:
    """The sentences below the table, which has `lines` of the choices."""
    notes = [_verdict(match)] if match.found else []
    if len(match.choices) > 1:
        first, second = match.vary
        notes.append(
            f"No other pair within {_target(match)} with the same {first} or the same {second} comes nearer."
        )
    if len(match.choices) > lines:
        notes.append(f"{len(match.choices):,} such pairs were found; {lines} of them are shown.")
    return (*notes, *match.notes, *([convention_note(match.convention)] if match.metric == "flops" else []))


def _verdict(match: Match) -> str:
    first = match.best[0]
    sizes = " or ".join(map(_sizes, match.best[:MOST_NAMED]))
    with_sizes = f"With {sizes}{' or others' if len(match.best) > MOST_NAMED else ''}, {match.name}"
    costs = f"{VERBS[match.metric]} {{}}{in_full(first.cost)} {UNITS[match.metric]}"
    target = match.reference.name if match.reference else "the budget"
    if not first.difference:
        return f"{with_sizes} {costs.format('exactly ')}, as {target}."
    off = _off(first.difference, match.target)
    if len({choice.cost for choice in match.best}) > 1:
        return f"{with_sizes} comes as near to {target} on either side: {off} off."
    more = "more" if first.difference > 0 else "fewer"
    return f"{with_sizes} {costs.format('')}, {off} {more} than {target}."


def _target(match: Match) -> str:
    return "the budget" if match.at_most else "the target"


def _sizes(choice: Choice) -> str:
    """E = 48, K = 3."""
    return ", ".join(f"{name} = {size:,}" for name, size in choice.sizes.items())


def _off(difference: Size, target: Size) -> str:
    """3,200 (0.98%)."""
    part = f" ({percent(Fraction(abs(difference), target))})" if target else ""
    return in_full(abs(difference)) + part


def signed(difference: Size) -> str:
    """`difference` with its sign: +120, −3,200, 0."""
    return f"{sign(difference)}{exact(abs(difference))}"


def share(difference: Size, target: Size) -> str:
    """difference / target in percent with its sign; a dash if target is 0."""
    return signed_percent(Fraction(difference, target)) if target else NONE

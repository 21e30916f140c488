"""The lines of an explanation as people read them."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise

from convcost.analysis.explain.steps import (
    DerivationLine,
    Equation,
    EquationSide,
    Factor,
    LoopNest,
    Multiple,
    Percentage,
    Sentence,
    Value,
    divided,
)
from convcost.core.escapes import printable
from convcost.core.units import percent
from convcost.render.notes import shape_text
from convcost.render.numbers import factor, in_full, is_number, times

SUMS = (" + ", " − ")
ENCLOSED = re.compile(r"⌊[^⌊⌋()]*⌋|\([^()⌊⌋]*\)")


def value_text(value: Value) -> str:
    """1,280, B·S, (1, 128, 10), 6.00×, 0.13%."""
    match value:
        case str():
            return printable(value)
        case Factor(value=value):
            return factor(value)
        case Multiple(value=value):
            return times(value)
        case Percentage(part=part, whole=whole):
            return share_text(part, whole)
        case tuple():
            return shape_text(value)
    return in_full(value)


def share_text(part: int, whole: int) -> str:
    """0.13%, or a quotient of formulas."""
    quotient = divided(part, whole)
    return percent(Fraction(quotient)) if is_number(quotient) else in_full(quotient)


def side_text(side: EquationSide) -> str:
    """The side with its values in place, in brackets where they would be read wrong."""
    if side.template == "{}":
        return value_text(*side.values)
    start, *others = side.template.split("{}")
    text = start
    for value, after in zip(side.values, others, strict=True):
        text += _bracketed(value, text, after) + after
    return text


def _bracketed(value: Value, before: str, after: str) -> str:
    """In brackets as a sum beside another sign, as a divisor that is a product, as a factor with a `/`."""
    text = value_text(value)
    outside = _outside(text)
    is_factor = before.endswith("·") or after.startswith("·")
    needed = (
        any(sign in outside for sign in SUMS)
        or (before.endswith("/ ") and "·" in text)
        or (is_factor and "/" in outside)
    )
    return f"({text})" if needed and not isinstance(value, str) else text


def _outside(text: str) -> str:
    """`text` without what is enclosed in it."""
    while (less := ENCLOSED.sub("", text)) != text:
        text = less
    return text


def sides_text(equation: Equation) -> list[str]:
    """Each side, without one that the next says too."""
    sides = list(map(side_text, equation.sides))
    kept = [side for side, after in pairwise(sides) if side != after and not after.startswith(f"{side} ")]
    return list(dict.fromkeys((*kept, sides[-1])))


def line_text(line: DerivationLine) -> str:
    """One line, or several of a nest."""
    match line:
        case Sentence():
            return line.template.format(*map(value_text, line.values))
        case Equation():
            return " = ".join((*([line.name] if line.name else []), *sides_text(line)))
        case LoopNest():
            return "\n".join(nest_lines(line))


def nest_lines(nest: LoopNest) -> list[str]:
    """A loop within the other, each with its number of turns."""
    heads = [
        f"{'  ' * depth}for {loop.name} in range({value_text(loop.named)}):"
        for depth, loop in enumerate(nest.loops)
    ]
    widest = max(map(len, heads))
    turns = [value_text(loop.extent) if loop.extent != loop.named else "" for loop in nest.loops]
    widest_turn = max(map(len, turns))
    lines = [
        f"{head:{widest}}  {turn:>{widest_turn}}".rstrip() for head, turn in zip(heads, turns, strict=True)
    ]
    return [*lines, f"{'  ' * len(nest.loops)}one multiply–accumulate"]

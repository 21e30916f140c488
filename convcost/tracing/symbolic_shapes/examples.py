"""Numbers for open sizes: to run a model on, and to look at shapes again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Examples = Mapping[str, int]
"""A number for each open size."""

TYPICAL = 224
"""As many sizes are: what holds for others alone is of little use."""

ODD = (211, 199, 197, 193, 191, 181, 179, 173, 167, 163)
ROUND = (224, 192, 160, 128, 96, 64, 320, 384, 448, 512)
SMALL_ODD = (13, 11, 7, 5, 17, 19, 23, 29, 31, 3)
SMALL_ROUND = (16, 12, 8, 24, 20, 28, 4, 32, 36, 40)

LADDER = (ODD, ROUND, SMALL_ODD, SMALL_ROUND, (TYPICAL,))
"""Odd ones first: what holds for them does not hold because they happen to be multiples."""

LOWER = tuple(n for n in range(ODD[0], 1, -1) if all(n % divisor for divisor in range(2, n)))
"""Where a bound is looked for, from above."""

HIGHER = (257, 521, 1031, 2053, 4099)

OTHERS = (
    (1,),
    (2, 3, 4, 5),
    (30, 41, 58, 77),
    (57, 102, 63, 90),
    (96, 320, 448, 672),
    (1021, 1030, 2011, 1344),
)


def ladder(names: Iterable[str]) -> list[Examples]:
    """What to try, one after the other."""
    return [_each(tuple(names), numbers) for numbers in LADDER]


def points(examples: Examples) -> list[Examples]:
    """Where to look at shapes: at other examples, and at these with one size changed."""
    changed = [
        {**examples, name: number}
        for name, example in examples.items()
        for number in (1, example + 1, 2 * example)
    ]
    return changed + [_each(tuple(examples), numbers) for numbers in LADDER + OTHERS]


def _each(names: tuple[str, ...], numbers: tuple[int, ...]) -> Examples:
    return {name: numbers[place % len(numbers)] for place, name in enumerate(names)}

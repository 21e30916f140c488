"""The sign of a formula with roundings, run by run over all whole numbers: proved, not tried."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import Any, NamedTuple, TypeAlias

from convcost.symbolic.division import BeyondError, SplitError
from convcost.symbolic.expressions import evaluate, with_unknowns
from convcost.symbolic.progression_polynomial import along

LARGEST_SOUGHT = 10**12

MOST_PIECES = 600

LONGEST_MIXED = 600
"""Where classes of numbers differ in sign over a longer stretch, they do so for good."""

Run: TypeAlias = tuple[int, int]
"""The first number of a run, and the sign that it has."""


class Piece(NamedTuple):
    """Numbers in even steps, at all of which a formula has one sign."""

    numbers: range
    sign: int


def runs_of(formula: Any, name: str) -> tuple[Run, ...] | None:
    """The runs of the sign of `formula` over 1, 2, … of its one size; None where they have no end."""
    numerator = with_unknowns(formula, lambda simple: simple.together().as_numer_denom()[0].expand())
    pieces = _pieces(numerator, name)
    if pieces is None:
        return None
    edges = {edge for piece in pieces for edge in (piece.numbers[0], piece.numbers[-1] + 1)}
    runs: list[Run] = []
    for start, stop in pairwise(sorted(edges)):
        found = _between(pieces, start, stop)
        if found is None:
            return None
        runs += found
    return tuple(next(alike) for _, alike in groupby(runs, key=lambda run: run[1]))


def _pieces(formula: Any, name: str) -> list[Piece] | None:
    """All numbers in pieces; None if they are too many, or beyond what can be proved."""
    pieces: list[Piece] = []
    waiting = [range(1, LARGEST_SOUGHT + 1)]
    while waiting:
        part = waiting.pop()
        try:
            pieces.append(Piece(part, sign_of(evaluate(formula, {name: along(part)}))))
        except SplitError as split:
            waiting += split.parts
        except BeyondError:
            return None
        if len(pieces) + len(waiting) > MOST_PIECES:
            return None
    return pieces


def sign_of(value: Any) -> int:
    """−1, 0 or 1."""
    return int(bool(value > 0)) - int(bool(value < 0))


def _between(pieces: list[Piece], start: int, stop: int) -> list[Run] | None:
    """The runs from `start` to before `stop`, where no piece begins or ends in between."""
    active = [piece for piece in pieces if piece.numbers[0] < stop and piece.numbers[-1] >= start]
    signs = {piece.sign for piece in active}
    if len(signs) == 1:
        return [(start, signs.pop())]
    if stop - start > LONGEST_MIXED:
        return None
    return list(_one_by_one(active, start, stop))


def _one_by_one(pieces: list[Piece], start: int, stop: int) -> Iterator[Run]:
    for number in range(start, stop):
        yield number, next(piece.sign for piece in pieces if number in piece.numbers)

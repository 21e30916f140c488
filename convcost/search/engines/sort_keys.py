"""Integer keys to sort rows by: the value of an objective, or the digits of a quotient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from convcost.core.sweep import Objective
from convcost.search.engines.sweep_program import SweepProgram
from convcost.search.graph.graph_arithmetic import larger, within
from convcost.search.graph.graph_conditions import choose, equal
from convcost.search.graph.graph_numbers import given_number
from convcost.search.graph.graph_results import Number, bounds_of
from convcost.search.graph.sql import LARGEST

LONGEST_DIGIT = 100
"""The most bits of a digit: Spark divides up to 10^32."""

NO_NUMBER = 2**1000
"""The key if the denominator is 0, above every other key."""


class SortKey(NamedTuple):
    """The key of a design's objective: `parts` are integers that `combine` makes into one; smaller is better.

    An integer is its only part. The parts of a quotient of `operands` are whether its denominator is 0, its
    integer part, and enough digits of `digit_bits` bits to distinguish any two quotients. They are computed
    from `inputs`, which stand for the operands, because these are large formulas.
    """

    parts: tuple[Number, ...]
    operands: tuple[Number, ...] = ()
    inputs: tuple[Number, ...] = ()
    digit_bits: int = 0
    sign: int = 1

    def combine(self, values: Sequence[Any]) -> Any:
        """The keys of rows, from an array of values for each part."""
        if not self.operands:
            return values[0]
        has_none, whole, *digits = (part.astype(object) for part in values)
        for digit in digits:
            whole = (whole << self.digit_bits) + digit
        return self.sign * whole + has_none * NO_NUMBER

    @property
    def fraction_bits(self) -> int:
        """The number of bits of the key after the binary point."""
        return self.digit_bits * (len(self.parts) - 2)


def sort_key(program: SweepProgram, design: int, objective: Objective) -> SortKey:
    """The sort key of a design's objective."""
    sign = -1 if objective.largest else 1
    if objective.name not in program.plan.every_quotient:
        return SortKey((sign * program.values(design)[objective.name],), sign=sign)
    numerator, denominator = program.quotient(design, objective.name)
    if isinstance(denominator, int):
        return SortKey((sign * numerator,), sign=sign)
    inputs = tuple(
        given_number(program.graph, f"#{side} of {objective} of design {design}", *bounds_of(operand))
        for side, operand in (("numerator", numerator), ("denominator", denominator))
    )
    return _quotient_key(inputs, sign)._replace(operands=(numerator, denominator))


def _quotient_key(inputs: tuple[Any, ...], sign: int) -> SortKey:
    """The key of a quotient: fractions of b-bit denominators are equal, or differ by at least 2^(−2b)."""
    numerator, denominator = inputs
    most = bounds_of(denominator)[1]
    bits = most.bit_length()
    digit_bits = min(LONGEST_DIGIT, max(1, (LARGEST // max(most, 1)).bit_length() - 2))
    has_none = equal(denominator, 0)
    divisor = larger(denominator, 1)
    parts = [choose(has_none, 1, 0), choose(has_none, 0, numerator // divisor)]
    rest = choose(has_none, 0, numerator % divisor)
    for _ in range(-(-2 * bits // digit_bits)):
        parts.append(within(rest * 2**digit_bits // divisor, (0, 2**digit_bits - 1)))
        rest = rest * 2**digit_bits % divisor
    return SortKey(tuple(parts), inputs=inputs, digit_bits=digit_bits, sign=sign)

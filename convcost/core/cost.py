"""The cost of a computation as separate quantities, and the convention that combines them to FLOPs."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple, TypeAlias, cast, get_args

from convcost.core.errors import UnboundSizeError, check_word

Size: TypeAlias = int
"""A size or a count. An int for the type checker; formulas accept all numbers that have `+ - * // abs`:
NumPy arrays, sympy expressions, torch SymInts."""

Shape: TypeAlias = tuple[Size, ...]

BATCH_LIKE = ("B", "S", "N")
"""Sizes that default to 1 if all others have a value."""


def example_size(name: str) -> int:
    """A possible value of a size, for messages: kernels, for which K stands, are small."""
    return 3 if name.upper().startswith("K") else 128


def example_values(name: str) -> str:
    """Values of a size as a sweep takes them, for messages."""
    return "1,3,5" if name.upper().startswith("K") else "64:1024:64"


FLOPS_PER_MAC = 2

COMPLEX_MACS = 4
"""Real MACs per complex MAC: (a + bi)(c + di) takes four products, and four sums including accumulation.

Elementwise work and bias adds on complex numbers count 1 per element, as for real ones: torch runs them as
one operation, and no published convention splits them.
"""

NO_VALID_MACS = "the formula for MACs on real data is too long while these sizes are open"
NUMBERS_NEEDED = "Give kernel sizes, strides and dilations a value."

Count = Literal["matmul", "bias", "all"]
Padding = Literal["full", "valid"]


def quotient(numerator: Size | Fraction, denominator: Size | Fraction) -> Fraction:
    """numerator / denominator, exact; a formula if one of them is a formula."""
    if isinstance(numerator, int | Fraction) and isinstance(denominator, int | Fraction):
        return Fraction(numerator) / Fraction(denominator)
    return numerator / denominator if numerator != 0 else Fraction(0)


def ratio_of(numerator: Size | Fraction | None, denominator: Size | Fraction | None) -> Fraction | None:
    """numerator / denominator, exact; None if one of them is None, or the denominator is 0."""
    if numerator is None or denominator is None or denominator == 0:
        return None
    return quotient(numerator, denominator)


@dataclass(frozen=True, slots=True)
class Convention:
    """What counts as FLOPs: `matmul` is 2 × MACs, `bias` includes bias adds, `all` also elementwise work.

    `padding="valid"` counts only MACs on real data; `"full"` includes MACs on padding.
    """

    count: Count = "matmul"
    padding: Padding = "full"

    def __post_init__(self) -> None:
        """Raise UsageError for an unknown name."""
        check_word("count", str(self.count), get_args(Count))
        check_word("padding", str(self.padding), get_args(Padding))


MATMUL = Convention()


def convention(count: str, taps: str) -> Convention:
    """The convention of the given names; UsageError for an unknown one."""
    check_word("taps", taps, get_args(Padding))
    return Convention(cast(Count, count), cast(Padding, taps))


@dataclass(frozen=True, slots=True)
class Cost:
    """MACs, MACs on real data, bias adds, and elementwise operations.

    `valid_macs` is None if its formula in open sizes would be too long.
    """

    macs: Size = 0
    valid_macs: Size | None = 0
    bias_adds: Size = 0
    elementwise: Size = 0

    def __add__(self, other: Cost) -> Cost:
        first, second = self.valid_macs, other.valid_macs
        return Cost(
            self.macs + other.macs,
            None if first is None or second is None else first + second,
            self.bias_adds + other.bias_adds,
            self.elementwise + other.elementwise,
        )

    def flops(self, convention: Convention = MATMUL) -> Size:
        """Floating-point operations under `convention`; UnboundSizeError if they have no formula."""
        macs = self.valid_macs if convention.padding == "valid" else self.macs
        if macs is None:
            raise UnboundSizeError(NO_VALID_MACS, hint=NUMBERS_NEEDED)
        bias_adds = self.bias_adds if convention.count != "matmul" else 0
        elementwise = self.elementwise if convention.count == "all" else 0
        return FLOPS_PER_MAC * macs + bias_adds + elementwise


class Gradients(NamedTuple):
    """The cost of a layer's backward pass: gradients by its input, and by its parameters.

    All elementwise work is in `by_input`, as one kernel computes both gradients.
    """

    by_input: Cost = Cost()
    by_weight: Cost = Cost()

    @property
    def total(self) -> Cost:
        """The cost of both."""
        return self.by_input + self.by_weight

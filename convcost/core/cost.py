"""What a computation costs, in quantities that are never mixed, and the convention that mixes them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from convcost.core.errors import UnboundSizeError, UsageError, did_you_mean

Size: TypeAlias = int
"""A number of things. A Python int to the type checker; the formulas take every kind of
number that has `+ - * // abs`: NumPy arrays, sympy expressions, torch SymInts."""

Shape: TypeAlias = tuple[Size, ...]

BATCH_LIKE = ("B", "S", "N")
"""The sizes taken as 1 once every other one is bound."""

FLOPS_PER_MAC = 2

COMPLEX_MACS = 4
"""Real MACs for each complex one: (a + bi)(c + di) takes four products, and four sums with the accumulation.

Elementwise work and bias adds on complex numbers count 1 for each element, as on real ones: torch runs them
as one operation, and no published convention splits them.
"""

NO_VALID_MACS = "MACs on real data have no formula of bearable length while these sizes are open"
NUMBERS_NEEDED = "Numbers for the kernels, strides and dilations give it."

Count = Literal["matmul", "bias", "all"]
Padding = Literal["full", "valid"]


def quotient(numerator: Size | Fraction, denominator: Size | Fraction) -> Fraction:
    """numerator / denominator, exactly; a formula if one of them is."""
    if isinstance(numerator, int | Fraction) and isinstance(denominator, int | Fraction):
        return Fraction(numerator) / Fraction(denominator)
    return numerator / denominator if numerator != 0 else Fraction(0)


def ratio_of(numerator: Size | Fraction | None, denominator: Size | Fraction | None) -> Fraction | None:
    """numerator / denominator, exactly; None where one is not known, or the denominator is 0."""
    if numerator is None or denominator is None or denominator == 0:
        return None
    return quotient(numerator, denominator)


@dataclass(frozen=True, slots=True)
class Convention:
    """What "FLOPs" means: `matmul` is 2 × MACs, `bias` adds bias adds, `all` elementwise work too.

    `padding="valid"` counts only the taps that read data, `"full"` those on padding as well.
    """

    count: Count = "matmul"
    padding: Padding = "full"


MATMUL = Convention()


def convention(count: str, padding: str) -> Convention:
    """The convention that two words name."""
    return Convention(_word("count", count, get_args(Count)), _word("taps", padding, get_args(Padding)))


def _word(what: str, word: str, known: tuple[Any, ...]) -> Any:
    if word not in known:
        message = f"{what} is {word[:40]}{did_you_mean(word, known)}"
        raise UsageError(message, hint=f"Choose from {', '.join(known)}.")
    return word


@dataclass(frozen=True, slots=True)
class Cost:
    """Multiply–accumulates (all, and those on real data), bias adds, and elementwise operations.

    `valid_macs` is None where sizes are open and there is no formula of bearable length for it.
    """

    macs: Size = 0
    valid_macs: Size | None = 0
    bias_adds: Size = 0
    elementwise: Size = 0

    def __add__(self, other: Cost) -> Cost:
        mine, others = self.valid_macs, other.valid_macs
        return Cost(
            self.macs + other.macs,
            None if mine is None or others is None else mine + others,
            self.bias_adds + other.bias_adds,
            self.elementwise + other.elementwise,
        )

    def flops(self, convention: Convention = MATMUL) -> Size:
        """Floating-point operations under `convention`; UnboundSizeError where they have no formula."""
        macs = self.valid_macs if convention.padding == "valid" else self.macs
        if macs is None:
            raise UnboundSizeError(NO_VALID_MACS, hint=NUMBERS_NEEDED)
        bias_adds = self.bias_adds if convention.count != "matmul" else 0
        elementwise = self.elementwise if convention.count == "all" else 0
        return FLOPS_PER_MAC * macs + bias_adds + elementwise


class Gradients(NamedTuple):
    """What the backward of a layer costs: its gradients by its input, and by its parameters.

    Elementwise work is all in the first, as one kernel yields the gradients by both.
    """

    by_input: Cost = Cost()
    by_weight: Cost = Cost()

    @property
    def total(self) -> Cost:
        """Both together."""
        return self.by_input + self.by_weight

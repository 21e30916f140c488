"""The steps of a derivation as data: numbers and formulas stay values, which each format writes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

from convcost.core.cost import Size, quotient
from convcost.core.late_binding import PrintMethods
from convcost.core.report import Assumption, Report
from convcost.core.row import Row

Value: TypeAlias = Any
"""A size, a fraction, a formula, a shape, a Percentage, a Factor, a Multiple, an EquationSide, or a text."""


class Percentage(NamedTuple):
    """`part` of `whole`, in per cent."""

    part: Size
    whole: Size


class Factor(NamedTuple):
    """How many times as much."""

    value: Value


class Multiple(NamedTuple):
    """How many times as much, before what there is as much of."""

    value: Value


class EquationSide(NamedTuple):
    """One side of an equation: words and signs, with `{}` where the values stand."""

    template: str
    values: tuple[Value, ...] = ()


class Sentence(NamedTuple):
    """Words, with `{}` where the values stand."""

    template: str
    values: tuple[Value, ...] = ()


class Equation(NamedTuple):
    """What `name` comes to: sides that are all equal, the result last. Without a name it is its step's."""

    sides: tuple[EquationSide, ...]
    name: str = ""


class Loop(NamedTuple):
    """A loop by name, its extent in the names of sizes, and with numbers put in."""

    name: str
    named: Size
    extent: Size


class LoopNest(NamedTuple):
    """Loops around one multiply–accumulate, outermost first."""

    loops: tuple[Loop, ...]


DerivationLine: TypeAlias = Sentence | Equation | LoopNest


class DerivationStep(NamedTuple):
    """One step of a derivation."""

    title: str
    lines: tuple[DerivationLine, ...]


class DerivationPart(NamedTuple):
    """The derivation of one thing: of a layer, of a total, of a ratio."""

    title: str
    steps: tuple[DerivationStep, ...]


class DesignDerivation(NamedTuple):
    """A design's report, and the parts that lead up to it."""

    report: Report
    parts: tuple[DerivationPart, ...]


@dataclass(frozen=True, repr=False)
class Explanation(PrintMethods):
    """Every design's derivation, and how the others compare with the first."""

    designs: tuple[DesignDerivation, ...]
    comparison: tuple[DerivationPart, ...] = ()

    @property
    def parts(self) -> tuple[DerivationPart, ...]:
        """All parts in the order of reading."""
        return (*(part for design in self.designs for part in design.parts), *self.comparison)


def lengths(row: Row) -> Iterator[Equation]:
    """How each spatial dimension of the output comes about."""
    formulas = row.layer.length_formulas(row.input)
    for formula, length in zip(formulas, row.output[len(row.output) - len(formulas) :], strict=True):
        name, template, values = formula
        yield Equation((EquationSide(template, values), number(length)), name)


def number(value: Value) -> EquationSide:
    """`value` alone."""
    return EquationSide("{}", (value,))


def product(values: tuple[Size, ...]) -> EquationSide:
    """The product of `values`."""
    return EquationSide("·".join(["{}"] * len(values)), values)


def sum_of_products(terms: tuple[tuple[Size, ...], ...]) -> EquationSide:
    """The sum of the products of each of `terms`."""
    sides = [product(term) for term in terms]
    template = " + ".join(side.template for side in sides)
    return EquationSide(template, tuple(value for side in sides for value in side.values))


def divided(numerator: Size, denominator: Size) -> Any:
    """numerator / denominator in lowest terms: an int or a formula where it is one, else a fraction."""
    result = quotient(numerator, denominator)
    if isinstance(result, Fraction):
        return int(result) if result.denominator == 1 else result
    from convcost.symbolic.sympy_text import lowest_terms

    return lowest_terms(result)


def without_rounding(size: Size, assumed: tuple[Assumption, ...]) -> Any:
    """`size`, with the divisions in it that are assumed to leave nothing."""
    if isinstance(size, int):
        return size
    from convcost.symbolic.bounds import without_exact_floors

    return without_exact_floors(size, assumed)


def factors(size: Size) -> tuple[Any, ...]:
    """What `size` is a product of, as far as names tell: a number is one factor."""
    if isinstance(size, int):
        return (size,)
    from convcost.symbolic import factorization as symbolic

    return symbolic.factors(size)


def names_in(size: Size) -> tuple[Any, ...]:
    """The factors of `size` that are no numbers."""
    return tuple(factor for factor in factors(size) if not isinstance(factor, int | Fraction))

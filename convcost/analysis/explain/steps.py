"""Steps of a derivation as data. Numbers and formulas are values that each output format writes."""

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
"""A size, fraction, formula, shape, Percentage, Factor, Multiple, EquationSide, or text."""


class Percentage(NamedTuple):
    """`part` of `whole`, in percent."""

    part: Size
    whole: Size


class Factor(NamedTuple):
    """A ratio: 6.00×."""

    value: Value


class Multiple(NamedTuple):
    """A ratio before a noun or "as many": L times."""

    value: Value


class EquationSide(NamedTuple):
    """One side of an equation: words and signs, with `{}` for values."""

    template: str
    values: tuple[Value, ...] = ()


class Sentence(NamedTuple):
    """A sentence with `{}` for values."""

    template: str
    values: tuple[Value, ...] = ()


class Equation(NamedTuple):
    """Equal sides, the result last, for the quantity `name`; without a name, for that of the step."""

    sides: tuple[EquationSide, ...]
    name: str = ""


class Loop(NamedTuple):
    """A loop, with its extent by names of sizes and by value."""

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
    """The derivation of a layer, a total, or a comparison."""

    title: str
    steps: tuple[DerivationStep, ...]


class DesignDerivation(NamedTuple):
    """A report of a design, and the parts of its derivation."""

    report: Report
    parts: tuple[DerivationPart, ...]


@dataclass(frozen=True, repr=False)
class Explanation(PrintMethods):
    """The derivations of all designs, and comparisons of the others with the first."""

    designs: tuple[DesignDerivation, ...]
    comparison: tuple[DerivationPart, ...] = ()

    @property
    def parts(self) -> tuple[DerivationPart, ...]:
        """All parts in order."""
        return (*(part for design in self.designs for part in design.parts), *self.comparison)


def lengths(row: Row) -> Iterator[Equation]:
    """The equation of each spatial dimension of the output."""
    formulas = row.layer.length_formulas(row.input)
    for formula, length in zip(formulas, row.output[len(row.output) - len(formulas) :], strict=True):
        name, template, values = formula
        yield Equation((EquationSide(template, values), number(length)), name)


def number(value: Value) -> EquationSide:
    """`value` as a side of an equation."""
    return EquationSide("{}", (value,))


def product(values: tuple[Size, ...]) -> EquationSide:
    """The product of `values`."""
    return EquationSide("·".join(["{}"] * len(values)), values)


def sum_of_products(terms: tuple[tuple[Size, ...], ...]) -> EquationSide:
    """The sum of the products of `terms`."""
    sides = [product(term) for term in terms]
    template = " + ".join(side.template for side in sides)
    return EquationSide(template, tuple(value for side in sides for value in side.values))


def divided(numerator: Size, denominator: Size) -> Any:
    """numerator / denominator in lowest terms: an int, a formula, or a fraction."""
    result = quotient(numerator, denominator)
    if isinstance(result, Fraction):
        return int(result) if result.denominator == 1 else result
    from convcost.symbolic.sympy_text import lowest_terms

    return lowest_terms(result)


def without_rounding(size: Size, assumed: tuple[Assumption, ...]) -> Any:
    """`size` with divisions that are assumed to be exact not rounded."""
    if isinstance(size, int):
        return size
    from convcost.symbolic.bounds import without_exact_floors

    return without_exact_floors(size, assumed)


def factors(size: Size) -> tuple[Any, ...]:
    """The factors of `size` by names; a number is one factor."""
    if isinstance(size, int):
        return (size,)
    from convcost.symbolic import factorization as symbolic

    return symbolic.factors(size)


def names_in(size: Size) -> tuple[Any, ...]:
    """The factors of `size` that are not numbers."""
    return tuple(factor for factor in factors(size) if not isinstance(factor, int | Fraction))

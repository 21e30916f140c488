"""What an explanation is made of. Numbers and formulas stay values; each format writes them its own way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from convcost.core.cost import Size
from convcost.core.report import Report

Value: TypeAlias = Any
"""A size, a fraction, a formula, a shape, a Share, a Factor, a Times, or a text that is taken as it is."""


class Share(NamedTuple):
    """`part` of `whole`, in per cent."""

    part: Size
    whole: Size


class Factor(NamedTuple):
    """How many times as much."""

    value: Value


class Times(NamedTuple):
    """How many times as much, before what there is as much of."""

    value: Value


class Side(NamedTuple):
    """One side of an equation: words and signs, with `{}` where the values stand."""

    template: str
    values: tuple[Value, ...] = ()


class Sentence(NamedTuple):
    """Words, with `{}` where the values stand."""

    template: str
    values: tuple[Value, ...] = ()


class Equation(NamedTuple):
    """What `name` comes to: sides that are all equal, the result last. Without a name it is its step's."""

    sides: tuple[Side, ...]
    name: str = ""


class Loop(NamedTuple):
    """A loop by name, its extent in the names of sizes, and with numbers put in."""

    name: str
    named: Size
    extent: Size


class Nest(NamedTuple):
    """Loops around one multiply–accumulate, outermost first."""

    loops: tuple[Loop, ...]


Line: TypeAlias = Sentence | Equation | Nest


class Step(NamedTuple):
    """One step of a derivation."""

    title: str
    lines: tuple[Line, ...]


class Part(NamedTuple):
    """The derivation of one thing: of a layer, of a total, of a ratio."""

    title: str
    steps: tuple[Step, ...]


class Design(NamedTuple):
    """A design's report, and the parts that lead up to it."""

    report: Report
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Explanation:
    """Every design's derivation, and how the others compare with the first."""

    designs: tuple[Design, ...]
    comparison: tuple[Part, ...] = ()

    @property
    def parts(self) -> tuple[Part, ...]:
        """All parts in the order of reading."""
        return (*(part for design in self.designs for part in design.parts), *self.comparison)


def number(value: Value) -> Side:
    """`value` alone."""
    return Side("{}", (value,))


def product(values: tuple[Size, ...]) -> Side:
    """The product of `values`."""
    return Side("·".join(["{}"] * len(values)), values)


def sum_of_products(terms: tuple[tuple[Size, ...], ...]) -> Side:
    """The sum of the products of each of `terms`."""
    sides = [product(term) for term in terms]
    template = " + ".join(side.template for side in sides)
    return Side(template, tuple(value for side in sides for value in side.values))
